"""Data for a model whose type hints say what it takes: checked, and made into objects of them."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_origin

from nbtrack.errors import InputMismatch
from nbtrack.models.kinds import is_a
from nbtrack.models.type_hints import PLAIN, UNIONS, is_list, is_pydantic


def as_hinted(data: Any, hint: Any) -> Any:
    """*data* as *hint* has it: dicts become models of pydantic, a frame a list of its rows.

    Raises InputMismatch.
    """
    return _checked(_rows_of(data, hint), hint, "the data")


def _rows_of(data: Any, hint: Any) -> Any:
    if is_a(data, "pandas", "Series"):
        data = data.to_frame()
    if not is_list(hint) or not is_a(data, "pandas", "DataFrame"):
        return data
    (item,) = get_args(hint)
    if (is_pydantic(item) or get_origin(item) is dict) and not _holds_rows(data, item):
        return data.to_dict(orient="records")
    return [_plain(value) for value in data.iloc[:, 0].tolist()]


def _holds_rows(data: Any, item: Any) -> bool:
    """Whether each row is the one value in it, and not its columns by name."""
    if len(data.columns) != 1:
        return False
    is_named = isinstance(data.columns[0], str)
    are_dicts = get_origin(item) is dict and all(isinstance(v, dict) for v in data.iloc[:, 0])
    return not is_named or are_dicts


def _plain(value: Any) -> Any:
    return value.tolist() if is_a(value, "numpy", "ndarray") else value


def _checked(data: Any, hint: Any, where: str) -> Any:
    if hint is Any:
        return data
    if is_pydantic(hint):
        return _as_pydantic(data, hint, where)
    if get_origin(hint) in UNIONS:
        return _of_union(data, hint, where)
    if get_origin(hint) is list:
        _check_kind(data, list, where)
        (item,) = get_args(hint)
        return [_checked(each, item, f"{where}[{i}]") for i, each in enumerate(data)]
    if get_origin(hint) is dict:
        _check_kind(data, dict, where)
        item = get_args(hint)[1]
        return {_key(k, where): _checked(v, item, f"{where}[{k!r}]") for k, v in data.items()}
    if hint in PLAIN:
        _check_kind(data, hint, where)
    return data


def _of_union(data: Any, hint: Any, where: str) -> Any:
    """Of several types nothing is checked, as in MLflow."""
    others = [each for each in get_args(hint) if each is not NoneType]
    is_absent = data is None and len(others) < len(get_args(hint))
    return data if is_absent or len(others) > 1 else _checked(data, others[0], where)


def _as_pydantic(data: Any, hint: Any, where: str) -> Any:
    if isinstance(data, hint):
        return data
    from pydantic import ValidationError

    plain = data.model_dump() if hasattr(data, "model_dump") else data
    _check_kind(plain, dict, where)
    try:
        # Strict: "123" is no number.
        hint.model_validate(plain, strict=True)
    except ValidationError as exc:
        raise InputMismatch(f"Type hints: {where} is no {hint.__name__}: {exc}") from exc
    # An object of another class with the same fields may be what a file of the model calls so.
    return hint(**plain) if plain is data else data


def _check_kind(data: Any, kind: type, where: str) -> None:
    if not isinstance(data, kind):
        raise InputMismatch(
            f"Type hints: {where} is {data!r}. Expected {kind.__name__}, "
            f"but got {type(data).__name__}."
        )


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise InputMismatch(f"Type hints: {where} has the key {key!r}, which is no text.")
    return key
