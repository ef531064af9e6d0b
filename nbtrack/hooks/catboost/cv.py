"""Around `catboost.cv`."""

from __future__ import annotations

from typing import Any

from nbtrack.hooks.catboost.hook import library
from nbtrack.hooks.training.calls import CallRecord, around_call


class CvCall(CallRecord):
    library = library
    name = "catboost.cv"
    objects = ("pool", "dtrain", "folds", "plot", "plot_file", "log_cout", "log_cerr")

    def look_at(self, result: Any) -> None:
        """It calls nobody while it runs; with *return_models* it is a table and the models."""
        table = dict(result[0] if isinstance(result, tuple) else result)
        steps = list(table.pop("iterations"))
        columns = {name.partition("-")[::2]: list(curve) for name, curve in table.items()}
        for place, step in enumerate(steps):
            values = ((*names, curve[place]) for names, curve in columns.items())
            self.loop.add(int(step), values)


around_cv = around_call(CvCall)
