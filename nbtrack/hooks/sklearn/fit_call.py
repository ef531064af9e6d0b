"""`FitCall`: one call of `fit` that has come back, as the recording steps see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.journal.lines import now_us

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.candidate_curves import CandidateCurves


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
    curves: CandidateCurves | None = None  # of a search


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

    What comes first is X and what comes second is y, however `fit` names them. Weights are those
    that `fit` itself takes. What a pipeline or a search passes on to a step of it
    (`clf__sample_weight`) weights that step's fit, not the scores: so in MLflow, and in `score`.
    """
    names, by_keyword = _parameters(original)
    takes_weights = "sample_weight" in (*names, *by_keyword)
    given = {name: Argument(value, name) for name, value in kwargs.items()}
    given |= {name: Argument(args[i], name, i) for i, name in enumerate(names[: len(args)])}
    X_name = names[0] if names else "X"
    y_name = names[1] if len(names) > 1 else "y"
    return FitArguments(
        X=given.get(X_name, NOT_GIVEN),
        y=given.get(y_name, NOT_GIVEN),
        sample_weight=given.get("sample_weight", NOT_GIVEN) if takes_weights else NOT_GIVEN,
    )


def _parameters(original: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """After `self`: those that may be given by position, and those by keyword only."""
    function: Any = original
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    if code is None:
        return [], []
    count, names = code.co_argcount, code.co_varnames
    return list(names[1:count]), list(names[count : count + code.co_kwonlyargcount])
