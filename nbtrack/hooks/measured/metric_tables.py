"""What metric functions return besides numbers: matrices, curves and reports, kept as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.plain_values import plain

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

FOLDER = "metrics"
MOST_ROWS = 2000
MOST_LABELS = 100  # columns of a matrix; of a larger one the cells that are not 0 are kept
MOST_LOOKED_AT = 50_000  # rows of y, for the labels in it

# Names of the parts of a result.
PARTS: dict[str, tuple[str, ...]] = {
    "class_likelihood_ratios": ("positive_ratio", "negative_ratio"),
    "confusion_matrix_at_thresholds": ("tn", "fp", "fn", "tp", "threshold"),
    "det_curve": ("fpr", "fnr", "threshold"),
    "homogeneity_completeness_v_measure": ("homogeneity", "completeness", "v_measure"),
    "metric_at_thresholds": ("value", "threshold"),
    "precision_recall_curve": ("precision", "recall", "threshold"),
    "precision_recall_fscore_support": ("precision", "recall", "fscore", "support"),
    "roc_curve": ("fpr", "tpr", "threshold"),
}
_CURVES = ("_curve", "_at_thresholds")


class Table(NamedTuple):
    content: Mapping[str, Any] | str  # columns by name, or a text
    remark: str = ""  # what was left out


def is_curve(metric: str) -> bool:
    return metric.endswith(_CURVES)


def table_of(metric: str, result: Any, given: Mapping[str, Any]) -> Table | None:
    """A copy of *result*, which *given* (arguments by name) led to; None if it is no table."""
    if isinstance(result, str):
        return Table(result)
    if isinstance(result, Mapping):
        return Table(_columns_of_report(result))
    if isinstance(result, tuple):
        return _table_of_parts(metric, result, given)
    match len(getattr(result, "shape", ())):
        case 1:
            return _table_of_parts(metric, (result,), given)
        case 2:
            return _matrix(result, given)
        case 3:
            return _table_of_matrices(result, given)
    return None


def write_table(run: ActiveRun, key: str, table: Table) -> None:
    path = f"{FOLDER}/{key.replace(':', '-').replace('/', '_')}"
    if isinstance(table.content, str):
        run.log_text(table.content, f"{path}.txt")
    else:
        run.log_table(table.content, f"{path}.json")


def _columns_of_report(report: Mapping[str, Any]) -> dict[str, list[Any]]:
    """A row for each label; a bare number, as the accuracy in a report, stands under "value"."""
    rows = {
        plain(name): values if isinstance(values, Mapping) else {"value": values}
        for name, values in report.items()
    }
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    columns: dict[str, list[Any]] = {"label": list(rows)}
    for name in names:
        columns[str(name)] = [plain(values.get(name)) for values in rows.values()]
    return columns


def _table_of_parts(metric: str, parts: Sequence[Any], given: Mapping[str, Any]) -> Table | None:
    names = PARTS.get(metric, (metric,)) if len(parts) > 1 else (metric,)
    if len(names) != len(parts):
        names = tuple(f"{metric}_{number}" for number in range(len(parts)))
    length = max((len(part) for part in parts if _is_list(part)), default=0)
    if length == 0:
        return Table({name: [plain(part)] for name, part in zip(names, parts)})
    places = _places(length)
    columns = {} if is_curve(metric) else _first_column(metric, length, given, places)
    for name, part in zip(names, parts):
        columns[name] = [_at(part, place) for place in places]
    return Table(columns, _remark(len(places), length))


def _is_list(part: Any) -> bool:
    return isinstance(part, list) or bool(getattr(part, "shape", ()))


def _at(part: Any, place: int) -> Any:
    # A curve has one threshold fewer than points, or one more.
    if not _is_list(part):
        return plain(part)
    return plain(part[place]) if place < len(part) else None


def _places(length: int) -> list[int]:
    if length <= MOST_ROWS:
        return list(range(length))
    return [i * (length - 1) // (MOST_ROWS - 1) for i in range(MOST_ROWS)]


def _remark(kept: int, total: int) -> str:
    return "" if kept == total else f"  # {kept} of {total} rows kept"


def _first_column(
    metric: str, length: int, given: Mapping[str, Any], places: list[int]
) -> dict[str, Any]:
    if metric.endswith("_samples"):
        return {"row": places}
    if "multioutput" in given:
        return {"output": places}
    labels = _labels(given, length)
    return {"label": [labels[place] for place in places]}


def _matrix(result: Any, given: Mapping[str, Any]) -> Table:
    labels = _labels(given, len(result))
    if result.shape[1] > MOST_LABELS or result.shape[0] != result.shape[1]:
        return _cells_that_count(result, labels)
    columns = {"true": labels}
    columns |= {f"predicted {name}": result[:, i].tolist() for i, name in enumerate(labels)}
    return Table(columns)


def _cells_that_count(result: Any, labels: list[Any]) -> Table:
    import numpy as np

    rows, columns = np.nonzero(result)
    values = result[rows, columns]
    largest = np.argsort(-values, kind="stable")[:MOST_ROWS]
    names = dict(enumerate(labels))
    return Table(
        {
            "true": [names.get(i, i) for i in rows[largest].tolist()],
            "predicted": [names.get(i, i) for i in columns[largest].tolist()],
            "value": values[largest].tolist(),
        },
        _remark(len(largest), len(values)),
    )


def _table_of_matrices(result: Any, given: Mapping[str, Any]) -> Table:
    """Two by two for each label: multilabel_confusion_matrix."""
    places = _places(len(result))
    labels = _labels(given, len(result))
    cells = result.reshape(len(result), -1)[places]
    names = ("tn", "fp", "fn", "tp")
    columns = {name: cells[:, i].tolist() for i, name in enumerate(names[: cells.shape[1]])}
    return Table(
        {"label": [labels[place] for place in places], **columns},
        _remark(len(places), len(result)),
    )


def _labels(given: Mapping[str, Any], count: int) -> list[Any]:
    """The classes in the order of the result; their numbers if they cannot be told."""
    found = given.get("labels")
    if found is None:
        found = _labels_in(given.get("y_true"), given.get("y_pred"))
    found = [] if found is None else plain(list(found))
    return found if len(found) == count else list(range(count))


def _labels_in(*columns: Any) -> Any:
    import numpy as np

    if any(column is None or len(column) > MOST_LOOKED_AT for column in columns):
        return None
    arrays = [np.asarray(column) for column in columns]
    if any(array.squeeze().ndim != 1 for array in arrays):
        return None
    return sorted({label for array in arrays for label in array.ravel().tolist()})
