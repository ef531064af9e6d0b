"""Around `xgboost.train` and `xgboost.cv`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar

from nbtrack.hooks.training.calls import CallRecord, Data, around_call
from nbtrack.hooks.xgboost.callback import LoopCallback, importances_of
from nbtrack.hooks.xgboost.hook import library
from nbtrack.hooks.xgboost.matrices import data_of, first_rows_of
from nbtrack.models.flavours import xgboost as own_flavour


class _Call(CallRecord):
    library = library

    def follow(self) -> None:
        is_limited = self.arguments.get("early_stopping_rounds") is not None
        own = self.arguments.get("callbacks")
        rounds = self.arguments.get("num_boost_round")
        self.loop.expects(rounds, may_end_early=is_limited or bool(own))
        self.pass_on("callbacks", [LoopCallback(self.loop), *(own or ())])

    def data(self) -> Iterator[Data]:
        yield from data_of(self.arguments.get("dtrain"), context="train")

    def first_rows(self) -> Any:
        return first_rows_of(self.arguments.get("dtrain"))


class TrainCall(_Call):
    name = "xgboost.train"
    objects = ("dtrain", "evals", "obj", "evals_result", "xgb_model", "callbacks", "custom_metric")
    flavour: ClassVar[ModuleType | None] = own_flavour

    def training_sets(self) -> Collection[str]:
        matrix = self.arguments.get("dtrain")
        return [name for data, name in self.arguments.get("evals") or () if data is matrix]

    def data(self) -> Iterator[Data]:
        yield from super().data()
        matrix = self.arguments.get("dtrain")
        for data, name in self.arguments.get("evals") or ():
            if data is not matrix:
                yield from data_of(data, context="eval", name=name)

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        return importances_of(model, self.flags.importance_types)


class CvCall(_Call):
    name = "xgboost.cv"
    objects = ("dtrain", "folds", "obj", "fpreproc", "callbacks", "custom_metric")


around_train = around_call(TrainCall)
around_cv = around_call(CvCall)
