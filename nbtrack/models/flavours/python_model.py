"""`PythonModel`s and functions, pickled or as the file that makes them, with what they need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from inspect import signature, unwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.models.code_models import model_in
from nbtrack.models.flavours.foreign import takes_params
from nbtrack.models.folder import Content, FlavorParts, named_files
from nbtrack.models.mlmodel_file import PYFUNC, Model
from nbtrack.models.model_config import replaced
from nbtrack.models.model_uris import path_of_artifact
from nbtrack.models.pickled_modules import imported_in, imported_when_run
from nbtrack.models.pickling import pickled
from nbtrack.models.python_model import FunctionModel, PythonModelContext
from nbtrack.models.type_hints import parameter_names
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
    code_file: Path | None = None,
    streamable: bool | None = None,
) -> FlavorParts:
    """*artifacts*: {name: path or URI} of files and folders. Raises ModelNotSaved, InvalidValue.

    With *code_file*, that is kept in place of the object that it made.
    """
    kept, where, modules = _code(code_file) if code_file else _pickle(python_model)
    files, config = _artifacts(artifacts or {})
    pyfunc = {
        "loader_module": "mlflow.pyfunc.model",
        **where,
        "streamable": _streams(python_model) if streamable is None else streamable,
        "code": None,
        **({"artifacts": config} if config else {}),
        **({"config": dict(model_config)} if model_config else {}),
    }
    return FlavorParts(
        name=PYFUNC, config={}, files={**kept, **files}, modules=modules, pyfunc=pyfunc
    )


def _pickle(model: Any) -> tuple[dict[str, Content], dict[str, Any], Collection[str]]:
    import cloudpickle

    data, modules = pickled(model, "cloudpickle", name="python_model")
    where = {"python_model": FILE, "cloudpickle_version": cloudpickle.__version__}
    return {FILE: data}, where, modules | _imported_by(model)


def _imported_by(model: Any) -> frozenset[str]:
    """In its functions, also where a module of the user's has them, which pickles only name."""
    own = [getattr(model, "function", None), *_methods_of(type(model))]
    codes = [getattr(unwrap(each), "__code__", None) for each in own if callable(each)]
    return frozenset[str]().union(*(imported_when_run(code) for code in codes if code is not None))


def _methods_of(kind: type) -> Iterator[Any]:
    """But those of ours, and of MLflow's classes."""
    for each in kind.__mro__:
        if not each.__module__.startswith(("nbtrack.", "mlflow.")):
            yield from vars(each).values()


def _code(file: Path) -> tuple[dict[str, Content], dict[str, Any], Collection[str]]:
    text = file.read_bytes()
    return {file.name: text}, {"model_code_path": file.name}, imported_in(text)


def as_python_model(given: Any) -> Any:
    """An object with `predict`; a function becomes one. Raises InvalidValue."""
    if isinstance(given, type):
        raise InvalidValue(f"python_model is the class {given.__name__}; give an instance of it.")
    if hasattr(given, "predict_type_hints"):  # ours, or MLflow's own PythonModel
        return given
    if callable(given):
        _check_takes_input(given)
        return FunctionModel(given)
    also = ", or give its method: python_model=model.predict" if hasattr(given, "predict") else ""
    raise InvalidValue(
        f"python_model is a {type(given).__name__}; subclass nbtrack.pyfunc.PythonModel{also}."
    )


def _check_takes_input(function: Any) -> None:
    names = [name for name in parameter_names(function) if name != "params"]
    if len(names) != 1:
        raise InvalidValue(
            f"python_model takes {', '.join(names) or 'nothing'}; a function that is a model "
            "takes the input, and params if it has any."
        )


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> PythonModelPredictor:
    config = model.flavors[PYFUNC]
    if options.trusted is not None:
        raise InvalidValue("trusted= is for skops files; this model is a pickle.")
    paths = {name: str(folder / each["path"]) for name, each in config.get(_ARTIFACTS, {}).items()}
    chosen = replaced(config.get("config"), options.model_config)
    context = PythonModelContext(artifacts=paths, model_config=chosen or None)
    return predictor_of(_loaded(folder, config, chosen), context)


def predictor_of(model: Any, context: PythonModelContext) -> PythonModelPredictor:
    """What predicts, with *model* told of its artifacts."""
    if hasattr(model, "load_context"):
        model.load_context(context)
    return PythonModelPredictor(model, context)


def _loaded(folder: Path, config: Mapping[str, Any], model_config: Mapping[str, Any]) -> Any:
    if "model_code_path" not in config:
        return load_pickle(folder / str(config["python_model"]))
    # MLflow writes the whole path that the file once had.
    file = folder / Path(str(config["model_code_path"])).name
    return as_python_model(model_in(file, model_config))


class PythonModelPredictor:
    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self._model, self._context = model, context

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        return self._call(self._model.predict, data, params)

    def predict_stream(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        return self._call(self._model.predict_stream, data, params)

    def _call(self, method: Any, data: Any, params: Mapping[str, Any] | None) -> Any:
        names = [name for name in signature(method).parameters if name != "params"]
        takes_context = "context" in names or len(names) == 2
        given = (self._context, data) if takes_context else (data,)
        return method(*given, **({"params": params} if takes_params(method) else {}))

    def raw_model(self) -> Any:
        return self._model


def _streams(model: Any) -> bool:
    own = getattr(type(model), "predict_stream", None)
    return own is not None and not getattr(own, "__module__", "").startswith(("nbtrack.", "mlflow"))


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
