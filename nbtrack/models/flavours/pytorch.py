"""PyTorch's modules: weights that run no code, and the whole module as `torch.export` writes it.

| `serialization_format` | what is kept                                                    |
|------------------------|-----------------------------------------------------------------|
| None                   | the weights; the module too, if there is an example to trace it |
| "pt2"                  | both, and it fails where the module cannot be exported          |
| "pickle"               | the module as a pickle, which runs code when it is loaded       |
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved
from nbtrack.models.flavours.library_files import version_of, written
from nbtrack.models.folder import Content, FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of

if TYPE_CHECKING:
    from torch.nn import Module

    from nbtrack.models.load_options import LoadOptions

NAME = "pytorch"
WITHOUT_PYFUNC = "the weights of a PyTorch model are no module (input_example= keeps that too)"
FORMATS = (None, "pt2", "pickle")
_EXPORTED = "data/model.pt2"
_PICKLED = "data/model.pth"
_PICKLE_MODULE = "data/pickle_module_info.txt"
_SAFETENSORS = "data/state_dict.safetensors"
_STATE = "data/state_dict.pth"  # where safetensors is not installed


def parts_of(
    model: Any, *, serialization_format: str | None = None, example: Any = None
) -> FlavorParts:
    """*example* is what the module is called with, to trace it. Raises ModelNotSaved,
    InvalidValue."""
    from torch.nn import Module

    if not isinstance(model, Module):
        raise InvalidValue(f"A {type(model).__name__} is no torch.nn.Module.")
    if serialization_format not in FORMATS:
        raise InvalidValue(f"serialization_format is {serialization_format!r}; pt2 or pickle.")
    if serialization_format == "pickle":
        files, is_whole = _pickled(model), True
    else:
        files = _weights(model)
        exported = _exported(model, example, is_asked=serialization_format == "pt2")
        files |= exported
        is_whole = bool(exported)
    config: dict[str, Any] = {
        "model_data": "data",
        "pytorch_version": version_of("torch"),
        "serialization_format": serialization_format or ("pt2" if is_whole else "state_dict"),
    }
    pyfunc = {"loader_module": "mlflow.pytorch", "data": "data", "config": {"device": None}}
    return FlavorParts(
        name=NAME,
        config=config,
        files=files,
        modules={"torch", "numpy", *(["safetensors"] if _SAFETENSORS in files else [])},
        pyfunc=pyfunc if is_whole else None,
    )


def _weights(model: Module) -> dict[str, Content]:
    import torch

    state = model.state_dict()
    if all(map(torch.is_tensor, state.values())):
        with suppress(ImportError):
            safetensors = importlib.import_module("safetensors.torch")
            # Copies: it refuses names that share memory, as tied weights do.
            copies = {name: value.clone().contiguous() for name, value in state.items()}
            return {_SAFETENSORS: safetensors.save(copies)}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return {_STATE: buffer.getvalue()}


def _exported(model: Module, example: Any, *, is_asked: bool) -> dict[str, Content]:
    if example is None:
        if is_asked:
            raise InvalidValue("serialization_format='pt2' needs an input_example.")
        return {}
    try:
        return {_EXPORTED: _program(model, tensor_of(example))}
    except Exception as exc:  # any: it runs the user's forward
        if is_asked:
            raise ModelNotSaved(f"torch.export cannot take the model: {exc}.") from exc
        warn_once(
            f"nbtrack: torch.export cannot take {type(model).__name__} ({type(exc).__name__}); "
            "its weights are kept, without the module."
        )
        return {}


def _program(model: Module, example: Any) -> bytes:
    import torch

    rows = torch.cat([example, example]) if example.dim() and len(example) == 1 else example
    place = next(iter(model.parameters()), rows).device
    any_number = ({0: torch.export.Dim("batch")},) if rows.dim() else None
    with evaluating(model):
        program = torch.export.export(model, (rows.to(place),), dynamic_shapes=any_number)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getvalue()


def _pickled(model: Module) -> dict[str, Content]:
    import cloudpickle
    import torch

    def write(path: str) -> None:
        torch.save(model, path, pickle_module=cloudpickle)

    # The name is for MLflow: a module that can read what cloudpickle writes, as any can.
    module = b"mlflow.pytorch.pickle_module"
    return {_PICKLED: written(write, "model.pth"), _PICKLE_MODULE: module}


def load(folder: Path, model: Model, options: LoadOptions) -> Any:  # noqa: ARG001 - all flavours'
    """The module; the weights alone, by name, if nothing else was kept. Raises ModelNotLoaded."""
    import torch

    config = config_of(folder, model, NAME)
    data = folder / str(config.get("model_data", "data"))
    if (file := data / "model.pt2").exists():
        return torch.export.load(file).module()
    if (file := data / "model.pth").exists():
        return _unpickled(file, config)
    return _state_in(data)


def _unpickled(file: Path, config: Mapping[str, Any]) -> Any:
    """It was asked for when it was saved, and runs code of the file, as every pickle does."""
    import torch

    warn_once(f"nbtrack: {file.name} is a pickle (serialization_format='pickle'), and runs code.")
    try:
        loaded = torch.load(file, weights_only=False)
    except (AttributeError, ImportError) as exc:
        version = config.get("pytorch_version")
        raise ModelNotLoaded(f"The model (torch {version}) cannot be loaded: {exc}.") from exc
    return loaded.eval()


def _state_in(data: Path) -> Any:
    import torch

    if (file := data / Path(_SAFETENSORS).name).exists():
        return importlib.import_module("safetensors.torch").load_file(file)
    if (file := data / Path(_STATE).name).exists():
        return torch.load(file, weights_only=True)
    raise ModelNotLoaded(f"{str(data)!r} has neither a module of torch nor weights.")


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> TorchPredictor:
    return TorchPredictor(load(folder, model, options))


class TorchPredictor:
    """It predicts as the model behind `mlflow.pyfunc` does."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        import torch

        given = tensor_of(data)
        place = next(iter(self._model.parameters()), given).device
        with torch.no_grad():
            found = self._model(given.to(place), **(params or {})).cpu().numpy()
        if not hasattr(data, "iloc"):
            return found
        frame = type(data)(found)
        frame.index = data.index
        return frame

    def raw_model(self) -> Any:
        return self._model


class TrainedPredictor(TorchPredictor):
    """Of a module that goes on as it was."""

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        with evaluating(self._model):
            return super().predict(data, params)


predictor_of = TrainedPredictor


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Each of its modules is in the mode again that it was in: some may be frozen."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training


def tensor_of(data: Any) -> Any:
    """Of a frame, an array or a tensor. Raises InvalidValue."""
    import numpy as np
    import torch

    if isinstance(data, torch.Tensor):
        return data
    if hasattr(data, "iloc"):
        return torch.from_numpy(np.array(data, dtype=np.float32))
    if isinstance(data, np.ndarray):
        return torch.from_numpy(np.require(data, requirements="W"))
    raise InvalidValue(f"PyTorch models take a frame or an array, not a {type(data).__name__}.")
