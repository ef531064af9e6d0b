"""What a value is, without importing the library that it is of."""

from __future__ import annotations

from typing import Any

from nbtrack.base.imported import imported


def is_a(value: Any, library: str, name: str) -> bool:
    """Whether *value* is an instance of the library's class."""
    kind = imported(library, name)
    return kind is not None and isinstance(value, kind)


def is_sparse(value: Any) -> bool:
    issparse = imported("scipy.sparse", "issparse")
    return issparse is not None and bool(issparse(value))


def is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def plain_label(label: Any) -> Any:
    """The label of a column as JSON can hold it: numpy's numbers are not."""
    label = label.item() if hasattr(label, "item") else label
    return label if isinstance(label, str | int | tuple) else str(label)
