"""Keras 3's models in its own format, `.keras`: layers, weights and optimizer, and no code but that
of Lambda layers, which are loaded only if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, ModelNotLoaded
from nbtrack.models.flavours.library_files import version_of, written
from nbtrack.models.folder import FlavorParts
from nbtrack.models.mlmodel_file import Model

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "keras"
OTHER_NAMES = ("tensorflow",)  # MLflow's flavour for the same files
_MODEL = "model.keras"
_SAFELY = {"safe_mode": True}
_FAULTS = (ValueError, TypeError, ImportError, AttributeError, KeyError, OSError, RuntimeError)


def parts_of(
    model: Any,
    *,
    save_exported_model: bool = False,
    save_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
) -> FlavorParts:
    """*save_model_kwargs*, for MLflow's other flavour *keras_model_kwargs*, are for its `save`.

    Raises ModelNotSaved, InvalidValue.
    """
    import keras

    if not isinstance(model, keras.Model):
        raise InvalidValue(f"A {type(model).__name__} is no keras.Model.")
    if save_exported_model:
        raise InvalidValue("save_exported_model=True: nbtrack keeps Keras models as .keras files.")
    options = {**(save_model_kwargs or {}), **(keras_model_kwargs or {})}
    backend = keras.backend.backend()
    return FlavorParts(
        name=NAME,
        config={
            "data": "data",
            "keras_version": version_of("keras"),
            "keras_backend": backend,
            "save_exported_model": False,
            "save_format": "keras",  # mlflow.tensorflow looks for an .h5 file otherwise
        },
        files={
            f"data/{_MODEL}": written(lambda path: model.save(path, **options), _MODEL),
            "data/keras_module.txt": b"keras",
        },
        modules={"keras", backend, "numpy"},
        pyfunc={"loader_module": "mlflow.keras"},
    )


def load(
    folder: Path,
    model: Model,
    options: LoadOptions,  # noqa: ARG001 - all flavours'
    *,
    custom_objects: Mapping[str, Any] | None = None,
    load_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
    saved_model_kwargs: Mapping[str, Any] | None = None,  # noqa: ARG001 - of another format
) -> Any:
    """*load_model_kwargs*, for MLflow's other flavour *keras_model_kwargs*, are for
    `keras.saving.load_model`. Raises ModelNotLoaded.
    """
    import keras

    file = _file_in(folder, model)
    try:
        own = {**_SAFELY, **(load_model_kwargs or {}), **(keras_model_kwargs or {})}
        return keras.saving.load_model(file, **{"custom_objects": custom_objects, **own})
    except _FAULTS as exc:
        raise ModelNotLoaded(f"The model in {str(folder)!r}: {exc} {_cure(exc)}") from exc


def _file_in(folder: Path, model: Model) -> Path:
    found = (config for name in (NAME, *OTHER_NAMES) if (config := model.flavors.get(name)))
    file = folder / str(next(found, {}).get("data", "data")) / _MODEL
    if not file.exists():
        raise ModelNotLoaded(f"There is no {file.name} in {str(folder)!r}, and no other is loaded.")
    return file


def _cure(fault: Exception) -> str:
    if "safe_mode" in str(fault):
        return (
            "It has Python code in it. If you trust who saved it: "
            "nbtrack.keras.load_model(uri, load_model_kwargs={'safe_mode': False})."
        )
    return "Classes of your own are given by load_model(uri, custom_objects={'Name': Name})."


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> KerasPredictor:
    return KerasPredictor(load(folder, model, options))


class KerasPredictor:
    """It predicts as the model behind `mlflow.pyfunc` does."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        _ = params  # MLflow hands none on
        if not hasattr(data, "iloc"):
            return self.answers(data)
        found = type(data)(self.answers(data.to_numpy()))
        found.index = data.index
        return found

    def answers(self, data: Any) -> Any:
        return self._model.predict(data, verbose=0)

    def raw_model(self) -> Any:
        return self._model


class TrainedPredictor(KerasPredictor):
    """Of a model that goes on as it was: no random number is drawn, and nothing is counted."""

    def answers(self, data: Any) -> Any:
        import keras

        with keras.StatelessScope():
            found = self._model(data, training=False)
        return keras.tree.map_structure(keras.ops.convert_to_numpy, found)


predictor_of = TrainedPredictor
