"""The params of a training: what TrainingArguments and the model's config say, by the names that
they have there, as MLflow's callback has them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.hooks.training.param_origins import NO_DEFAULT, param_origin
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.records.origins import Origin

Params = dict[str, tuple[str, Origin]]

# How the work is done, not what is computed; and what Trainer sets itself.
_BOOKKEEPING = (
    "_name_or_path", "accelerator_config", "architectures", "dataloader_", "ddp_", "debug",
    "disable_tqdm", "do_", "dtype", "hub_", "id2label", "include_", "label2id", "local_rank",
    "log_", "logging_", "output_", "per_device_eval_", "project", "push_to_hub", "report_to",
    "return_dict", "run_name", "save_", "skip_memory_metrics", "torch_dtype", "trackio_",
    "transformers_version", "use_cache", "use_cpu",
)  # fmt: skip
# Made of None by TrainingArguments.
_MADE_OF_NONE = {"activation_checkpointing": False, "gradient_checkpointing": False}


def params_of(trainer: Any) -> Params:
    found: Params = {}
    for values, defaults in (
        (_config_of(trainer.model), _config_defaults(trainer.model)),
        (trainer.args.to_dict(), _argument_defaults(trainer.args)),
        (dict(_of_early_stopping(trainer)), {}),
    ):
        found |= _with_origins(values, defaults)
    sizes = dict(_of_data(trainer))
    return found | {key: (param_text(v), Origin.UNTOLD) for key, v in sizes.items()}


def chosen(trainer: Any) -> dict[str, Any]:
    """The arguments that differ from the defaults and change what is computed; the rate first."""
    args = trainer.args.to_dict()
    args = {"learning_rate": args["learning_rate"], **args}
    known = _with_origins(args, _argument_defaults(trainer.args))
    return {k: v for k, v in args.items() if k in known and known[k][1] is Origin.CHANGED}


def _with_origins(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Params:
    return {
        storable_key(name): (param_text(value), _origin(name, value, defaults))
        for name, value in values.items()
        if not is_secret_name(name)
    }


def _origin(name: str, value: Any, defaults: Mapping[str, Any]) -> Origin:
    if name.startswith(_BOOKKEEPING):
        return Origin.BOOKKEEPING
    if not defaults:
        return Origin.CHANGED
    default = defaults.get(name, NO_DEFAULT)
    if default is NO_DEFAULT:
        return Origin.UNTOLD
    # As texts: lists and dicts are plain here, and a float may stand for an int.
    return param_origin(name, param_text(value), param_text(default))


def _config_of(model: Any) -> dict[str, Any]:
    config: Any = getattr(model, "config", None)
    return dict(config.to_dict()) if hasattr(config, "to_dict") else {}


def _config_defaults(model: Any) -> Mapping[str, Any]:
    """What a config of that kind has if nothing is said; some kinds cannot be made so."""
    kind: Any = type(getattr(model, "config", None))
    with guarded("look up the defaults of a model's config"):
        return dict(kind().to_dict()) if hasattr(kind, "to_dict") else {}
    return {"": None}


def _argument_defaults(args: Any) -> Mapping[str, Any]:
    found = {field.name: _default_of(field) for field in dataclasses.fields(args)}
    return found | {name: v for name, v in _MADE_OF_NONE.items() if name in found}


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    if field.default is dataclasses.MISSING:
        return NO_DEFAULT
    return field.default.value if isinstance(field.default, Enum) else field.default


def _of_early_stopping(trainer: Any) -> Iterator[tuple[str, Any]]:
    for callback in trainer.callback_handler.callbacks:
        for name in ("early_stopping_patience", "early_stopping_threshold"):
            if hasattr(callback, name):
                yield name, getattr(callback, name)


def _of_data(trainer: Any) -> Iterator[tuple[str, Any]]:
    """How much there is of it; what reads it all would cost as much as an epoch."""
    for name in ("train_dataset", "eval_dataset"):
        data: Any = getattr(trainer, name, None)
        if hasattr(data, "__len__") and not isinstance(data, dict):
            yield f"{name}_rows", len(data)
        if isinstance(fingerprint := getattr(data, "_fingerprint", None), str):  # of `datasets`
            yield f"{name}_fingerprint", fingerprint
