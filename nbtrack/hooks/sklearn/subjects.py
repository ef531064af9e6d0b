"""Which estimator, with which params, a run tells of: validating joins fitting an equal one.

`cross_val_score(model, X, y)` and `model.fit(X, y)` in one cell are about the same thing, and
belong on one run. Another estimator, or the same one with another C, does not.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.sklearn.params import param_texts

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

Subject = tuple[str, ...]

_fitted: weakref.WeakKeyDictionary[ActiveRun, Subject] = weakref.WeakKeyDictionary()
_validated: weakref.WeakKeyDictionary[ActiveRun, Subject] = weakref.WeakKeyDictionary()
_last_validated: deque[ActiveRun] = deque(maxlen=100)  # held: they may have ended


def subject_of(estimator: Any, texts: Mapping[str, str] | None = None) -> Subject:
    """*texts* are its `param_texts`, if they are known already."""
    kind = type(estimator)
    if texts is None:
        texts = {"": str(id(estimator))}
        if hasattr(estimator, "get_params"):  # scikit-learn validates others too
            with guarded(f"read the params of {kind.__name__}"):
                texts = param_texts(estimator)
    return kind.__module__, kind.__qualname__, *(f"{k}={texts[k]}" for k in sorted(texts))


def note_fit(run: ActiveRun, subject: Subject) -> None:
    _fitted[run] = subject


def note_validation(run: ActiveRun, subject: Subject) -> None:
    _validated.setdefault(run, subject)
    _last_validated.append(run)


def tells_of(run: ActiveRun, subject: Subject) -> bool:
    return subject in (_fitted.get(run), _validated.get(run))


def child_awaiting_fit(run: ActiveRun, estimator: Any) -> ActiveRun | None:
    """The newest child of *run* that `awaits_fit` of *estimator*."""
    children = (
        child for child in reversed(_last_validated) if child.parent is run and not child.is_deleted
    )
    return next((child for child in children if awaits_fit(child, estimator)), None)


def awaits_fit(run: ActiveRun, estimator: Any) -> bool:
    """Whether an equal estimator was cross-validated in *run*, and none fitted yet."""
    validated = _validated.get(run) if run not in _fitted else None
    return validated is not None and validated == subject_of(estimator)
