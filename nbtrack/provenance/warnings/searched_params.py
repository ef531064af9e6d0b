"""What a search over parameters fits: not the estimator it was given, but that with the parameters
of each candidate, or with other estimators in the place of its own."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

from nbtrack.provenance.executions.array_stamps import is_array, plain_view
from nbtrack.provenance.executions.safe_access import (
    bases_of,
    class_dict,
    dict_slot,
    in_class,
    is_a,
)

_MOST_CANDIDATES = 1_000  # of one part, in those parameters that matter
_SEPARATOR = "__"


class Unknown:
    """Stands for a part of which nobody knows what it will be: it may draw."""

    random_state = None


_UNKNOWN: Mapping[str, Any] = {"random_state": Unknown()}


def fitted_parts(estimator: Any, asked: Collection[str]) -> Iterator[Any]:
    """*estimator* and all that it is made of, as they are fitted; only parameters that are *asked*
    for are told apart."""
    parts = {"": estimator, **estimator.get_params(deep=True)}
    grids = [(path, grid) for path, part in parts.items() for grid in _grids(part)]
    if not grids:
        yield from parts.values()
    for path, grid in grids:
        varied = _varied(parts, _joined(path, "estimator"), grid, asked)
        yield from (part for name, part in parts.items() if name not in varied)
        yield from chain.from_iterable(varied.values())


def own_value(part: object, name: str, missing: object = None) -> Any:
    """As it stands in *part* or its class. A parameter may be anything of the user's: to ask it
    for an attribute may run his code."""
    slot = dict_slot(type(part))
    own = {} if slot is None else slot.__get__(part)
    return own[name] if name in own else _in_class(type(part), name, missing)


def _in_class(kind: type, name: str, missing: object) -> object:
    return next((d[name] for base in bases_of(kind) if name in (d := class_dict(base))), missing)


def _is_estimator(part: object) -> bool:
    return in_class(type(part), "get_params") is not None


def _grids(part: object) -> list[Mapping[str, Any]]:
    """Of a search; of a kind that is not known, one of which nobody knows what it varies."""
    if not _is_estimator(part):
        return []
    found = own_value(part, "param_grid")
    found = own_value(part, "param_distributions") if found is None else found
    several = found if type(found) in (list, tuple) else [] if found is None else [found]
    return [dict(dict.items(each)) if is_a(each, dict) else _UNKNOWN for each in several]


def _varied(
    parts: Mapping[str, Any], inner: str, grid: Mapping[str, Any], asked: Collection[str]
) -> dict[str, Iterable[Any]]:
    """By the paths of parts, what is fitted in their places."""
    found: dict[str, Iterable[Any]] = {}
    chosen: dict[str, dict[str, list[Any] | None]] = {}
    for key, given in grid.items():
        path = _joined(inner, key)
        values = _values(given)
        others = [each for each in values or () if _is_estimator(each)]
        if others:
            found[path] = [part for each in others for part in fitted_parts(each, asked)]
        owner, _, name = path.rpartition(_SEPARATOR)
        if name in asked:
            chosen.setdefault(owner, {})[name] = values
    return found | {
        owner: _candidates(parts.get(owner, Unknown()), choices)
        for owner, choices in chosen.items()
    }


def _values(given: object) -> list[Any] | None:
    """None of a distribution, and of what only code of the user's can tell."""
    if is_array(given):
        return list(plain_view(given))
    return list(given) if type(given) in (list, tuple, range) else None  # type: ignore[call-overload] # as asked


def _candidates(part: Any, choices: Mapping[str, list[Any] | None]) -> Iterator[Any]:
    if any(values is None for values in choices.values()):  # drawn from a distribution
        yield Unknown()
        return
    combined = product(*(values or () for values in choices.values()))
    for values in islice(combined, _MOST_CANDIDATES):
        candidate = copy.copy(part)
        for name, value in zip(choices, values):
            setattr(candidate, name, value)
        yield candidate
    if next(combined, None) is not None:
        yield Unknown()


def _joined(*parts: str) -> str:
    return _SEPARATOR.join(part for part in parts if part)
