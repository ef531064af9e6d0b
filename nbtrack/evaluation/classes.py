"""Which classes there are, and which column of probabilities is whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nbtrack.errors import InvalidValue

_MOST_OF_FRACTIONS = 100  # classes such as 0.5: more of them are measurements
_MOST_UNKNOWN = 100  # classes that are predicted, and that nothing else knows
_ROUNDING = 1e-5  # a softmax of 32 bits may end beside 0 or 1


def labels_of(y: Any, predicted: Any, classes: Any, config: Mapping[str, Any]) -> Any:
    """In order: those of label_list; else what is there, and the *classes* that a model names, or
    None. Raises InvalidValue, also before each number becomes a class."""
    kinds = {"The targets": _kind(y, "targets"), "the predictions": _kind(predicted, "predictions")}
    if len(set(kinds.values())) > 1:
        told = ", and ".join(f"{name} are {kind}" for name, kind in kinds.items())
        raise InvalidValue(f"{told}: give both as the same, such as the names of the classes.")
    true, said = np.unique(y), np.unique(predicted)
    given = config.get("label_list")
    named = classes if given is None else np.unique(np.asarray(given))
    known = true if named is None or _kind_of(named) != kinds["The targets"] else named
    _check_classes(true, said, np.union1d(true, known))
    there = np.union1d(true, said)
    labels = np.union1d(there, known) if given is None else named
    if len(labels) < 2:
        raise InvalidValue(
            f"There is only the class {there.tolist()!r:.80}. Name all classes: "
            "evaluator_config={'label_list': [0, 1]}."
        )
    if unknown := np.setdiff1d(there, labels).tolist():
        raise InvalidValue(f"{unknown!r:.80} is not in label_list, and among the data.")
    return labels


def place_of(label: Any, labels: Any) -> int:
    """Of pos_label among *labels*; without one, the last. Raises InvalidValue."""
    if label is None:
        return len(labels) - 1
    there = labels.tolist()
    if label not in there:
        raise InvalidValue(f"pos_label is {label!r:.80}; it is one of {there!r:.200}.")
    return int(there.index(label))


def columns_of(shares: Any, labels: Any, classes: Any, predicted_places: Any, given: Any) -> Any:
    """*shares* as (rows, labels in their order): by the names of its columns, *classes*, if the
    model has them. *given* is label_list or None. Raises InvalidValue for what does not fit."""
    shares = np.asarray(shares)
    count = shares.shape[1] if shares.ndim == 2 else 0
    _check_shares(shares)
    if classes is not None and len(classes) == count:
        return _by_name(shares, labels, list(np.asarray(classes).tolist()))
    if count != len(labels):
        raise InvalidValue(
            f"The model gives probabilities of {count} classes, and there are "
            f"{len(labels)}: say which, evaluator_config={{'label_list': […]}}."
        )
    fits = shares.argmax(axis=1) == predicted_places
    if given is None and count > 2 and fits.mean() < 0.5:
        raise InvalidValue(
            f"The columns of probabilities do not fit the predictions, if they are of "
            f"{labels.tolist()!r:.200}. Name the classes in the order of the columns: "
            "evaluator_config={'label_list': […]}."
        )
    return shares


def _check_shares(shares: Any) -> None:
    if shares.min(initial=0) >= -_ROUNDING and shares.max(initial=1) <= 1 + _ROUNDING:
        return  # which NaN is not
    off = ~((shares >= -_ROUNDING) & (shares <= 1 + _ROUNDING)).reshape(len(shares), -1).all(axis=1)
    count, first = int(off.sum()), int(off.argmax())
    raise InvalidValue(
        f"{count:,} of {len(shares):,} rows have probabilities that are NaN or not within 0 to 1, "
        f"row {first} {shares[first].tolist()!r:.80}. Leave them out, or evaluate a model whose "
        "predict_proba gives probabilities."
    )


def _by_name(shares: Any, labels: Any, classes: list[Any]) -> Any:
    if labels.tolist() == classes:
        return shares  # as they are: a copy of all takes as long as to count them
    if unknown := [label for label in labels.tolist() if label not in classes]:
        raise InvalidValue(
            f"The data has the classes {unknown!r:.80}, of which the model gives no probability: "
            f"it knows {classes!r:.200}. Leave those rows out, or give a model that knows all."
        )
    return shares[:, [classes.index(label) for label in labels.tolist()]]


def _check_classes(true: Any, said: Any, known: Any) -> None:
    if _has_fractions(true) and len(true) > _MOST_OF_FRACTIONS:
        raise InvalidValue(
            f"The targets are {len(true):,} different numbers such as {true[0]:.3g}; what predicts "
            "them is a regressor: model_type='regressor'."
        )
    unknown = np.setdiff1d(said, known)
    if _has_fractions(unknown) or len(unknown) > _MOST_UNKNOWN + len(known):
        one = unknown.tolist()[0]
        raise InvalidValue(
            f"Predictions such as {one!r:.40} are no classes that the targets have. Give the class "
            "of each row, of probabilities the likeliest (p > 0.5, or argmax); of what predicts "
            "numbers, model_type='regressor'."
        )


def _has_fractions(labels: Any) -> bool:
    return labels.dtype.kind == "f" and bool((labels % 1 != 0).any())


def _kind(values: Any, name: str) -> str:
    import pandas as pd

    if missing := int(np.sum(pd.isna(values))):
        rows = "1 row has" if missing == 1 else f"{missing:,} rows have"
        raise InvalidValue(f"Of the {name}, {rows} no class, but None or NaN: leave those out.")
    kind = _kind_of(values)
    if kind is None:
        raise InvalidValue(f"The {name} are text and numbers, mixed; give all as text.")
    return kind


def _kind_of(values: Any) -> str | None:
    """None if there are both."""
    found = np.asarray(values)
    if found.dtype.kind != "O":
        return "text" if found.dtype.kind in "US" else "numbers"
    is_text = {isinstance(each, str) for each in found.ravel()}
    return None if len(is_text) > 1 else "text" if is_text == {True} else "numbers"
