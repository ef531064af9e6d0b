"""The settings of optimizers and schedulers as params, named as MLflow names them for Lightning."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from nbtrack.hooks.training.param_texts import param_text
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.origins import Origin, Origins
from nbtrack.records.runs import Param

Setting = tuple[str, Origin]  # its text, and whether it was chosen

# How the work is done, not what is computed.
_BOOKKEEPING = frozenset(
    {"foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay"}
)
_PLAIN = (int, float, str, bool, tuple, list)
_MOST_MODULES = 1000  # of a summary


def optimizer_params(optimizer: Optimizer) -> dict[str, Setting]:
    defaults = inspect.signature(type(optimizer)).parameters
    found = {"optimizer_name": (type(optimizer).__name__, Origin.CHANGED)}
    first = optimizer.param_groups[0]
    for name in optimizer.defaults:
        value = first.get("initial_lr", first.get("lr")) if name == "lr" else first.get(name)
        default = defaults[name].default if name in defaults else inspect.Parameter.empty
        found[name] = param_text(value), _origin(name, value, default)
    if len(optimizer.param_groups) > 1:
        found["param_groups"] = str(len(optimizer.param_groups)), Origin.UNTOLD
    return found


def _origin(name: str, value: Any, default: Any) -> Origin:
    if name in _BOOKKEEPING:
        return Origin.BOOKKEEPING
    is_default = type(value) in (*_PLAIN, type(None)) and value == default
    return Origin.DEFAULT if is_default else Origin.CHANGED


def scheduler_params(scheduler: LRScheduler) -> dict[str, Setting]:
    """Those that it was made with and keeps: `scheduler_step_size`."""
    found = {"scheduler_name": (type(scheduler).__name__, Origin.CHANGED)}
    for name in inspect.signature(type(scheduler)).parameters:
        value = vars(scheduler).get(name)
        if name not in ("optimizer", "last_epoch", "verbose") and isinstance(value, _PLAIN):
            found[f"scheduler_{name}"] = param_text(value), Origin.UNTOLD
    return found


def device_of(optimizer: Optimizer) -> str:
    places = {str(each.device) for group in optimizer.param_groups for each in group["params"]}
    return ", ".join(sorted(places))


def summary_of(model: Module) -> str:
    """Its modules, and how many numbers are in them."""
    total = sum(each.numel() for each in model.parameters())
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    lines = [f"{'module':40} {'type':24} {'parameters':>14}"]
    for i, (name, module) in enumerate(model.named_modules()):
        if i == _MOST_MODULES:
            lines.append("…")
            break
        own = sum(each.numel() for each in module.parameters(recurse=False))
        lines.append(f"{name or '(model)':40} {type(module).__name__:24} {own:14,}")
    return "\n".join([*lines, "", f"{total:,} parameters, {trained:,} of them trained", ""])


def write_settings(run: RunWriter, found: Mapping[str, Setting]) -> None:
    """But for those whose names are taken: what the user logged is his."""
    new = {key: setting for key, setting in found.items() if key not in run.logged.params}
    if isinstance(run, ActiveRun):
        run.hook_params.update(new)
    run.log_batch(params=[Param(key=key, value=text) for key, (text, _) in new.items()])
    run.note_origins(Origins(params={key: origin for key, (_, origin) in new.items()}))
