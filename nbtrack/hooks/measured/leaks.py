"""Whether a model is measured on rows that it was fitted to; `provenance.warnings.leak` judges.

Of the data only hashes of its rows are kept, as long as the model lives. A prediction is no
measurement yet: its rows wait until something is measured, which tells the targets, too.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.capture.row_hashes import RowHashes
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.provenance.warnings import leak
from nbtrack.recording.session import current_session
from nbtrack.recording.warning_of_run import is_wanted, warn_of
from nbtrack.records.warned import Warned

if TYPE_CHECKING:
    from nbtrack.datasets.kinds import DescribedDataset
    from nbtrack.recording.active_run import ActiveRun

_KIND = "leak"
_MOST_KEPT = 4  # hashes of data that is used again and again: at most 8 MB each
_MOST_WAITING = 20


class _Fitted(NamedTuple):
    data: leak.Fitted
    X: weakref.ref[Any] | None


_fitted: ByModel[_Fitted | None] = ByModel()
_rows: OrderedDict[str, RowHashes | None] = OrderedDict()  # by digest
_waiting: OrderedDict[tuple[str, str], _Tested] = OrderedDict()  # by run and name of the data


class _Tested(NamedTuple):
    fitted: leak.Fitted
    rows: RowHashes
    is_same: bool  # as the very object of the fit


def note_fitted(
    models: list[Any], X: Any, y: Any, dataset: DescribedDataset, name: str | None
) -> None:
    rows = leak.rows_with(_rows_of(dataset), y) if _is_wanted() else None
    for model in models:  # also when nothing is known: an earlier fit of it counts no more
        fitted = None if rows is None else _Fitted(leak.Fitted(rows, name), _reference(X))
        _fitted.remember(model, fitted)


def look_at_tested(
    run: ActiveRun, model: Any, X: Any, dataset: DescribedDataset, name: str
) -> None:
    """The model was asked about X."""
    with guarded("look for a leak"):
        known = _fitted.find(model)
        if known is None or not _is_wanted():
            return
        if (rows := _rows_of(dataset)) is None:
            return
        is_same = known.X is not None and known.X() is X
        _waiting[run.run_id, name] = _Tested(known.data, rows, is_same)
        while len(_waiting) > _MOST_WAITING:
            _waiting.popitem(last=False)


def tell_measured(run: ActiveRun, name: str, y: Any) -> None:
    """Something was measured on the data that goes by *name*, whose targets are *y*."""
    with guarded("look for a leak"):
        if y is None or (tested := _waiting.pop((run.run_id, name), None)) is None:
            return
        rows = leak.rows_with(tested.rows, y)
        if rows is None:
            return
        sentence = leak.leak(tested.fitted, rows, name, is_same=tested.is_same)
        if sentence is not None:
            _warn(run, sentence)


def _warn(run: ActiveRun, sentence: str) -> None:
    session = current_session()
    warn_of(run, Warned(_KIND, sentence), session, session.stack.cell())


def _is_wanted() -> bool:
    session = current_session()
    return is_wanted(_KIND, session, session.stack.cell())


def _rows_of(dataset: DescribedDataset) -> RowHashes | None:
    if "sampled" in dataset.profile:  # its digest may be that of other data, too
        return dataset.rows
    if dataset.digest not in _rows:
        _rows[dataset.digest] = dataset.rows
    _rows.move_to_end(dataset.digest)
    while len(_rows) > _MOST_KEPT:
        _rows.popitem(last=False)
    return _rows.get(dataset.digest)


def _reference(X: Any) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(X)
    except TypeError:  # a list
        return None
