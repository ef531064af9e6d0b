"""transformers' models, each with its tokenizer or what it has in its place, in its own format:
weights as safetensors, and JSON. MLflow's layout.

Nothing is asked of the hub. Classes of the model's own, which run code, load only where that is
asked for by `trust_remote_code=True`.
"""

from __future__ import annotations

import json
import re
import tempfile
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.sources import files_under
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved
from nbtrack.models.flavours.library_files import version_of
from nbtrack.models.flavours.transformers_pipelines import TASKS, PipelinePredictor
from nbtrack.models.folder import Content, FlavorParts
from nbtrack.models.mlmodel_file import PYFUNC, Model, config_of
from nbtrack.models.model_config import replaced

if TYPE_CHECKING:
    from nbtrack.models.load_options import LoadOptions

NAME = "transformers"
WITHOUT_PYFUNC = "a model without a tokenizer, or of this task, predicts nothing from texts"
RETURNED = ("pipeline", "components")
_MODEL, _COMPONENTS = "model", "components"  # folders
# What there may be beside a model -> the class that it is of.
_KINDS = {
    "tokenizer": "PreTrainedTokenizerBase",
    "feature_extractor": "FeatureExtractionMixin",
    "image_processor": "ImageProcessingMixin",
    "processor": "ProcessorMixin",
}
# What finds those that are of the model's own.
_AUTO = {
    "tokenizer": "AutoTokenizer",
    "feature_extractor": "AutoFeatureExtractor",
    "image_processor": "AutoImageProcessor",
    "processor": "AutoProcessor",
}
# How the name of a model's class ends -> what it is for.
_TASK_OF = {
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForImageClassification": "image-classification",
    "ForCTC": "automatic-speech-recognition",
}
Parts = dict[str, Any]


def parts_of(
    given: Any,
    *,
    processor: Any = None,
    task: str | None = None,
    torch_dtype: Any = None,
    model_card: Any = None,
    model_config: Mapping[str, Any] | None = None,
    **others: Any,
) -> FlavorParts:
    """*given* is a pipeline, or a dict of a model and its tokenizer. Raises InvalidValue,
    ModelNotSaved."""
    _check_others(others)
    parts = {**_components_of(given), **({"processor": processor} if processor else {})}
    task = task or getattr(given, "task", None) or _task_of(parts["model"])
    if task is not None and task.startswith("llm/"):
        raise InvalidValue(f"nbtrack keeps no models for {task!r}: give the pipeline's own task.")
    dtype = torch_dtype or parts.pop("torch_dtype", None) or getattr(parts["model"], "dtype", None)
    config = _config(parts, task, dtype)
    files, folder = _written(parts)
    if model_card is not None:
        files["model_card.md"] = str(getattr(model_card, "text", model_card)).encode()
    predicts = task in TASKS and "tokenizer" in parts and processor is None
    chosen = {"config": dict(model_config)} if model_config else {}
    found = FlavorParts(
        name=NAME,
        config=config,
        files=files,
        modules={"transformers", "torch", "safetensors"},
        pyfunc={"loader_module": "mlflow.transformers", **chosen} if predicts else None,
    )
    weakref.finalize(found, folder.cleanup)
    return found


def parts_of_trained(model: Any, processing: Any) -> FlavorParts:
    """Of what was trained: *processing* is its tokenizer, or whatever there is; None is nothing."""
    kinds = (name for name in _KINDS if _is_a(processing, _KINDS[name]))
    name = next(kinds, None)
    if name == "processor":
        return parts_of({"model": model}, processor=processing)
    return parts_of({"model": model, **({name: processing} if name else {})})


def is_own(model: Any) -> bool:
    return _is_a(model, "PreTrainedModel")


# --- saving


def _check_others(others: dict[str, Any]) -> None:
    if not others.pop("save_pretrained", True) or others.pop("base_model_path", None) is not None:
        raise InvalidValue("nbtrack keeps the weights of a model with it, and no place of others.")
    unknown = [name for name, value in others.items() if value is not None]
    if unknown:
        raise InvalidValue(f"nbtrack.transformers takes no {', '.join(unknown)}.")


def _components_of(given: Any) -> Parts:
    """By MLflow's names; what is there. Raises InvalidValue."""
    if isinstance(given, Mapping):
        parts = {str(name): value for name, value in given.items() if value is not None}
        unknown = parts.keys() - {"model", "torch_dtype", *_KINDS}
        if unknown:
            raise InvalidValue(f"There is no component {sorted(unknown)[0]!r} of a model.")
    else:
        names = ("model", "tokenizer", "feature_extractor", "image_processor")
        parts = {name: getattr(given, name, None) for name in names}
        parts = {name: value for name, value in parts.items() if value is not None}
    if not is_own(parts.get("model")):
        raise InvalidValue(
            f"A {type(given).__name__} is no pipeline of transformers; nor is it a dict with a "
            "'model' of transformers, and a 'tokenizer'."
        )
    return parts


def _config(parts: Parts, task: str | None, dtype: Any) -> dict[str, Any]:
    beside = [name for name in parts if name in _KINDS]
    return {
        "transformers_version": version_of("transformers"),
        "task": task,
        "instance_type": "" if task is None else _pipeline_named(task),
        "pipeline_model_type": type(parts["model"]).__name__,
        "source_model_name": parts["model"].name_or_path,
        "model_binary": _MODEL,
        "components": [name for name in beside if name != "processor"],
        **({} if dtype is None else {"torch_dtype": str(dtype)}),
        **{f"{name}_type": type(parts[name]).__name__ for name in beside},
    }


def _pipeline_named(task: str) -> str:
    """`TextClassificationPipeline`."""
    return "".join(word.capitalize() for word in task.split("-")) + "Pipeline"


def _task_of(model: Any) -> str | None:
    name = type(model).__name__
    return next((task for end, task in _TASK_OF.items() if name.endswith(end)), None)


def _written(parts: Parts) -> tuple[dict[str, Content], tempfile.TemporaryDirectory[str]]:
    """The files, and the folder that they are in until they are copied."""
    folder = tempfile.TemporaryDirectory()
    place = Path(folder.name)
    try:
        with _quiet(), _unchanged(parts["model"].config):
            parts["model"].save_pretrained(str(place / _MODEL), safe_serialization=True)
            for name in _KINDS.keys() & parts.keys():
                parts[name].save_pretrained(str(place / _COMPONENTS / name))
    except (ValueError, TypeError, NotImplementedError, RuntimeError, OSError) as exc:
        raise ModelNotSaved(f"The model cannot be saved: {exc}. Nothing was stored.") from exc
    return dict(files_under(place, without=place / ".nbtrack")), folder


@contextmanager
def _unchanged(config: Any) -> Iterator[None]:
    """Saving writes the class and the dtype of the model into it."""
    before = dict(vars(config))
    try:
        yield
    finally:
        vars(config).update(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """transformers tells of every file that it writes, and draws a progress bar."""
    from transformers.utils import logging

    verbosity, has_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if has_bars:
            logging.enable_progress_bar()


# --- loading


def load(
    folder: Path,
    model: Model,
    options: LoadOptions,  # noqa: ARG001 - all flavours'
    *,
    return_type: str = "pipeline",
    device: Any = None,
    trust_remote_code: bool = False,
    **kwargs: Any,
) -> Any:
    """A pipeline, or the dict of its components. Raises InvalidValue, ModelNotLoaded."""
    if return_type not in RETURNED:
        raise InvalidValue(f"return_type is {return_type!r}; there are {', '.join(RETURNED)}.")
    config = config_of(folder, model, NAME)
    components = _loaded(folder, config, trust_remote_code=trust_remote_code, **kwargs)
    if return_type == "components":
        return {"task": config.get("task"), **components}
    return _pipeline(components, config.get("task"), device)


def load_predictor(folder: Path, model: Model, options: LoadOptions) -> PipelinePredictor:
    kept = replaced(model.flavors[PYFUNC].get("config"), options.model_config)
    return PipelinePredictor(load(folder, model, options), model_config=kept)


def predictor_of(
    given: Any,
    *,
    task: str | None = None,
    model_config: Mapping[str, Any] | None = None,
) -> PipelinePredictor:
    """Of a model that goes on as it was."""
    if not isinstance(given, Mapping):
        return PipelinePredictor(given, model_config=model_config)
    model = given["model"]
    parts = {name: value for name, value in given.items() if name != "torch_dtype"}
    pipeline = _pipeline(parts, task or _task_of(model), getattr(model, "device", None))
    return PipelinePredictor(pipeline, model_config=model_config)


def _pipeline(components: Mapping[str, Any], task: str | None, device: Any) -> Any:
    import transformers

    if "processor" in components or task is None:
        raise ModelNotLoaded("This model makes no pipeline: say return_type='components'.")
    try:
        return transformers.pipeline(task=task, device=device, **components)
    except Exception as exc:  # any: it is of the pipeline's own kind
        raise ModelNotLoaded(
            f"transformers makes no pipeline for {task!r} of {', '.join(components)}: {exc} "
            "return_type='components' gives them as they are."
        ) from exc


def _loaded(
    folder: Path, config: Mapping[str, Any], *, trust_remote_code: bool, **kwargs: Any
) -> Parts:
    place = folder / str(config.get("model_binary", "pipeline"))
    if not place.is_dir():
        raise ModelNotLoaded(
            f"The model in {str(folder)!r} has no weights with it, but the name of a model of the "
            f"hub: {config.get('source_model_name')!r}. transformers.pipeline loads that."
        )
    common = {"local_files_only": True, "trust_remote_code": trust_remote_code}
    dtype = {} if config.get("torch_dtype") is None else _dtype(str(config["torch_dtype"]))
    name = str(config["pipeline_model_type"])
    auto = _auto_name(place, name) if trust_remote_code else None
    kind = _class_of(name, "PreTrainedModel", auto)
    try:
        with _quiet():
            model = kind.from_pretrained(
                str(place), use_safetensors=True, **common, **{**dtype, **kwargs}
            )
            return {"model": model, **dict(_beside(folder, config, common))}
    except (OSError, ValueError, ImportError, KeyError) as exc:
        raise ModelNotLoaded(f"The model in {str(folder)!r} cannot be loaded: {exc}.") from exc


def _beside(
    folder: Path, config: Mapping[str, Any], common: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    names: Collection[str] = config.get("components") or ()
    for name in (*names, *(["processor"] if "processor_type" in config else [])):
        if name not in _KINDS:
            raise ModelNotLoaded(f"There is no component {name!r} of a model.")
        auto = _AUTO[name] if common["trust_remote_code"] else None
        kind = _class_of(str(config[f"{name}_type"]), _KINDS[name], auto)
        yield name, kind.from_pretrained(str(folder / _COMPONENTS / name), **common)


def _class_of(name: str, base: str, auto: str | None) -> Any:
    """One of transformers' own, of the kind that it should be. *auto*: what finds another, if its
    code may run. Raises ModelNotLoaded."""
    import transformers

    kind = getattr(transformers, name, None) if re.fullmatch(r"\w+", name) else None
    if isinstance(kind, type) and issubclass(kind, getattr(transformers, base)):
        return kind
    if auto is not None:
        return getattr(transformers, auto)
    raise ModelNotLoaded(
        f"{name} is no class of transformers, but the model's own: load_model(…, "
        "trust_remote_code=True) runs its code."
    )


def _auto_name(place: Path, kind: str) -> str:
    """By what in transformers the config says that a class of the model's own is found."""
    found = json.loads((place / "config.json").read_text(encoding="utf-8")).get("auto_map") or {}
    autos = (auto for auto, name in found.items() if str(name).rpartition(".")[2] == kind)
    return next((auto for auto in autos if re.fullmatch(r"AutoModel\w*", auto)), "AutoModel")


def _dtype(text: str) -> dict[str, Any]:
    """What `from_pretrained` is given; older versions call it otherwise."""
    import torch
    import transformers

    found = getattr(torch, text.rpartition(".")[2], None)
    version = tuple(int(part) for part in transformers.__version__.split(".")[:2])
    name = "dtype" if version >= (4, 56) else "torch_dtype"
    return {name: found} if isinstance(found, torch.dtype) else {}


def _is_a(value: Any, kind: str) -> bool:
    """Whatever it is, it was made of transformers' modules, if it is one of its objects."""
    return any(
        each.__name__ == kind and each.__module__.startswith("transformers.")
        for each in type(value).__mro__
    )
