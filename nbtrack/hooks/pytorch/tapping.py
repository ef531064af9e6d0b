"""From what the taps tell to the record of the run that the code belongs to."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch.nn import Module

from nbtrack.base.guard import Guard, guarded
from nbtrack.errors import StopTraining
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.nesting import here, is_inside_recorded_call, is_users_call_in_loop
from nbtrack.hooks.pytorch.evaluations import SETTINGS, batch_loss
from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.hook import library
from nbtrack.hooks.pytorch.ranks import is_first_rank, other_rank, tell_ranks
from nbtrack.hooks.pytorch.record import LoopRecord
from nbtrack.hooks.pytorch.roots import watch
from nbtrack.hooks.pytorch.taps import Taps
from nbtrack.recording.active_run import ActiveRun, AttachedRun
from nbtrack.recording.session import current_session
from nbtrack.records.tags import AUTOLOG_TAG

_STEP = Guard("record a step of an optimizer")
_BACKWARD = Guard("look at the root of a backward pass")
_LOSSES = "torch.nn.modules.loss"


class Loops:
    """*library* is torch's, as autolog set it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        # The first is of the run itself, further ones are of its children.
        self._records: WeakKeyDictionary[ActiveRun, list[LoopRecord]] = WeakKeyDictionary()
        self._lock = RLock()
        self._taps = Taps()

    def begin(self) -> None:
        """torch is imported, all of it."""
        if self._taps.are_in:
            return
        put = self._taps.put
        self._taps.hook_steps(before=self.begins_step, after=self.stepped)
        put(torch.autograd, "backward", self.went_back)
        put(torch.optim.Optimizer, "zero_grad", self.zeroed)
        put(Module, "zero_grad", self.zeroed)
        put(torch.amp.GradScaler, "scale", self.scaled)
        put(torch.amp.GradScaler, "step", self.scaler_stepped)
        put(torch.utils.data.DataLoader, "__iter__", self.pass_began)
        for kind in vars(torch.nn.modules.loss).values():
            if isinstance(kind, type) and kind.__module__ == _LOSSES:
                put(kind, "forward", self.criterion_computed)
        for name, function in list(vars(torch.nn.functional).items()):
            if _is_loss(function):
                put(torch.nn.functional, name, partial(self.loss_computed, name))

    def end(self) -> None:
        self._taps.remove()

    # --- what the taps tell

    def begins_step(self, _: Any, args: Any, kwargs: Any) -> None:
        if _closure(args, kwargs) is not None:
            watch.begin_closure()

    def stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._is_deaf:
            return
        is_to_stop = False
        with _STEP:
            group, place = watch.take()
            record = self._record(optimizer)
            if record is not None:
                is_to_stop = record.add(
                    optimizer,
                    group,
                    place,
                    has_closure=_closure(args, kwargs) is not None,
                    begins_epoch=watch.passes.note_step(),
                )
        if is_to_stop:
            raise StopTraining

    def went_back(self, _: None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._is_deaf:
            return
        with _BACKWARD:
            root = args[0] if args else kwargs.get("tensors")
            if isinstance(root, tuple | list) and len(root) == 1:
                root = root[0]
            watch.note_root(root, is_plain=_is_plain(args, kwargs))

    def zeroed(self, _: None, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - as taps tell
        if not self._is_deaf:
            watch.note_zeroed(self._count_optimizers)

    def _count_optimizers(self) -> int:
        with guarded("count the optimizers of a training loop"):
            record = self._record(may_begin=False)
            return 0 if record is None else record.optimizers
        return 0

    def scaled(self, result: Any, args: Any, kwargs: Any) -> None:
        with guarded("look at what a GradScaler scales"):
            watch.note_scaled(args[1] if len(args) > 1 else kwargs.get("outputs"), result)

    def scaler_stepped(self, _: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        watch.close()

    def pass_began(self, iterator: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        with guarded("note a pass over a DataLoader"):
            watch.passes.begin(args[0], iterator)

    def criterion_computed(self, result: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        """A module of torch's."""
        if not torch.is_grad_enabled() and len(args) > 2:
            criterion, given, target = args[:3]
            settings = {name: getattr(criterion, name, None) for name in SETTINGS}
            self._evaluated(str(id(criterion)), result, given, target, settings)

    def loss_computed(self, name: str, result: Any, args: Any, kwargs: Any) -> None:
        """A function of torch's; those modules call them, too."""
        if not torch.is_grad_enabled() and len(args) > 1 and not _is_called_by_torch():
            given, target = args[:2]
            self._evaluated(name, result, given, target, {"reduction": "mean", **kwargs})

    def _evaluated(
        self, criterion: str, loss: Any, given: Any, target: Any, settings: Mapping[str, Any]
    ) -> None:
        if self._is_deaf:
            return
        with guarded("record the loss of an evaluation"):
            batch = batch_loss(loss, given, target, settings)
            evaluation = None if batch is None else watch.passes.evaluation()
            record = None if evaluation is None else self._record(may_begin=False)
            if batch is not None and evaluation is not None and record is not None:
                record.evaluate(evaluation, criterion, batch)

    # --- where it is recorded

    @property
    def _is_deaf(self) -> bool:
        """Also while another framework trains: its steps are recorded as it tells them. What the
        user trains in an objective of Optuna is his own loop."""
        is_its = here.is_inside and not is_users_call_in_loop("optuna.")
        return is_its or not self._library.switch.records_here

    def _record(self, optimizer: Any = None, *, may_begin: bool = True) -> LoopRecord | None:
        run = current_session().active_run()
        records = [] if run is None else self._records.get(run, [])
        record = _whose(records, optimizer)
        if record is None and may_begin and not is_inside_recorded_call():
            if not is_first_rank():
                other_rank().look()
                return None
            with self._lock:
                return self._begun(run)
        return record

    def _begun(self, run: ActiveRun | None) -> LoopRecord | None:
        flags: CommonFlags = self._library.flags
        if run is not None and flags.exclusive:
            return None
        self._library.say_if_untested()
        found = run or current_session().run_to_log_to()
        if isinstance(found, AttachedRun):  # of the process that spawned this one
            found = current_session().start_run(name="training", nested=True)
        if not isinstance(found, ActiveRun) or not found.is_ours:
            return None
        records = self._records.setdefault(found, [])
        own = _beside(found, number=len(records) + 1) if records else found
        own.set_tags({AUTOLOG_TAG: "pytorch", **(flags.extra_tags or {})})
        record = LoopRecord(
            own, thread=watch.thread, remember=self._remember, keep_model=self._keep_model
        )
        records.append(record)
        with guarded("tell the other ranks of a run"):
            tell_ranks(own)
        if own is found:
            found.at_end.append(lambda: self._forget(found))
        if run is None:
            current_session().when_cell_ends(found.end)
        return record

    def after_fork(self) -> None:
        self._lock = RLock()

    def _forget(self, run: ActiveRun) -> None:
        """It has ended; its records hold it, and the models."""
        self._records.pop(run, None)

    def _remember(self, run: ActiveRun, model: Module) -> None:
        library = self._library
        known_models.remember(model, Trained(run, lambda: library.flags))

    def _keep_model(self, run: ActiveRun, model: Module, path: str, call: FirstCall) -> None:
        from nbtrack.hooks.pytorch.models import keep_model

        keep_model(run, model, call, self._library.flags, path=path)


def _whose(records: list[LoopRecord], optimizer: Any) -> LoopRecord | None:
    """An optimizer stays where it is, whichever thread steps it; a new one is its thread's. What
    is no step is the only loop's, if there is but one: some evaluate in another thread."""
    for record in records:
        if optimizer is not None and record.knows(optimizer):
            return record
    for record in records:
        if record.thread is watch.thread:
            return record
    return records[0] if optimizer is None and len(records) == 1 else None


def _beside(run: ActiveRun, *, number: int) -> ActiveRun:
    """A child for the loops of another thread, which go on at the same time. It is not the active
    one: what the user logs is on *run*, as he says."""
    session = current_session()
    child = session.start_run(name=f"training {number}", nested=True)
    session.stack.pop(child)
    run.at_end.append(child.end)
    return child


def _is_loss(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and "reduction" in code.co_varnames[: code.co_argcount]


def _is_called_by_torch() -> bool:
    """Ask from what a tap tells."""
    return sys._getframe(3).f_globals.get("__name__") in (_LOSSES, torch.nn.functional.__name__)


def _closure(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Of a step; *args* begin with the optimizer."""
    return args[1] if len(args) > 1 else kwargs.get("closure")


def _is_plain(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `backward` is given no gradients to begin with, and no tensors to end at."""
    gradients = args[1] if len(args) > 1 else kwargs.get("grad_tensors")
    ends = args[5] if len(args) > 5 else kwargs.get("inputs")
    return (gradients is None or _is_nothing(gradients)) and ends is None


def _is_nothing(given: Any) -> bool:
    return given is None or (isinstance(given, tuple | list) and all(map(_is_nothing, given)))


loops = Loops(library)
os.register_at_fork(after_in_child=loops.after_fork)
