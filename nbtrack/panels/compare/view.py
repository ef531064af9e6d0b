"""`nbtrack.compare`: what differs between runs, as a static table; in a notebook it is a panel."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbtrack.display.in_kernel import is_in_kernel
from nbtrack.lookup.difference import Difference
from nbtrack.lookup.meant_runs import run_id_of, run_ids_of
from nbtrack.panels.compare.content import content_of, labels_of, read_difference
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbtrack.panels.compare.panel import ComparePanel


def compare(*runs: object, baseline: object = None) -> CompareView | ComparePanel:
    """2 to 20 runs side by side: params that differ first, metrics with their deltas, and more.

    Each of *runs* is an id, the beginning of one, a name, a run, a DataFrame of `search_runs`, a
    panel of runs (those ticked in it), or a list of these. The deltas are seen from *baseline*;
    without it from the run that is marked as the experiment's baseline, else from the first.
    `.df` is the comparison as a DataFrame. Raises NotFound, InvalidValue.
    """
    store = current_session().store
    run_ids = run_ids_of(store, runs)
    base = None if baseline is None else run_id_of(store, baseline)
    if base is not None and base not in run_ids:
        run_ids.insert(0, base)
    view = CompareView(store, run_ids, baseline=base)
    if not is_in_kernel():
        return view
    from nbtrack.panels.compare.panel import ComparePanel  # ipywidgets, 0.15 s

    return ComparePanel(store, view)


class CompareView:
    def __init__(self, store: Store, run_ids: Sequence[str], *, baseline: str | None) -> None:
        self.difference = read_difference(store, run_ids, baseline=baseline)
        self.content = content_of(store, self.difference)

    @property
    def run_ids(self) -> list[str]:
        return [run.info.run_id for run in self.difference.runs]

    @property
    def baseline(self) -> str:
        """The id of the run that deltas are seen from."""
        return self.run_ids[self.difference.baseline]

    @cached_property
    def df(self) -> pd.DataFrame:
        """A row for each kind and key, a column for each run, called by its name."""
        return comparison_frame(self.difference)

    def __len__(self) -> int:
        return len(self.difference.runs)

    def __repr__(self) -> str:
        from nbtrack.panels.compare.table import comparison_text

        return comparison_text(self.content)

    def _repr_html_(self) -> str:
        from nbtrack.panels.compare.table import comparison_html

        return comparison_html(self.content)


def comparison_frame(found: Difference) -> pd.DataFrame:
    """Metrics are numbers, the rest is text; None where a run has no value."""
    import pandas as pd

    rows = [
        *(("run", key, values) for key, values in _facts(found).items()),
        *(("params", each.key, each.values) for each in found.params),
        *(("metrics", each.key, each.values) for each in found.metrics),
        *(("tags", each.key, each.values) for each in found.tags),
        *(("data", each.key, each.values) for each in found.data),
        *(("environment", each.key, each.values) for each in found.environment),
    ]
    index = pd.MultiIndex.from_tuples([(kind, key) for kind, key, _ in rows], names=["kind", "key"])
    values = [list(each) for _, _, each in rows]
    return pd.DataFrame(values, index=index, columns=labels_of(found.runs), dtype=object)


def _facts(found: Difference) -> dict[str, list[Any]]:
    infos = [run.info for run in found.runs]
    return {
        "run_id": [info.run_id for info in infos],
        "status": [str(info.status) for info in infos],
        "start_time": [info.start_time for info in infos],
        "end_time": [info.end_time for info in infos],
    }
