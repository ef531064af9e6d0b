"""`nbtrack.evaluate`: how good a model is, measured, drawn and recorded in one call."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.evaluation.classifier import Classified, evaluate_classifier
from nbtrack.evaluation.inputs import Given, Model, given_data, given_model
from nbtrack.evaluation.metrics import EvaluationMetric, Facts, MetricValue
from nbtrack.evaluation.regression import regression_scores
from nbtrack.evaluation.results import EvaluationArtifact, EvaluationResult
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.session import current_session

_KINDS = ("classifier", "regressor")


def evaluate(
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    feature_names: Sequence[str] | None = None,
    extra_metrics: Sequence[EvaluationMetric] | None = None,
    evaluator_config: Mapping[str, Any] | None = None,
) -> EvaluationResult:
    """Measure *model* on *data*, and log metrics, a table by class and pictures to the active run,
    or to a new one; names of them are MLflow's.

    *model* is a URI, a loaded model, an estimator or a function of the features; without one,
    *predictions* names the column that has them. *data* is a DataFrame whose column *targets*
    says what is true, an array with *targets* beside it, or a dataset. *model_type* is
    "classifier" or "regressor". *evaluator_config*: `label_list`, `pos_label`, `average`,
    `sample_weights`, `metric_prefix`, `max_classes_for_multiclass_roc_pr`, `log_plots`, and what
    metrics of your own ask for. Raises InvalidValue.
    """
    if model_type not in _KINDS:
        raise InvalidValue(f"model_type is {model_type!r}; it is one of {', '.join(_KINDS)}.")
    config = dict(evaluator_config or {})
    given = given_data(data, targets, predictions, feature_names)
    asked = None if model is None else given_model(model)
    predicted = _for_each_row(_predictions(given, asked), given, "predictions")
    if (weights := config.get("sample_weights")) is not None:
        _check_weights(_for_each_row(weights, given, "sample_weights"))
    found = _measured(model_type, given, asked, predicted, config)
    found.metrics |= _own_metrics(extra_metrics or (), given, predicted, found.metrics, config)
    prefix = str(config.get("metric_prefix") or "")
    found.metrics = {f"{prefix}{name}": value for name, value in found.metrics.items()}
    session = current_session()
    if (run := session.active_run()) is not None:
        return _recorded(run, found, config)
    with session.start_run() as run:
        return _recorded(run, found, config)


def _predictions(given: Given, model: Model | None) -> Any:
    if model is not None:
        return model.predict(given.features)
    if given.predictions is None:
        raise InvalidValue("Give a model, or the column that has its predictions: predictions=.")
    return given.predictions


def _for_each_row(values: Any, given: Given, name: str) -> Any:
    """Of shape (rows,). Raises InvalidValue: numpy would spread one over all rows."""
    import numpy as np

    found, rows = np.asarray(values).ravel(), len(given.features)
    if len(found) != rows:
        are = f"is 1 of {name}" if len(found) == 1 else f"are {len(found):,} {name}"
        raise InvalidValue(
            f"There {are} for {rows:,} rows; give one for each: a number, or "
            "the class that is the likeliest."
        )
    return found


def _check_weights(weights: Any) -> None:
    if len(weights) and not weights.any():
        raise InvalidValue("All sample_weights are 0, so no row counts; give some that are not.")


def _measured(
    kind: str, given: Given, model: Model | None, predicted: Any, config: Mapping[str, Any]
) -> Classified:
    import numpy as np

    weights = config.get("sample_weights")
    if kind == "regressor":
        each = None if weights is None else np.asarray(weights, dtype=float)
        truth = np.asarray(given.targets, dtype=float)
        found = Classified(metrics=regression_scores(truth, predicted, each))
        own = found.metrics["r2_score"]
    else:
        shares = None if model is None else model.shares(given.features)
        classes = None if model is None else model.classes
        found = evaluate_classifier(given.targets, predicted, shares, config, classes=classes)
        own = found.metrics["accuracy_score"]
    if model is not None and model.is_of_sklearn:
        score = own if _scores_as_usual(model.raw) else _asked(model, given, weights)
        found.metrics = {"score": float(score), **found.metrics}
    return found


def _scores_as_usual(estimator: Any) -> bool:
    """Its score is accuracy or R²: it need not predict a second time."""
    return type(estimator).score.__qualname__ in ("ClassifierMixin.score", "RegressorMixin.score")


def _asked(model: Model, given: Given, weights: Any) -> float:
    more = {} if weights is None else {"sample_weight": weights}
    return float(model.raw.score(given.features, given.targets, **more))


def _own_metrics(
    metrics: Sequence[EvaluationMetric], given: Given, predicted: Any, known: Mapping[str, float],
    config: Mapping[str, Any],
) -> dict[str, float]:  # fmt: skip
    import numpy as np
    import pandas as pd

    found: dict[str, float] = {}
    for metric in metrics:
        values = {**known, **found}
        shown = {k: MetricValue(aggregate_results={k: v}) for k, v in values.items()}
        columns = {name: given.features[name] for name in given.features.columns}
        facts = Facts(
            predictions=pd.Series(predicted),
            targets=pd.Series(np.asarray(given.targets)),
            known={**columns, **config, "metrics": shown},
        )
        found |= metric.values(facts)
    return found


# --- what is kept of it


def _recorded(run: ActiveRun, found: Classified, config: Mapping[str, Any]) -> EvaluationResult:
    run.log_metrics({name: float(value) for name, value in found.metrics.items()})
    files = {}
    if config.get("log_plots", True):
        files = {f"{name}.png": draw() for name, draw in found.pictures.items()}
    if found.table:
        files["per_class_metrics.csv"] = _csv(found.table)
    artifacts = {}
    for path, content in files.items():
        run.log_bytes(content, path)
        uri = f"{run.artifact_uri}/{path}"
        artifacts[Path(path).stem] = EvaluationArtifact(uri, run.artifacts.download(path))
    return EvaluationResult(found.metrics, artifacts, run.run_id)


def _csv(table: Mapping[str, Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values()))
    return text.getvalue().encode()
