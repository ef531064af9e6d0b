"""Around `fit`.

| recorded            | is                                                                       |
|---------------------|--------------------------------------------------------------------------|
| params              | the arguments of `fit`; the optimizer's settings; those of `EarlyStopping` |
| metrics             | what Keras logs of each epoch, with the epoch as step; `learning_rate`    |
|                     | where it changes; `best_epoch`, `best_score`, `stopped_epoch` and        |
|                     | `restored_epoch` of `EarlyStopping`                                      |
| `model_summary.txt` | the layers                                                               |
| data, model         | as given; as it is when `fit` returns, so with restored weights          |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar

import keras

from nbtrack.base.guard import guarded
from nbtrack.hooks.keras.callback import LoopCallback, StepCallback
from nbtrack.hooks.keras.given_data import data_of, rows_of
from nbtrack.hooks.keras.hook import library
from nbtrack.hooks.keras.settings import (
    optimizer_params,
    stopper_among,
    stopping_facts,
    stopping_params,
)
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.calls import CallRecord, Data, around_call
from nbtrack.models.flavours import keras as own_flavour
from nbtrack.records.origins import Origin

SUMMARY_FILE = "model_summary.txt"
_DEFAULT_BATCH = 32  # rows, of arrays


class FitCall(CallRecord):
    library = library
    name = "keras.fit"
    objects = ("self", "x", "y", "callbacks", "validation_data", "verbose")
    flavour: ClassVar[ModuleType | None] = own_flavour

    @classmethod
    def title(cls, arguments: UsersArguments) -> str:
        kind = type(arguments.get("self")).__name__
        return super().title(arguments).replace(cls.name, kind, 1)

    @property
    def model(self) -> Any:
        return self.arguments.get("self")

    def more_params(self) -> Mapping[str, tuple[str, Origin]]:
        found = optimizer_params(self.model)
        if self._stopper is not None:
            found |= stopping_params(self._stopper)
        if self.arguments.get("batch_size") is None:
            found |= _batch_size(self.arguments.get("x"))
        return found

    def data(self) -> Iterator[Data]:
        yield from data_of(self.arguments)

    def first_rows(self) -> Any:
        return rows_of(self.arguments.get("x"))

    def follow(self) -> None:
        self.remember(self.model)
        self._callback = _callback_of(self)
        given = self.arguments.get("callbacks")
        if isinstance(given, keras.callbacks.CallbackList):  # which `fit` takes as it is
            self._callback.set_model(self.model)
            given.callbacks.insert(0, self._callback)
        else:
            self.pass_on("callbacks", [self._callback, *_listed(given)])

    def unfollow(self) -> None:
        self._callback.flush()
        given = self.arguments.get("callbacks")
        if isinstance(given, keras.callbacks.CallbackList):
            given.callbacks.remove(self._callback)

    def trained(self, result: Any) -> Any:  # noqa: ARG002 - the history
        return self.model

    def look_at(self, result: Any) -> None:  # noqa: ARG002
        if self._stopper is not None:
            self.loop.facts |= stopping_facts(self._stopper)

    @property
    def _stopper(self) -> Any:
        return stopper_among(_listed(self.arguments.get("callbacks")))

    def write_summary(self, model: Any) -> None:
        """It has all of its layers by now."""
        lines: list[str] = []
        with guarded(f"store {SUMMARY_FILE}"):
            model.summary(print_fn=lambda line, *_args, **_kwargs: lines.append(line))
            self.run.log_text("\n".join(lines), SUMMARY_FILE)


def _callback_of(call: FitCall) -> LoopCallback:
    every = None if call.flags.log_every_epoch else call.flags.log_every_n_steps
    if every is None:
        return LoopCallback(call.loop, begun=call.write_summary)
    return StepCallback(call.loop, begun=call.write_summary, every=every)


def _listed(given: Any) -> Iterable[Any]:
    if isinstance(given, keras.callbacks.CallbackList):
        return list(given.callbacks)
    if given is None:
        return []
    found: list[Any] = keras.tree.flatten(given)
    return found


def _batch_size(x: Any) -> Mapping[str, tuple[str, Origin]]:
    """Where `fit` is given none: Keras's own for arrays, or that of what loads the data."""
    if hasattr(x, "shape") or isinstance(x, list | tuple | Mapping):
        return {"batch_size": (str(_DEFAULT_BATCH), Origin.DEFAULT)}
    sizes = (getattr(x, name, None) for name in ("batch_size", "_batch_size"))  # torch, tf.data
    size = next((each for each in sizes if each is not None), None)
    return {} if size is None else {"batch_size": (str(int(size)), Origin.CHANGED)}


around_fit = around_call(FitCall)
