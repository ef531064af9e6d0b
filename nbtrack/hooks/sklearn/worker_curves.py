"""While a search has other processes of this machine fit its candidates, they run a function of
ours around scikit-learn's, and what that noted is taken out of the results as they come home.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.hooks.sklearn.worker_fits import NOTE, fit_and_score, home
from nbtrack.hooks.unseen_frames import uncounted, without_ours

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.candidate_curves import CandidateCurves

_SEARCHES = "sklearn.model_selection._search"
# What is called for each split, and with the results of all before they are looked at.
_FIT, _CHECK = "_fit_and_score", "_warn_or_raise_about_fit_failures"
_LOCAL = ("LokyBackend", "MultiprocessingBackend")

_watched: list[tuple[Any, CandidateCurves]] = []  # by their searches
_lock = Lock()
_originals: dict[str, Any] = {}


@contextmanager
def brought_home(search: Any, curves: CandidateCurves) -> Iterator[None]:
    """*curves* hears of the fits of *search* in other processes, if it has any."""
    if not _fits_elsewhere(search):
        yield
        return
    with guarded("follow a search in other processes"):
        _begin((search, curves))
    try:
        yield
    finally:
        with guarded("leave a search in other processes"):
            _end(search)


def _fits_elsewhere(search: Any) -> bool:
    """On other machines there may be nothing of ours."""
    with guarded("look where a search fits its candidates"):
        active = imported("joblib.parallel", "get_active_backend")
        backend, jobs = active()
        own = getattr(search, "n_jobs", None)
        return type(backend).__name__ in _LOCAL and (jobs if own is None else own) != 1
    return False


def _begin(watched: tuple[Any, CandidateCurves]) -> None:
    with _lock:
        home.add(os.getpid())
        _watched.append(watched)
        module = sys.modules[_SEARCHES]
        if not _originals and hasattr(module, _FIT) and hasattr(module, _CHECK):
            _originals.update({name: getattr(module, name) for name in (_FIT, _CHECK)})
            setattr(module, _FIT, fit_and_score)
            setattr(module, _CHECK, uncounted(_noting(_originals[_CHECK])))


def _end(search: Any) -> None:
    with _lock:
        _watched[:] = [each for each in _watched if each[0] is not search]
        if not _watched:
            for name, original in _originals.items():
                setattr(sys.modules[_SEARCHES], name, original)
            _originals.clear()


def _noting(check: Callable[..., None]) -> Callable[..., None]:
    def note_and_check(results: Sequence[MutableMapping[str, Any]], *args: Any) -> None:
        with guarded("note the iterations of candidates"):
            _take_notes(results, asking=sys._getframe(1).f_locals.get("self"))
        try:
            check(results, *args)
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            raise

    return note_and_check


def _take_notes(results: Sequence[MutableMapping[str, Any]], *, asking: Any) -> None:
    """*asking* is the search: another one may run in another thread, or within this one."""
    notes = [each.pop(NOTE, None) for each in results]
    for search, curves in _watched:
        if search is asking:
            followed = [each for each in notes if each and _is_followed(each.library)]
            curves.note_elsewhere(followed, fits=len(notes))


def _is_followed(library: str) -> bool:
    hook: Any = importlib.import_module(f"nbtrack.hooks.{library}.hook")
    return bool(hook.library.switch.records_here)
