"""What `nbtrack.compare` gives in a notebook: runs side by side, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from nbtrack.lookup.meant_runs import stamp_of
from nbtrack.panels.artifacts.answers import ARTIFACT_HANDLERS
from nbtrack.panels.compare.answers import COMPARE_HANDLERS, as_message, compare_answer
from nbtrack.panels.compare.content import comparison
from nbtrack.panels.compare.view import CompareView
from nbtrack.panels.shared.assets import script, styles
from nbtrack.panels.shared.panel import Handler
from nbtrack.panels.shared.requests import text_of
from nbtrack.panels.shared.still_panel import StillPanel
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    import pandas as pd


class ComparePanel(StillPanel):
    """`.df` is the comparison as a DataFrame; `.run_ids` and `.baseline` say what is compared."""

    handlers: ClassVar[Mapping[str, Handler]] = {}
    follows_store = True

    _esm = script("compare/page/compare_panel.js")
    _css = styles("compare/page/compare_panel.js")

    def __init__(self, store: Store, view: CompareView) -> None:
        self.run_ids = view.run_ids
        self.baseline = view.baseline
        self._stamp = ""  # of what was pushed last
        super().__init__(store, view)

    @property
    def df(self) -> pd.DataFrame:
        """As it is now: a row for each kind and key, a column for each run, called by its name."""
        return self._now().df

    def refresh(self) -> None:
        stamp = stamp_of(self.store, self.run_ids)
        if stamp != self._stamp:
            self._stamp = stamp
            content = comparison(self.store, self.run_ids, baseline=self.baseline)
            self.push("comparison", {"stamp": stamp, **as_message(content)})

    def _now(self) -> CompareView:
        return CompareView(self.store, self.run_ids, baseline=self.baseline)


def _start(panel: ComparePanel, _: Mapping[str, Any]) -> dict[str, Any]:
    return {"runs": panel.run_ids, "baseline": panel.baseline}


def _compare(panel: ComparePanel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Another baseline that was chosen on the page counts for Python too."""
    answer = compare_answer(panel, {**arguments, "runs": panel.run_ids})
    panel.baseline = text_of(arguments, "baseline") or panel.baseline
    panel._stamp = answer["stamp"]
    return answer


ComparePanel.handlers = {
    "start": _start,
    **ARTIFACT_HANDLERS,
    **COMPARE_HANDLERS,
    "compare": _compare,
}
