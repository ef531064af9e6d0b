"""`estimator.html`: the diagram that a notebook shows of an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base import background
from nbtrack.hooks.training.run_choice import has_ended

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

HTML_FILE = "estimator.html"
_PARAMS = ("_other_params", "_init_params")
_MOST_WAITING = 200  # diagrams not drawn yet; the next ones are drawn at once


def log_estimator_html(run: ActiveRun, call: FitCall, flags: Flags) -> None:  # noqa: ARG001 - as all steps
    """Drawing takes 3-15 ms, so it is done later, from an outline that is ours."""
    outline = outlined(call.estimator)

    def draw() -> None:
        from sklearn.utils import estimator_html_repr

        run.log_text(estimator_html_repr(outline), HTML_FILE)

    if background.waiting() < _MOST_WAITING:
        action = f"draw {HTML_FILE}"
        background.submit(run.run_id, draw, action=action, is_ready=lambda: has_ended(run))
    else:
        draw()


def outlined(value: Any) -> Any:
    """An estimator of the same params, and so on inwards, made by running none of its code.

    It says that it is fitted and has no fitted attributes: those could be large, take long to
    compute, or change before they are drawn. LightGBM and CatBoost have params in a dict of theirs.
    """
    if isinstance(value, list | tuple):
        return [outlined(each) for each in value]
    if not hasattr(value, "get_params") or isinstance(value, type):
        return value
    made = object.__new__(type(value))
    for name, param in vars(value).items():
        if name in _PARAMS:
            setattr(made, name, {**param})
        elif not name.startswith("_") and not name.endswith("_"):
            setattr(made, name, outlined(param))
    if hasattr(value, "fit"):
        made.__sklearn_is_fitted__ = lambda: True
        made._get_fitted_attr_html = lambda _doc_link="": {}
    return made
