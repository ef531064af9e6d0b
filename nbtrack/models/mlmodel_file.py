"""The file MLmodel: what is in a model folder, and how to load it. The format is MLflow's."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import IO, Any, Self

from nbtrack.errors import ModelNotFound, ModelNotLoaded
from nbtrack.models.input_example import (
    load_example,
    load_example_params,
    load_serving_example,
)
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.model_uris import locate
from nbtrack.models.param_schema import ParamSchema
from nbtrack.models.schema import Schema
from nbtrack.models.signature import ModelSignature

FILE_NAME = "MLmodel"
PYFUNC = "python_function"


def _now() -> str:
    # Without a time zone, as MLflow writes it.
    return str(dt.datetime.now(dt.UTC).replace(tzinfo=None))


@dataclass(eq=False)
class Model:
    """The content of an MLmodel file; `extra` keeps what other programs wrote into it."""

    artifact_path: str | None = None
    run_id: str | None = None
    utc_time_created: str = field(default_factory=_now)
    flavors: dict[str, dict[str, Any]] = field(default_factory=dict)
    signature: ModelSignature | None = None
    saved_input_example_info: dict[str, Any] | None = None
    model_uuid: str | None = field(default_factory=lambda: os.urandom(16).hex())
    mlflow_version: str | None = None
    nbtrack_version: str | None = None
    metadata: dict[str, Any] | None = None
    model_size_bytes: int | None = None
    model_id: str | None = None  # of MLflow's logged models
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The model that a folder, a file MLmodel or a URI names. Raises ModelNotFound."""
        place = str(path).rstrip("/")
        folder = place[: -len(FILE_NAME)].rstrip("/") if place.endswith(f"/{FILE_NAME}") else place
        is_file = Path(place).name == FILE_NAME and Path(place).is_file()
        return cls.from_dict(read_content(Path(place) if is_file else locate(folder).folder))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        known = {f.name for f in fields(cls)} - {"extra"}
        facts = {name: value for name, value in content.items() if name in known}
        if facts.get("signature") is not None:
            facts["signature"] = _signature_in(content)
        extra = {n: v for n, v in content.items() if n not in known | set(_HINTS)}
        return cls(**{"model_uuid": None, "utc_time_created": ""} | facts, extra=extra)

    def to_dict(self) -> dict[str, Any]:
        facts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "extra"}
        if self.signature is not None:
            facts["signature"] = self.signature.to_dict()
            facts |= {key: getattr(self.signature, name) for key, name in _HINTS.items()}
        return {n: v for n, v in facts.items() if v is not None} | self.extra

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def to_yaml(self, stream: IO[str] | None = None) -> str:
        text = yaml_text(self.to_dict())
        if stream is not None:
            stream.write(text)
        return text

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def save(self, path: str | Path) -> None:
        Path(path).write_text(self.to_yaml(), encoding="utf-8")

    def add_flavor(self, name: str, **params: Any) -> Self:
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Schema | None:
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> ParamSchema | None:
        return self.signature.params if self.signature else None

    def load_input_example(self, path: str | Path | None = None) -> Any:
        """What was given as the example; without *path* from where it was logged. None if there is
        none.

        Raises ModelNotFound.
        """
        info = self.saved_input_example_info
        return None if info is None else load_example(self._folder(path), info, self.signature)

    def load_input_example_params(self, path: str | Path | None = None) -> Any:
        info = self.saved_input_example_info
        return None if info is None else load_example_params(self._folder(path), info)

    def get_serving_input(self, path: str | Path | None = None) -> str | None:
        """The body of a request with the example, that a server takes."""
        info = self.saved_input_example_info
        return None if info is None else load_serving_example(self._folder(path), info)

    def _folder(self, path: str | Path | None) -> Path:
        return locate(_uri_of(self) if path is None else path).folder

    def get_model_info(self) -> ModelInfo:
        return info_of(self)


# What is beside the signature in the file -> what of the signature it says
_HINTS = {
    "is_signature_from_type_hint": "is_from_type_hint",
    "type_hint_from_example": "is_type_hint_from_example",
}


def _signature_in(content: Mapping[str, Any]) -> ModelSignature | None:
    parts = content["signature"]
    if not any(parts.get(name) for name in ("inputs", "outputs", "params")):
        return None
    said: dict[str, Any] = {name: bool(content.get(key, False)) for key, name in _HINTS.items()}
    return replace(ModelSignature.from_dict(parts), **said)


def read_mlmodel(place: Path) -> Model:
    """The MLmodel of a folder, or the file itself. Raises ModelNotFound, ModelNotLoaded."""
    return Model.from_dict(read_content(place))


def read_content(place: Path) -> dict[str, Any]:
    """The same, as it stands there."""
    import yaml

    file = place if place.name == FILE_NAME else place / FILE_NAME
    try:
        text = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise ModelNotFound(
            f"There is no model in {str(file.parent)!r}: it has no file {FILE_NAME}."
        ) from exc
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as exc:
        raise ModelNotLoaded(f"{str(file)!r} is damaged: {exc}.") from exc
    if not isinstance(content, dict) or not isinstance(content.get("flavors"), dict):
        raise ModelNotLoaded(f"{str(file)!r} is damaged: it names no flavors.")
    return content


def config_of(folder: Path, model: Model, flavour: str) -> dict[str, Any]:
    """What the MLmodel in *folder* says of one of its flavours. Raises ModelNotLoaded."""
    config = model.flavors.get(flavour)
    if config is None:
        raise ModelNotLoaded(
            f"The model in {str(folder)!r} has no flavor {flavour!r}; it has "
            f"{', '.join(model.flavors)}. nbtrack.pyfunc.load_model loads every kind."
        )
    return config


def yaml_text(content: Any) -> str:
    import yaml

    # The C emitter writes a model in 0.5 ms, the Python one in 5 ms.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(content, Dumper=dumper, default_flow_style=False, allow_unicode=True))


def info_of(
    model: Model, *, uri: str | None = None, place: ModelPlace | None = None, digest: str = ""
) -> ModelInfo:
    names = (
        "artifact_path", "run_id", "flavors", "signature", "saved_input_example_info",
        "model_uuid", "utc_time_created", "metadata", "model_size_bytes", "mlflow_version",
        "nbtrack_version", "model_id",
    )  # fmt: skip
    facts = {name: getattr(model, name) for name in names}
    recorded = digest or (place.digest if place is not None else None)
    return ModelInfo(model_uri=uri or _uri_of(model), digest=recorded, **facts)


def _uri_of(model: Model) -> str:
    """By its id: the place in the run is another model's as soon as the name is logged again."""
    if model.model_id is not None:
        return f"models:/{model.model_id}"
    return f"runs:/{model.run_id}/{model.artifact_path}"
