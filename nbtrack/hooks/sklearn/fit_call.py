"""`FitCall`: one call of `fit` that has come back, as the recording steps see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from nbtrack.lines import now_us


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True, eq=False)
class FitCall:
    estimator: Any  # fitted
    X: Any
    y: Any  # as given, None when not given
    sample_weight: Any
    X_name: str | None  # source text of the argument at the call, "X_train"; None when unknown
    y_name: str | None
    result: Any  # what the call returned (fit_predict: labels)
    method: str  # "fit", "fit_predict", "fit_transform"
    seconds: float
    ended_us: int = field(default_factory=now_us)  # when it was over


class Argument(NamedTuple):
    """*keyword* is what `fit` calls it; *position* is None when it was given by keyword."""

    value: Any
    keyword: str
    position: int | None = None


NOT_GIVEN = Argument(None, "")


class FitArguments(NamedTuple):
    X: Argument
    y: Argument
    sample_weight: Argument


def read_arguments(
    original: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> FitArguments:
    """*original* is the unbound method that was called with *args* after the instance.

    What comes first is X and what comes second is y, however `fit` names them.
    """
    names = _argument_names(original)
    given = {name: Argument(value, name) for name, value in kwargs.items()}
    given |= {name: Argument(args[i], name, i) for i, name in enumerate(names[: len(args)])}
    X_name = names[0] if names else "X"
    y_name = names[1] if len(names) > 1 else "y"
    return FitArguments(
        X=given.get(X_name, NOT_GIVEN),
        y=given.get(y_name, NOT_GIVEN),
        sample_weight=given.get("sample_weight") or _weight_of_last_step(given),
    )


def _argument_names(original: Callable[..., Any]) -> list[str]:
    function: Any = original
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    return [] if code is None else list(islice(code.co_varnames, 1, code.co_argcount))


def _weight_of_last_step(given: Mapping[str, Argument]) -> Argument:
    """`pipeline.fit(X, y, clf__sample_weight=w)`."""
    named = [found for name, found in given.items() if name.endswith("__sample_weight")]
    return named[-1] if named else NOT_GIVEN
