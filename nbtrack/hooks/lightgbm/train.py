"""Around `lightgbm.train` and `lightgbm.cv`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from types import ModuleType
from typing import Any, ClassVar

from nbtrack.hooks.lightgbm.callback import callbacks_of, importances_of, tell_best
from nbtrack.hooks.lightgbm.hook import library
from nbtrack.hooks.training.calls import CallRecord, Data, around_call
from nbtrack.models.flavours import lightgbm as own_flavour


class _Call(CallRecord):
    library = library

    def follow(self) -> None:
        own = self.arguments.get("callbacks") or ()
        self.pass_on("callbacks", [*callbacks_of(self.loop, own), *own])

    def data(self) -> Iterator[Data]:
        train_set = self.arguments.get("train_set")
        yield from self.data_of(train_set, "train", self.arguments.name_of("train_set"))

    def data_of(self, dataset: Any, context: str, name: str | None) -> Iterator[Data]:
        """What a Dataset holds until it is used, unless `free_raw_data=False`."""
        if hasattr(X := getattr(dataset, "data", None), "shape"):
            y, called = dataset.label, self.arguments.variable_of
            yield Data(X, y, called(X) or name, called(y), context)


class TrainCall(_Call):
    name = "lightgbm.train"
    objects = ("train_set", "valid_sets", "valid_names", "feval", "init_model", "callbacks")
    flavour: ClassVar[ModuleType | None] = own_flavour

    def training_sets(self) -> Collection[str]:
        train_set = self.arguments.get("train_set")
        return [name for data, name in self._evaluated() if data is train_set and name]

    def data(self) -> Iterator[Data]:
        yield from super().data()
        train_set = self.arguments.get("train_set")
        for data, name in self._evaluated():
            if data is not train_set:
                yield from self.data_of(data, "eval", name)

    def _evaluated(self) -> list[tuple[Any, str | None]]:
        sets, names = (self.arguments.get(name) for name in ("valid_sets", "valid_names"))
        sets = sets if isinstance(sets, list | tuple) else [sets] if sets is not None else []
        names = names if isinstance(names, list | tuple) else [names] if names is not None else []
        return list(zip_longest(sets, names[: len(sets)]))

    def look_at(self, result: Any) -> None:
        tell_best(self.loop, result)

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        return importances_of(model)


class CvCall(_Call):
    name = "lightgbm.cv"
    objects = ("train_set", "folds", "feval", "init_model", "fpreproc", "callbacks")

    def look_at(self, result: Any) -> None:
        """What comes back ends with the best iteration."""
        kept = min((len(curve) for curve in result.values() if isinstance(curve, list)), default=0)
        if self.loop.last_step is not None and 0 < kept <= self.loop.last_step:
            self.loop.best_iteration = kept - 1


around_train = around_call(TrainCall)
around_cv = around_call(CvCall)
