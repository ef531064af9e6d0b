"""`PythonModel`s and functions, pickled with the files they need."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.models.flavours.foreign import takes_params
from nbtrack.models.folder import Content, FlavorParts, named_files
from nbtrack.models.mlmodel_file import PYFUNC, Model
from nbtrack.models.model_uris import path_of_artifact
from nbtrack.models.pickling import pickled
from nbtrack.models.python_model import FunctionModel, PythonModelContext
from nbtrack.models.unpickling import load_pickle

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

FILE = "python_model.pkl"
_ARTIFACTS = "artifacts"


def parts_of(
    python_model: Any,
    *,
    artifacts: Mapping[str, str | Path] | None = None,
    model_config: Mapping[str, Any] | None = None,
) -> FlavorParts:
    """*artifacts*: {name: path or URI} of files and folders. Raises ModelNotSaved, InvalidValue."""
    import cloudpickle

    model = as_python_model(python_model)
    data, modules = pickled(model, "cloudpickle", name="python_model")
    files, config = _artifacts(artifacts or {})
    pyfunc = {
        "loader_module": "mlflow.pyfunc.model",
        "python_model": FILE,
        "cloudpickle_version": cloudpickle.__version__,
        "streamable": False,
        "code": None,
        **({"artifacts": config} if config else {}),
        **({"config": dict(model_config)} if model_config else {}),
    }
    return FlavorParts(
        name=PYFUNC,
        config={},
        files={FILE: data, **files},
        modules=modules,
        pyfunc=pyfunc,
    )


def as_python_model(given: Any) -> Any:
    """An object with `predict`; a function becomes one. Raises InvalidValue."""
    if isinstance(given, type):
        raise InvalidValue(f"python_model is the class {given.__name__}; give an instance of it.")
    if isinstance(given, str | Path):
        raise InvalidValue(
            f"python_model is a path ({str(given)!r}). Models from code files are not supported; "
            "give a PythonModel or a function, and the file in code_paths=[…]."
        )
    if hasattr(given, "predict_type_hints"):  # ours, or MLflow's own PythonModel
        return given
    if callable(given):
        return FunctionModel(given)
    also = ", or give its method: python_model=model.predict" if hasattr(given, "predict") else ""
    raise InvalidValue(
        f"python_model is a {type(given).__name__}; subclass nbtrack.pyfunc.PythonModel{also}."
    )


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> PythonModelPredictor:
    config = model.flavors[PYFUNC]
    if options.trusted is not None:
        raise InvalidValue("trusted= is for skops files; this model is a pickle.")
    if "python_model" not in config:
        raise InvalidValue(
            f"The model in {str(folder)!r} is kept as code, which nbtrack does not run; "
            "mlflow.pyfunc.load_model does."
        )
    loaded = load_pickle(folder / str(config["python_model"]))
    paths = {name: str(folder / each["path"]) for name, each in config.get(_ARTIFACTS, {}).items()}
    chosen = {**(config.get("config") or {}), **(options.model_config or {})}
    context = PythonModelContext(artifacts=paths, model_config=chosen or None)
    if hasattr(loaded, "load_context"):
        loaded.load_context(context)
    return PythonModelPredictor(loaded, context)


class PythonModelPredictor:
    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self._model, self._context = model, context
        names = [name for name in signature(model.predict).parameters if name != "params"]
        self._takes_context = "context" in names or len(names) == 2
        self._takes_params = takes_params(model.predict)

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        given = (self._context, data) if self._takes_context else (data,)
        if self._takes_params:
            return self._model.predict(*given, params=params)
        return self._model.predict(*given)

    def raw_model(self) -> Any:
        return self._model


def _artifacts(
    artifacts: Mapping[str, str | Path],
) -> tuple[dict[str, Content], dict[str, dict[str, str]]]:
    """(the files to copy, what MLmodel says of them)."""
    files: dict[str, Content] = {}
    config: dict[str, dict[str, str]] = {}
    for i, (name, uri) in enumerate(artifacts.items()):
        if not isinstance(name, str):
            raise InvalidValue(f"artifacts is a dict of names and paths; {name!r} is no name.")
        place = path_of_artifact(uri)
        path = f"{_ARTIFACTS}/{place.name}"
        if any(known == path or known.startswith(f"{path}/") for known in files):
            path = f"{_ARTIFACTS}/{i}/{place.name}"  # another one is called so
        files |= named_files([place], path.rpartition("/")[0])
        config[name] = {"path": path, "uri": str(uri)}
    return files, config
