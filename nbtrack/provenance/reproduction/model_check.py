"""Whether two models say the same of the example that was recorded with the first one.

Called in the kernel that made the second one: there is the environment that both need.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from nbtrack.errors import NbtrackError
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.loading import get_model_info, load_pyfunc


def compared_predictions(pairs: Sequence[tuple[str, str]]) -> str:
    """JSON of what came of each pair of model URIs, the recorded one first."""
    return json.dumps([_compared(*pair) for pair in pairs])


def _compared(recorded: str, now: str) -> dict[str, Any]:
    """*by*: how far apart the predictions are at most, null where no example was recorded;
    *problem*: why nobody can tell."""
    try:
        info = get_model_info(recorded)
        if info.saved_input_example_info is None:
            return {"by": None}
        old, new = (load_pyfunc(uri, LoadOptions(is_quiet=True)) for uri in (recorded, now))
        example = old.input_example
        return {"by": _distance(_flat(old.predict(example)), _flat(new.predict(example)))}
    except (NbtrackError, OSError, ValueError, TypeError) as exc:
        return {"problem": f"{type(exc).__name__}: {exc}".splitlines()[0]}


def _distance(old: list[Any], new: list[Any]) -> float:
    if len(old) != len(new):
        return math.inf
    return max((_apart(*pair) for pair in zip(old, new)), default=0.0)


def _apart(old: Any, new: Any) -> float:
    if isinstance(old, float | int) and isinstance(new, float | int):
        if old == new or (old != old and new != new):  # NaN is what NaN was
            return 0.0
        return abs(new - old) / max(1.0, abs(old)) if math.isfinite(new - old) else math.inf
    return 0.0 if old == new else math.inf


def _flat(values: Any) -> list[Any]:
    """Numbers and texts of arrays, frames, lists and dicts, in order."""
    plain = getattr(values, "values", values) if hasattr(values, "columns") else values
    return list(_leaves(plain.tolist() if hasattr(plain, "tolist") else plain))


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, list | tuple):
        for each in values:
            yield from _leaves(each)
    else:
        yield values.item() if hasattr(values, "item") else values
