"""Whether a call of a patched function is the user's own.

A call within another patched call is none. `here` says so for the thread that the outer one is in:
a grid search makes thousands of inner calls, and they take the short way. Everything else is read
off the call stack: a call is an inner one if code of the framework, or of ours, is running it. So
scikit-learn's worker threads, where `here` knows nothing, need no care: they have its frames on
their stacks, and the user's own threads have not.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType

# On the stack, these stand for a patched function and no more.
_TAPS = "nbtrack.hooks.pytorch.taps"  # these are torch's own functions to whoever asks
_REPLACING = frozenset({"nbtrack.hooks.patching", "nbtrack.hooks.closure_cells", _TAPS})
_TRANSFORMERS = "transformers."
# It calls Optuna, and what Optuna calls is a training, as if the user had written both.
_FOR_THE_USER = frozenset(
    {
        ("transformers.trainer", "hyperparameter_search"),
        ("transformers.hyperparameter_search", "run"),
        ("transformers.integrations.integration_utils", "run_hp_search_optuna"),
        ("transformers.integrations.integration_utils", "_objective"),
    }
)
# They work in a loop, and what they call in it is the user's: callbacks, objectives, metrics.
_LOOPING = ("xgboost.", "lightgbm.", "catboost.", "optuna.", "keras.", "fastai.")
# Of what is called in Lightning's loops, its own `log` tells; Fabric's are the user's own loops.
_LIGHTNING = ("lightning.pytorch.", "pytorch_lightning.")
_FRAMEWORKS = ("sklearn.", "statsmodels.", _TRANSFORMERS, *_LIGHTNING, *_LOOPING)
_OURS = (
    "nbtrack.hooks.",
    "nbtrack.base.background",
    "nbtrack.models",
    "nbtrack.api.framework_models",
    "nbtrack.api.model_logging",
    "nbtrack.api.pyfunc_models",
)
# They wait for the framework or the user, and call nothing themselves meanwhile.
_AROUND = frozenset(
    {("nbtrack.hooks.training.record", "around"), ("nbtrack.hooks.optuna.optimize", "__call__")}
)
_ASKING = frozenset({"nbtrack.hooks.nesting", "nbtrack.hooks.silence"})
# They pass on to whatever they are given, be it the user's: decorators, scorers, commands, torch.
_PASSING_ON = (
    *("sklearn.utils.", "sklearn.metrics._scorer", "torch."),
    *("lightning.pytorch.cli", "pytorch_lightning.cli"),
)
# What decorators put around every function: scikit-learn's `_fit_context`, and XGBoost's. And
# what fits a model for the user, once, as `fit` does.
_PASSING_FUNCTIONS = frozenset(
    {
        ("sklearn.base", "wrapper"),
        ("xgboost.core", "inner_f"),
        *(("catboost.core", name) for name in ("train", "grid_search", "randomized_search")),
        ("catboost.core", "_tune_hyperparams"),
        ("keras.src.wrappers.sklearn_wrapper", "fit"),
    }
)


class _Here(threading.local):
    """Of this thread. Set and put back by what replaces a patched function, and by nobody else."""

    is_inside = False  # a patched call


here = _Here()


def is_inside_recorded_call() -> bool:
    """Whether the patched function that is being called was called by other than user code.

    Ask from the function that a patch puts around it, or from what that calls.
    """
    return _is_within_framework(_caller_of_patched(sys._getframe(1)))


def is_users_call_in_loop(loops: str | tuple[str, ...] = _LOOPING) -> bool:
    """Whether the call is the user's own although a patched one is running: a fit in a callback.
    *loops* are the libraries whose loop that may be.

    Ask from what replaces a patched function.
    """
    caller = _caller_of_patched(sys._getframe(1))
    while caller is not None and _passes_on(caller, _module(caller)):
        caller = caller.f_back  # a function is behind its decorator
    if caller is None or _module(caller).startswith((*_FRAMEWORKS, *_OURS)):
        return False  # as nearly always
    return _is_in_loop(caller, loops) and not _is_within_framework(caller)


def _is_in_loop(frame: FrameType | None, loops: str | tuple[str, ...]) -> bool:
    while frame is not None and not _module(frame).startswith(_LOOPING):
        frame = frame.f_back
    return frame is not None and _module(frame).startswith(loops)


def _is_within_framework(frame: FrameType | None) -> bool:
    is_called_by_user = False
    while frame is not None:
        name = _module(frame)
        if not (is_called_by_user and _is_of_loop(frame, name)):
            is_of_framework = name.startswith(_FRAMEWORKS)
            is_ours = name.startswith(_OURS) and name != _TAPS
            if is_ours or (is_of_framework and not _passes_on(frame, name)):
                return True
            is_called_by_user |= not (is_of_framework or _passes_on(frame, name))
        frame = frame.f_back
    return False


def _is_of_loop(frame: FrameType, name: str) -> bool:
    """Whether it is the library's that trains, or what is put around that."""
    is_around = name in _REPLACING or (name, frame.f_code.co_name) in _AROUND
    return is_around or name.startswith(_LOOPING)


def calling_frame() -> FrameType | None:
    """The user's frame that calls the patched function, for an outermost call."""
    frame = _caller_of_patched(sys._getframe(1))
    while frame is not None and _module(frame).startswith(_FRAMEWORKS):
        frame = frame.f_back
    return frame


def is_about_hooks() -> bool:
    """Whether this runs for a hook: in a patched call, or in the background for one."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = _module(frame)
        if name.startswith(_OURS) and name not in _ASKING:
            return True
        frame = frame.f_back
    return False


def _caller_of_patched(frame: FrameType) -> FrameType | None:
    place: FrameType | None = frame
    while place is not None and _module(place) not in _REPLACING:
        place = place.f_back
    if place is None:
        return frame
    while place is not None and _module(place) in _REPLACING:
        place = place.f_back  # a plain function is replaced by two, one in the other
    return place


def _passes_on(frame: FrameType, name: str) -> bool:
    return name.startswith(_PASSING_ON) or (name, frame.f_code.co_name) in _PASSING_FUNCTIONS


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    if not isinstance(name, str):
        return ""  # code run by `exec` has the globals it was given
    is_for_user = name.startswith(_TRANSFORMERS) and (name, frame.f_code.co_name) in _FOR_THE_USER
    return "" if is_for_user else name
