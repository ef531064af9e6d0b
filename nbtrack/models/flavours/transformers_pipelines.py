"""What a pipeline of transformers makes of texts, as the model behind `mlflow.pyfunc` has it.

| task                             | answer                                        |
|----------------------------------|-----------------------------------------------|
| text-classification              | a frame with a label and a score for each     |
| text-generation                  | the texts, each with what it goes on from     |
| fill-mask                        | the words that fit best                       |
| token-classification             | the entities of each text, by commas          |
| feature-extraction               | the numbers of the first text                 |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.flavours.pytorch import evaluating

_PAIR = {"text", "text_pair"}


class PipelinePredictor:
    """*model_config* is what the pipeline is called with, beside what `predict` is told."""

    def __init__(self, pipeline: Any, *, model_config: Mapping[str, Any] | None = None) -> None:
        self._pipeline, self._config = pipeline, dict(model_config or {})

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        made = TASKS.get(self._pipeline.task)
        if made is None:
            raise InvalidValue(f"nbtrack predicts nothing by {self._pipeline.task!r} pipelines.")
        texts = _texts_in(data)
        with evaluating(self._pipeline.model):
            answers = self._pipeline(texts, **{**self._config, **(params or {})})
        return made(answers)

    def raw_model(self) -> Any:
        return self._pipeline


def _texts_in(data: Any) -> Any:
    """A list of texts, or of dicts of a text and its pair. Raises InvalidValue."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, Mapping):
        columns = {key: [v] if isinstance(v, str) else list(v) for key, v in data.items()}
        return _rows([dict(zip(columns, values)) for values in zip(*columns.values())])
    if hasattr(data, "to_dict") and hasattr(data, "columns"):
        return _rows(data.to_dict(orient="records"))
    found = data.ravel().tolist() if hasattr(data, "ravel") else list(data)
    if all(isinstance(each, Mapping) for each in found):
        return _rows(found)
    if not all(isinstance(each, str) for each in found):
        raise InvalidValue("Models of texts take texts: a str, a list, a dict or a frame of them.")
    return found


def _rows(rows: list[Any]) -> list[Any]:
    """Of one column its texts; two are a text and its pair."""
    if all(set(row) == _PAIR for row in rows):
        return rows
    if any(len(row) != 1 for row in rows):
        raise InvalidValue("Give one column of texts, or the two columns 'text' and 'text_pair'.")
    return [next(iter(row.values())) for row in rows]


def _frame(answers: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(answers)


def _generated(answers: Any) -> list[str]:
    return [each["generated_text"].strip() for each in _flat(answers)]


def _filled(answers: Any) -> list[str]:
    """The best one for each text."""
    best = (each[0] if isinstance(each, list) else each for each in _per_text(answers))
    return [each["token_str"].strip() for each in best]


def _entities(answers: Any) -> list[str]:
    return [
        ",".join(str(found.get("entity_group") or found.get("entity")) for found in each)
        for each in _per_text(answers)
    ]


def _features(answers: Any) -> Any:
    import numpy as np

    return np.array(answers[0][0])


def _per_text(answers: Any) -> list[Any]:
    """Of a single text a pipeline may answer without a list around it."""
    is_single = bool(answers) and isinstance(answers[0], Mapping)
    return [answers] if is_single else list(answers)


def _flat(answers: Any) -> Iterator[Any]:
    for each in answers:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each


TASKS: Mapping[str, Callable[[Any], Any]] = {
    "text-classification": _frame,
    "text-generation": _generated,
    "fill-mask": _filled,
    "token-classification": _entities,
    "feature-extraction": _features,
}
