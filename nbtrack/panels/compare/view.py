"""A comparison that stands still: text, a static table, and a DataFrame."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbtrack.display.markup import joined
from nbtrack.lookup.difference import Difference
from nbtrack.panels.compare.content import content_of, labels_of, read_difference
from nbtrack.provenance.differences.as_html import causes_html
from nbtrack.provenance.differences.as_text import causes_text
from nbtrack.provenance.differences.difference import RunDifference, read_run_difference
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


class CompareView:
    def __init__(self, store: Store, run_ids: Sequence[str], *, baseline: str | None) -> None:
        self._store = store
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
    def causes(self) -> RunDifference | None:
        """What explains that the other run is not the baseline; of more than two nobody asks."""
        others = [run_id for run_id in self.run_ids if run_id != self.baseline]
        if len(others) != 1:
            return None
        return read_run_difference(self._store, self.baseline, others[0])

    @cached_property
    def df(self) -> pd.DataFrame:
        """A row for each kind and key, a column for each run, called by its name."""
        return comparison_frame(self.difference)

    def __len__(self) -> int:
        return len(self.difference.runs)

    def __repr__(self) -> str:
        from nbtrack.panels.compare.table import comparison_text

        table = comparison_text(self.content)
        return table if self.causes is None else f"{table}\n\n{causes_text(self.causes)}"

    def _repr_html_(self) -> str:
        from nbtrack.panels.compare.table import comparison_html

        table = comparison_html(self.content)
        return table if self.causes is None else joined([table, causes_html(self.causes)])


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
