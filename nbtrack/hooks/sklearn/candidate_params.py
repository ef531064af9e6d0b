"""What params a candidate of a search was fitted with, and their texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.hooks.training.param_texts import param_text

MOST_SHOWN = 24  # characters of one value in a run's name


def params_around(untuned: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The params of a candidate besides the *chosen* ones; *untuned* are the search's own.

    A chosen estimator brings its params in place of those of the one it replaces. What would show
    a part untuned that was not (`steps`, when `clf__C` was chosen) is left out.
    """
    around = _kept(untuned, chosen, source="")
    for key, value in chosen.items():
        if is_estimator(value):
            own = value.get_params(deep=True)
            prefixed = {f"{key}__{name}": part for name, part in own.items()}
            around |= _kept(prefixed, chosen, source=key)
    return around


def _kept(params: Mapping[str, Any], chosen: Mapping[str, Any], *, source: str) -> dict[str, Any]:
    return {
        key: value
        for key, value in params.items()
        if key not in chosen
        and _replaced_by(key, chosen) == source
        and not any(each.startswith(f"{key}__") for each in chosen)
        and not _lists_a_chosen_part(key, value, chosen)
    }


def _replaced_by(key: str, chosen: Mapping[str, Any]) -> str:
    """The nearest chosen estimator that *key* is a param of, "" if it is none's."""
    above = key.rpartition("__")[0]
    while above and above not in chosen:
        above = above.rpartition("__")[0]
    return above


def _lists_a_chosen_part(key: str, value: Any, chosen: Mapping[str, Any]) -> bool:
    """Whether *value* is a list as `steps` and `transformers` are, with a chosen part in it."""
    if not isinstance(value, list | tuple):
        return False
    prefix = key[: key.rfind("__") + 2] if "__" in key else ""
    names = [f"{prefix}{part[0]}" for part in value if isinstance(part, list | tuple) and part]
    return any(each == name or each.startswith(f"{name}__") for name in names for each in chosen)


def is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


class ParamTexts:
    """Params as texts; what is dear to turn into one (an estimator) is so only once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, str]] = {}  # the value too, or its id could be another's

    def of(self, value: Any) -> str:
        if type(value) in (float, int, str):
            return param_text(value)
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, param_text(value))
        return known[1]


def candidate_name(chosen: Mapping[str, Any], texts: ParamTexts) -> str:
    """`C=10 kernel=rbf`: the params by the shortest names that tell them apart."""
    return " ".join(
        f"{name}={_shown(value, texts)}"
        for name, value in zip(_short_names(chosen), chosen.values())
    )


def _short_names(keys: Iterable[str]) -> list[str]:
    last = [key.rpartition("__")[2] for key in keys]
    return [short if last.count(short) == 1 else key for short, key in zip(last, keys)]


def _shown(value: Any, texts: ParamTexts) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if is_estimator(value):
        return type(value).__name__
    text = " ".join(texts.of(value).split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
