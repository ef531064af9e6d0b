"""From what the taps tell to the record of the run that the code belongs to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
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
from nbtrack.hooks.nesting import here as nesting
from nbtrack.hooks.nesting import is_inside_recorded_call, is_users_call_in_loop
from nbtrack.hooks.pytorch.evaluations import BatchLoss, batch_loss
from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.hook import library
from nbtrack.hooks.pytorch.ranks import is_first_rank, other_rank, tell_ranks
from nbtrack.hooks.pytorch.record import LoopRecord
from nbtrack.hooks.pytorch.roots import Group
from nbtrack.hooks.pytorch.steps import Steps
from nbtrack.hooks.pytorch.taps import Taps
from nbtrack.hooks.pytorch.watch import Watch, threads
from nbtrack.recording.active_run import ActiveRun, AttachedRun
from nbtrack.recording.here import changes
from nbtrack.recording.here import here as active_here
from nbtrack.recording.session import current_session
from nbtrack.records.tags import AUTOLOG_TAG

place = active_here.get
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
        for name, function in list(vars(torch.nn.functional).items()):
            if "reduction" in (names := _parameters(function)):
                told = partial(self.loss_computed, name, names)
                put(torch.nn.functional, name, told, unless=torch.is_grad_enabled)

    def end(self) -> None:
        self._taps.remove()

    # --- what the taps tell

    def begins_step(self, _: Any, args: Any, kwargs: Any) -> None:
        if _closure(args, kwargs) is not None:
            threads.watch.group = Group()  # it calls `backward` within the step

    def stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        watch = threads.watch
        if watch.mark is not changes.mark or watch.place is not place() or nesting.is_inside:
            self._look_around(watch)
        if watch.is_deaf:
            return
        is_to_stop = False
        try:
            group, watch.is_scaled = watch.group, False
            before, group.steps = group.steps, group.steps + 1
            steps = watch.bound.get(id(optimizer))
            if steps is None or steps.optimizer() is not optimizer:
                steps = self._bind(watch, optimizer)
            if steps is not None:
                has_closure = (len(args) > 1 or kwargs) and _closure(args, kwargs) is not None
                is_to_stop = steps.add(
                    steps, optimizer, watch, place=before, has_closure=has_closure
                )
        except Exception as exc:  # noqa: BLE001 - see `base.guard`
            _STEP.tell(exc)
        if is_to_stop:
            raise StopTraining

    def went_back(self, _: None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        watch = threads.watch
        if watch.mark is not changes.mark or watch.place is not place() or nesting.is_inside:
            self._look_around(watch)
        if watch.is_deaf:
            return
        try:
            group = watch.group
            if group.steps or group.is_closed:
                group = watch.group = Group()
            root = args[0] if args else kwargs.get("tensors")
            value = watch.value_of(root) if _is_plain(args, kwargs) else None
            if value is None:
                group.is_unclear = True
            elif group.first is None:
                group.first = group.root = value
            else:
                group.add(value)
        except Exception as exc:  # noqa: BLE001 - as above
            _BACKWARD.tell(exc)

    def zeroed(self, _: None, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - as taps tell
        watch = threads.watch
        group = watch.group
        if not group.steps and (group.root is not None or group.is_unclear):
            self._look_around(watch)
            if not watch.is_deaf:
                # It may have dropped those of one optimizer alone.
                group.drop(is_unclear=self._count_optimizers() > 1)

    def _count_optimizers(self) -> int:
        with guarded("count the optimizers of a training loop"):
            record = self._record(may_begin=False)
            return 0 if record is None else record.optimizers
        return 0

    def scaled(self, result: Any, args: Any, kwargs: Any) -> None:
        with guarded("look at what a GradScaler scales"):
            threads.watch.note_scaled(args[1] if len(args) > 1 else kwargs.get("outputs"), result)

    def scaler_stepped(self, _: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        threads.watch.close()

    def pass_began(self, iterator: Any, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        with guarded("note a pass over a DataLoader"):
            threads.watch.passes.begin(args[0], iterator)

    def loss_computed(
        self, name: str, names: Sequence[str], result: Any, args: Any, kwargs: Any
    ) -> None:
        """A function of torch's, where no gradients are wanted; its modules call them."""
        caller = sys._getframe(2)  # of the tap
        module = caller.f_globals.get("__name__")
        if module == torch.nn.functional.__name__ or self._is_deaf(threads.watch):
            return  # what calls it is a loss itself, and tells
        with guarded("record the loss of an evaluation"):
            criterion = str(id(caller.f_locals["self"])) if module == _LOSSES else name
            given = {"reduction": "mean", **dict(zip(names, args, strict=False)), **kwargs}
            batch = batch_loss(result, given.get(names[0]), given.get("target"), given)
            self._evaluated(criterion, batch)

    def _evaluated(self, criterion: str, batch: BatchLoss | None) -> None:
        evaluation = None if batch is None else threads.watch.passes.evaluation()
        record = None if evaluation is None else self._record(may_begin=False)
        if batch is not None and evaluation is not None and record is not None:
            record.evaluate(evaluation, criterion, batch)

    # --- where it is recorded

    def _is_deaf(self, watch: Watch) -> bool:
        self._look_around(watch)
        return watch.is_deaf

    def _look_around(self, watch: Watch) -> None:
        """Whether something is recorded here, which holds until somebody changes what is active.
        Nothing is while another framework trains: its steps are recorded as it tells them. What
        the user trains in an objective of Optuna is his own loop."""
        mark = changes.mark
        is_its = nesting.is_inside and not is_users_call_in_loop("optuna.")
        watch.is_deaf = is_its or not self._library.switch.records_here
        if watch.bound_at is not mark or watch.place is not place():
            watch.bound_at, watch.place, watch.bound = mark, place(), {}
        # Nobody tells when a call is over, so what holds within one is not kept.
        watch.mark = None if nesting.is_inside else mark

    def _bind(self, watch: Watch, optimizer: Any) -> Steps | None:
        """To its steps, in the record of the run that is active."""
        record = self._record(optimizer)
        if record is None:
            return None
        steps = record.steps_of(optimizer) or record.begin(optimizer)
        alive = {k: each for k, each in watch.bound.items() if each.optimizer() is not None}
        watch.bound = {**alive, id(optimizer): steps}
        return steps

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
            own, thread=threads.watch.thread, remember=self._remember, keep_model=self._keep_model
        )
        records.append(record)
        with guarded("tell the other ranks of a run"):
            tell_ranks(own)
        if own is found:
            found.at_end.append(lambda: self._forget(found))
        if run is None:
            current_session().stack.when_cell_ends(found.end)
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
        if optimizer is not None and record.steps_of(optimizer) is not None:
            return record
    for record in records:
        if record.thread is threads.watch.thread:
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


def _parameters(function: Any) -> tuple[str, ...]:
    """Of a function that is written in Python."""
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


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
