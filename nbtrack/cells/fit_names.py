"""The fits of one cell are called after what they differ in.

When a fit begins nobody knows what comes after it, so it is called after what is no default:
`SVC kernel=linear`, `SVC C=5 kernel=linear`. Of these, `SVC C=1.0` and `SVC C=5` tell more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nbtrack.capture.naming import estimator_name
from nbtrack.recording.run_writer import RunWriter
from nbtrack.recording.session import Session
from nbtrack.records.origins import Origin
from nbtrack.records.traces import RunTrace
from nbtrack.stores.store import Store

_FIRST_PARAM = re.compile(r" \S+=")
_PLAIN = (Origin.CHANGED, Origin.DEFAULT)


def name_fits(session: Session, store: Store, children: Mapping[str, RunTrace]) -> None:
    """Those that a hook has named, in *children* too."""
    for run_id, name in telling_names(children).items():
        children[run_id].name = name
        run = session.known_run(run_id) or RunWriter(store, run_id, artifact_uri="")
        run.rename(name)


def telling_names(children: Mapping[str, RunTrace]) -> dict[str, str]:
    """New names, by the ids of the runs."""
    fits = {run_id: run for run_id, run in children.items() if run.fit and run.name == run.fit}
    kinds = {run_id: _FIRST_PARAM.split(str(run.fit))[0] for run_id, run in fits.items()}
    found: dict[str, str] = {}
    for kind in dict.fromkeys(kinds.values()):
        alike = {run_id: fits[run_id] for run_id in fits if kinds[run_id] == kind}
        keys = _differing(alike.values())
        names = {run_id: _name(kind, run, keys) for run_id, run in alike.items()}
        if set(names.values()) != {kind}:
            found |= {run_id: name for run_id, name in names.items() if name != fits[run_id].name}
    return found


def _differing(runs: Iterable[RunTrace]) -> list[str]:
    """The params that are numbers, texts and the like, and not the same in all *runs*."""
    values: dict[str, set[str]] = {}
    for run in runs:
        for key, value in run.params.items():
            if run.origins.params.get(key) in _PLAIN:
                values.setdefault(key, set()).add(value)
    return [key for key, found in values.items() if len(found) > 1]


def _name(kind: str, run: RunTrace, keys: Iterable[str]) -> str:
    """Of a pipeline's `svc__C` it says `C`, as the step is named already."""
    own = {key.rpartition("__")[2]: run.params[key] for key in keys if key in run.params}
    return estimator_name(kind, own)
