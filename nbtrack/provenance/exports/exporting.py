"""A run as a file that others can run: `run.ipynb`, `run.py` or `run.zip`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nbtrack.artifact_store.staging import Staging
from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidValue
from nbtrack.provenance.exports.account import Account, account_of
from nbtrack.provenance.exports.archive import archive_of
from nbtrack.provenance.exports.notebook_file import notebook_of
from nbtrack.provenance.exports.script import script_of
from nbtrack.provenance.upstream import Upstream, upstream_of
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store

_Maker = Callable[[Store, Upstream, Account], bytes]
_MAKERS: dict[str, _Maker] = {
    ".ipynb": lambda _, upstream, account: _bytes(notebook_of(upstream, account)),
    ".py": lambda _, upstream, account: _bytes(script_of(upstream, account)),
    ".zip": archive_of,
}


def export_run(store: Store, run: Run, file: str | Path) -> Path:
    """Write *file*, whole or not at all; one that is there is replaced.

    Raises NotCaptured, InvalidValue, OSError.
    """
    target = _checked(file)
    upstream = upstream_of(store, run)
    content = _MAKERS[target.suffix.lower()](store, upstream, account_of(upstream))
    with Staging() as staging:
        staging.add(target, [content])
    return target


def _checked(file: str | Path) -> Path:
    target = Path(os.path.abspath(Path(file).expanduser()))
    if target.suffix.lower() not in _MAKERS:
        kinds = ", ".join(f"run{each}" for each in _MAKERS)
        meant = did_you_mean(target.suffix, _MAKERS)
        raise InvalidValue(f"{str(file)!r} has to end as one of these: {kinds}.{meant}")
    if target.is_dir():
        raise InvalidValue(f"{str(file)!r} is a folder; add a file name.")
    if not target.parent.is_dir():
        raise InvalidValue(f"There is no folder {str(target.parent)!r}; make it.")
    return target


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
