"""What a search over parameters fits: not the estimator it was given, but that with the parameters
of each candidate, or with other estimators in the place of its own."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice, product
from typing import Any

_MOST_CANDIDATES = 1_000  # of one part, in those parameters that matter
_SEPARATOR = "__"


class Unknown:
    """Stands for a part of which nobody knows what it will be: it may draw."""

    random_state = None


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


def _grids(part: Any) -> list[Mapping[str, Any]]:
    found = getattr(part, "param_grid", None) or getattr(part, "param_distributions", None)
    several = found if isinstance(found, list | tuple) else [found]
    return [each for each in several if isinstance(each, Mapping)]


def _varied(
    parts: Mapping[str, Any], inner: str, grid: Mapping[str, Any], asked: Collection[str]
) -> dict[str, Iterable[Any]]:
    """By the paths of parts, what is fitted in their places."""
    found: dict[str, Iterable[Any]] = {}
    chosen: dict[str, dict[str, list[Any] | None]] = {}
    for key, given in grid.items():
        path = _joined(inner, key)
        values = list(given) if hasattr(given, "__len__") else None
        others = [each for each in values or () if hasattr(each, "get_params")]
        if others:
            found[path] = [part for each in others for part in fitted_parts(each, asked)]
        owner, _, name = path.rpartition(_SEPARATOR)
        if name in asked:
            chosen.setdefault(owner, {})[name] = values
    return found | {
        owner: _candidates(parts.get(owner, Unknown()), choices)
        for owner, choices in chosen.items()
    }


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
