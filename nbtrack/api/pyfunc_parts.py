"""What `nbtrack.pyfunc.log_model` and `save_model` are given, as the parts of a model folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.code_models import model_in
from nbtrack.models.example_signature import signature_for
from nbtrack.models.flavours import loader_module as loader_flavour
from nbtrack.models.flavours import python_model as flavour
from nbtrack.models.folder import FlavorParts, SaveOptions
from nbtrack.models.input_example import InputExample, kept_example
from nbtrack.models.model_config import config_in
from nbtrack.models.model_uris import path_of_artifact
from nbtrack.models.python_model import PythonModelContext
from nbtrack.models.python_signature import signature_of
from nbtrack.models.requirements import own_files

_Paths = Collection[str | Path]


def prepared(
    python_model: Any = None,
    *,
    loader_module: str | None = None,
    data_path: str | Path | None = None,
    artifacts: Mapping[str, str | Path] | None = None,
    model_config: Mapping[str, Any] | str | Path | None = None,
    streamable: bool | None = None,
    signature: Any = None,
    input_example: Any = None,
    code_paths: _Paths | None = None,
    infer_code_paths: bool = False,
    **rest: Any,
) -> tuple[FlavorParts, SaveOptions]:
    """Raises InvalidValue, ModelNotSaved, ModelNotLoaded."""
    _check_one_kind(python_model, loader_module, data_path, artifacts)
    config = None if model_config is None else config_in(model_config)
    example = kept_example(input_example)
    given: dict[str, Any] = {"model_config": config, "streamable": streamable}
    if loader_module is not None:
        parts = loader_flavour.parts_of(loader_module, data_path, **given)
        found = _signature_of_loader(signature, example, loader_module, data_path)
    else:
        file, model = _python_model(python_model, config)
        parts = flavour.parts_of(model, artifacts=artifacts, code_file=file, **given)
        found = _signature_of_model(signature, example, model, artifacts, config)
    code = code_paths or (own_files(parts.modules) if infer_code_paths else None)
    return parts, SaveOptions(signature=found, input_example=example, code_paths=code, **rest)


def _check_one_kind(
    python_model: Any, loader_module: Any, data_path: Any, artifacts: Mapping[str, Any] | None
) -> None:
    if python_model is None and loader_module is None:
        raise InvalidValue("Give python_model=, or loader_module=, the name of a module.")
    is_loaded = loader_module is not None or data_path is not None
    if is_loaded and (python_model is not None or artifacts):
        raise InvalidValue(
            "Give loader_module= with data_path=, or python_model= with artifacts=: they are two "
            f"ways to keep a model. Given are artifacts={artifacts!r}, data_path={data_path!r}, "
            f"loader_module={loader_module!r}, python_model={python_model!r}."
        )


def _python_model(given: Any, config: Mapping[str, Any] | None) -> tuple[Path | None, Any]:
    """(the file that makes the model, if it is given as one; the model)."""
    if not isinstance(given, str | Path):
        return None, flavour.as_python_model(given)
    file = Path(given).expanduser().absolute()
    if not file.is_file() or file.suffix != ".py":
        raise InvalidValue(
            f"python_model is {str(given)!r}, which is no Python file; a model that is kept as "
            "code is a .py file that ends with nbtrack.models.set_model(model)."
        )
    return file, flavour.as_python_model(model_in(file, config))


def _signature_of_loader(
    given: Any, example: InputExample | None, loader_module: str, data_path: str | Path | None
) -> Any:
    def predict(data: Any) -> Any:
        return loader_flavour.predictor_here(loader_module, data_path).predict(data)

    return signature_for(given, example, predict)


def _signature_of_model(
    given: Any,
    example: InputExample | None,
    model: Any,
    artifacts: Mapping[str, str | Path] | None,
    config: dict[str, Any] | None,
) -> Any:
    """Of an example, the model is asked: with its artifacts where they are now."""

    def predict(data: Any) -> Any:
        paths = {n: str(path_of_artifact(uri)) for n, uri in (artifacts or {}).items()}
        context = PythonModelContext(artifacts=paths, model_config=config or None)
        params = None if example is None else example.params
        return flavour.predictor_of(model, context).predict(data, params)

    return signature_of(given, example, model.predict_type_hints, predict)
