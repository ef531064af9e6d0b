"""Around `fit` of a learner and what fits by it. A call is one run: of `fine_tune`, which fits
twice, the epochs go on.

| recorded            | is                                                                       |
|---------------------|--------------------------------------------------------------------------|
| params              | the arguments; `opt_func`, `bs`, and what the learner has instead of None; |
|                     | `early_stop_…` of `EarlyStoppingCallback`                                |
| metrics             | the values of the `Recorder` by epoch; `learning_rate` where it changes; |
|                     | `best_score` and, if it stopped early, `stopped_epoch`                   |
| `model_summary.txt` | the modules                                                              |
| model               | the weights of `learn.model`, as `nbtrack.pytorch` keeps them            |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from fastai.callback.tracker import EarlyStoppingCallback

from nbtrack.base.guard import guarded
from nbtrack.hooks.fastai.callback import NbtrackCallback
from nbtrack.hooks.fastai.hook import library
from nbtrack.hooks.pytorch.settings import summary_of
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.calls import CallRecord, around_call
from nbtrack.hooks.training.models import keep_trained
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.run_choice import names_of
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.models.flavours import pytorch as torch_flavour
from nbtrack.records.origins import Origin, Origins, all_of

SUMMARY_FILE = "model_summary.txt"
_STOPPING = ("monitor", "min_delta", "patience")
# Arguments that are the learner's own if they are None.
_OF_LEARNER = {"lr": "lr", "lr_max": "lr", "wd": "wd", "moms": "moms"}


class FitCall(CallRecord):
    library = library
    objects = ("self", "cbs")

    @classmethod
    def title(cls, arguments: UsersArguments) -> str:
        kind = type(arguments.get("self")).__name__
        return super().title(arguments).replace("Learner", kind, 1)

    @property
    def learner(self) -> Any:
        return self.arguments.get("self")

    def more_params(self) -> Mapping[str, tuple[str, Origin]]:
        found = {
            "opt_func": (_name_of(self.learner.opt_func), Origin.UNTOLD),
            "bs": (param_text(self.learner.dls.bs), Origin.UNTOLD),
        }
        for name, own in _OF_LEARNER.items():
            if name in self.arguments.defaults and self.arguments.get(name) is None:
                found[name] = param_text(getattr(self.learner, own)), Origin.DEFAULT
        stopper = self._stopper()
        for name in _STOPPING if stopper is not None else ():
            found[f"early_stop_{name}"] = param_text(getattr(stopper, name)), Origin.UNTOLD
        return found

    def follow(self) -> None:
        with guarded(f"store {SUMMARY_FILE}"):
            self.run.log_text(summary_of(self.learner.model), SUMMARY_FILE)
        self._callback = NbtrackCallback(self.loop)
        self.learner.add_cb(self._callback)

    def unfollow(self) -> None:
        self.learner.remove_cb(self._callback)

    def look_at(self, result: Any) -> None:  # noqa: ARG002 - None
        stopper = self._stopper()
        if stopper is not None and stopper.best is not None:
            self.loop.facts["best_score"] = float(stopper.best)
            if stopper.wait >= stopper.patience and self.loop.last_step is not None:
                self.loop.facts["stopped_epoch"] = self.loop.last_step

    def write_result(self, result: Any) -> None:
        super().write_result(result)
        self.run.set_tags(names_of(self.learner))
        names = map(storable_key, self.learner.metrics.attrgot("name"))
        self.run.note_origins(Origins(metrics=all_of(names, Origin.MEASURED)))
        if self.flags.log_models:
            with guarded(f"record the model of {self.what}"):
                keep_trained(self.run, self.learner.model, torch_flavour, self.flags, rows=None)

    def _stopper(self) -> Any:
        given = self.arguments.get("cbs")
        listed = given if isinstance(given, Iterable) else [given]
        known = [*self.learner.cbs, *listed]
        return next((each for each in known if isinstance(each, EarlyStoppingCallback)), None)


def _name_of(function: Any) -> str:
    while isinstance(function, partial):
        function = function.keywords.get("opt", function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def _around(method: str) -> Any:
    return around_call(type(method, (FitCall,), {"name": f"Learner.{method}"}))


around_fit = _around("fit")
around_fit_one_cycle = _around("fit_one_cycle")
around_fit_flat_cos = _around("fit_flat_cos")
around_fit_sgdr = _around("fit_sgdr")
around_fine_tune = _around("fine_tune")
