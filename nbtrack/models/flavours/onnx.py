"""ONNX's models, in their own format; onnxruntime predicts. MLflow's layout.

The numbers are in a file beside the model, as MLflow has them, so that it may be of any size.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.sources import files_under
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved
from nbtrack.models.flavours.library_files import version_of
from nbtrack.models.folder import Content, FlavorParts
from nbtrack.models.mlmodel_file import Model, config_of

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "onnx"
_FILE, _NUMBERS = "model.onnx", "model.onnx.data"
_CPU = "CPUExecutionProvider"
_PROVIDERS = ("CUDAExecutionProvider", _CPU)
_MODES = {"sequential": "ORT_SEQUENTIAL", "parallel": "ORT_PARALLEL"}
_SESSION_OPTIONS = frozenset(
    {
        *("execution_mode", "extra_session_config", "graph_optimization_level"),
        *("inter_op_num_threads", "intra_op_num_threads"),
    }
)


def parts_of(
    model: Any,
    *,
    onnx_execution_providers: Collection[Any] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
    **save_options: Any,
) -> FlavorParts:
    """*save_options* are for `onnx.save_model`. Raises ModelNotSaved, InvalidValue."""
    import onnx

    if not isinstance(model, onnx.ModelProto):
        raise InvalidValue(f"A {type(model).__name__} is no onnx.ModelProto.")
    _check(onnx_session_options or {})
    if save_as_external_data:
        save_options = {"location": _NUMBERS, **save_options}
    files, folder = _written(model, save_as_external_data=save_as_external_data, **save_options)
    found = FlavorParts(
        name=NAME,
        config={
            "onnx_version": version_of("onnx"),
            "data": _FILE,
            "providers": list(onnx_execution_providers or _PROVIDERS),
            "onnx_session_options": onnx_session_options,
        },
        files=files,
        modules={"onnx", "onnxruntime", "numpy", "pandas"},
        pyfunc={"loader_module": "mlflow.onnx", "data": _FILE},
    )
    weakref.finalize(found, folder.cleanup)
    return found


def _written(
    model: Any, **save_options: Any
) -> tuple[dict[str, Content], tempfile.TemporaryDirectory[str]]:
    """The files, and the folder that they are in until they are copied."""
    import onnx

    copy = onnx.ModelProto()  # numbers that go into a file are taken out of the model
    copy.CopyFrom(model)
    folder = tempfile.TemporaryDirectory()
    try:
        onnx.save_model(copy, str(Path(folder.name, _FILE)), **save_options)
    except (ValueError, TypeError, OSError) as exc:
        raise ModelNotSaved(f"The model cannot be saved: {exc}. Nothing was stored.") from exc
    place = Path(folder.name)
    return dict(files_under(place, without=place / ".nbtrack")), folder


def _check(options: Mapping[str, Any]) -> None:
    unknown = sorted(options.keys() - _SESSION_OPTIONS)
    if unknown:
        known = ", ".join(sorted(_SESSION_OPTIONS))
        raise InvalidValue(f"{unknown[0]!r} is no option of a session; there are {known}.")
    mode = str(options.get("execution_mode") or "sequential")
    if mode.lower() not in _MODES:
        raise InvalidValue(f"execution_mode is {mode!r}; there are {', '.join(_MODES)}.")


def load(folder: Path, model: Model, options: LoadOptions) -> Any:  # noqa: ARG001 - all flavours'
    """The ModelProto. Raises ModelNotLoaded."""
    import onnx

    file = str(folder / str(config_of(folder, model, NAME)["data"]))
    try:
        onnx.checker.check_model(file)
        return onnx.load(file)
    except (onnx.checker.ValidationError, ValueError, OSError) as exc:
        raise ModelNotLoaded(f"{file!r} is no model that onnx takes: {exc}.") from exc


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> OnnxPredictor:  # noqa: ARG001
    config = config_of(folder, model, NAME)
    predictor = OnnxPredictor(str(folder / str(config.get("data", _FILE))), config)
    predictor.raw_model()  # a file that cannot be read is told now
    return predictor


def predictor_of(model: Any) -> OnnxPredictor:
    return OnnxPredictor(model, {})


class OnnxPredictor:
    """It predicts as the model behind `mlflow.pyfunc` does. *source* is a file or a model."""

    def __init__(self, source: Any, config: Mapping[str, Any]) -> None:
        self._source, self._config = source, config
        self._session: Any = None

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        import numpy as np
        import pandas as pd

        _ = params  # MLflow hands none on
        session = self.raw_model()
        names = [output.name for output in session.get_outputs()]
        found = session.run(names, _fed(session.get_inputs(), data))
        if not isinstance(data, pd.DataFrame):
            return dict(zip(names, found))
        return pd.DataFrame({n: np.asarray(each).reshape(-1) for n, each in zip(names, found)})

    def raw_model(self) -> Any:
        if self._session is None:
            self._session = _session(self._source, self._config)
        return self._session


def _session(source: Any, config: Mapping[str, Any]) -> Any:
    """Raises ModelNotLoaded."""
    import onnxruntime

    settings = _settings(config.get("onnx_session_options") or {})
    try:
        given = source if isinstance(source, str) else source.SerializeToString()
        return onnxruntime.InferenceSession(given, settings, providers=_providers(config))
    except Exception as exc:  # onnxruntime has a class of its own for each fault
        raise ModelNotLoaded(f"onnxruntime does not take the model: {exc}.") from exc


def _providers(config: Mapping[str, Any]) -> list[Any]:
    """Of those that the model is for, the ones that there are here."""
    import onnxruntime

    listed = config.get("providers") or _PROVIDERS
    listed = [listed] if isinstance(listed, str) else listed
    there = set(onnxruntime.get_available_providers())
    # A name and its options are a list in MLmodel.
    pairs = [tuple(each) if isinstance(each, list) else each for each in listed]
    found = [each for each in pairs if (each if isinstance(each, str) else each[0]) in there]
    return found or [_CPU]


def _settings(options: Mapping[str, Any]) -> Any:
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    for name in ("inter_op_num_threads", "intra_op_num_threads"):
        if options.get(name):
            setattr(settings, name, options[name])
    if mode := options.get("execution_mode"):
        settings.execution_mode = getattr(onnxruntime.ExecutionMode, _MODES[mode.lower()])
    if level := options.get("graph_optimization_level"):
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel(level)
    for key, value in (options.get("extra_session_config") or {}).items():
        settings.add_session_config_entry(key, value)
    return settings


def _fed(inputs: Collection[Any], data: Any) -> dict[str, Any]:
    """What each input is given. Raises InvalidValue."""
    import numpy as np

    names = [each.name for each in inputs]
    if isinstance(data, Mapping):
        fed = {name: np.asarray(value) for name, value in data.items()}
    elif hasattr(data, "iloc"):
        single = {names[0]: data.values}
        fed = single if len(names) == 1 else {name: data[name].values for name in names}
    elif isinstance(data, np.ndarray) and len(names) == 1:
        fed = {names[0]: data}
    else:
        raise InvalidValue(
            f"The model takes {', '.join(names)}: give a dict or a frame"
            f"{' or an array' if len(names) == 1 else ''}, not a {type(data).__name__}."
        )
    singles = {each.name for each in inputs if each.type == "tensor(float)"}
    return {name: _as_single(each) if name in singles else each for name, each in fed.items()}


def _as_single(values: Any) -> Any:
    """Requests bring doubles, which onnxruntime takes for no floats."""
    return values.astype("float32") if values.dtype == "float64" else values
