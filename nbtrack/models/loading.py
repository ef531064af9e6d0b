"""Loading a model: find it, check its files, say what is of another version, then read it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from nbtrack.base.guard import warn
from nbtrack.errors import InvalidValue
from nbtrack.models.code_files import check_uncontested, code_of, running
from nbtrack.models.digests import check_files
from nbtrack.models.environment_files import REQUIREMENTS
from nbtrack.models.load_options import LoadOptions
from nbtrack.models.mlmodel_file import PYFUNC, Model, config_of, info_of, read_mlmodel
from nbtrack.models.model_info import ModelInfo
from nbtrack.models.model_uris import locate
from nbtrack.models.requirements import installed_version, pins_in
from nbtrack.stores.store import Store

_NOT_NEEDED = {"mlflow", "mlflow-skinny", "nbtrack", "psutil"}  # of no effect on a model


def open_model(
    model_uri: str | Path,
    *,
    dst_path: str | Path | None = None,
    store: Store | None = None,
    is_quiet: bool = False,
) -> tuple[Path, Model]:
    """The checked folder of a model, and its MLmodel; nothing of it has been run.

    With *dst_path* it is copied there first. Raises ModelNotFound, ModelChanged, RunNotFound.
    """
    place = locate(model_uri, store=store)
    model = read_mlmodel(place.folder)
    folder = place.folder if dst_path is None else _copied(place.folder, dst_path)
    if place.recorded is not None:
        check_files(folder, place.recorded)
    if not is_quiet:
        _say_other_versions(folder, model)
    return folder, model


def get_model_info(model_uri: str) -> ModelInfo:
    """What is known of a model, without loading it. Raises ModelNotFound, RunNotFound."""
    place = locate(model_uri)
    return info_of(read_mlmodel(place.folder), uri=model_uri, place=place)


def load_pyfunc(
    model_uri: str | Path,
    options: LoadOptions,
    *,
    dst_path: str | Path | None = None,
    store: Store | None = None,
) -> Any:
    """A `PyFuncModel`. Raises as `open_model` does, and ModelNotLoaded."""
    from nbtrack.models.flavours.predictors import load_predictor
    from nbtrack.models.pyfunc_model import PyFuncModel

    folder, model = open_model(model_uri, dst_path=dst_path, store=store, is_quiet=options.is_quiet)
    code = code_of(folder, model.flavors.get(PYFUNC, {}))
    with running(code):
        predictor = load_predictor(folder, model, options)
    return PyFuncModel(model, predictor, code=code, options=options, folder=folder)


def load_own(
    flavour: ModuleType,
    model_uri: str | Path,
    options: LoadOptions,
    *,
    dst_path: str | Path | None = None,
    **choices: Any,
) -> Any:
    """The object itself that was logged: *flavour* is one of `models.flavours` with `load`, which
    is given the *choices*.

    Raises as `open_model` does, and ModelNotLoaded.
    """
    folder, model = open_model(model_uri, dst_path=dst_path)
    names = (flavour.NAME, *getattr(flavour, "OTHER_NAMES", ()))
    name = next((each for each in names if each in model.flavors), flavour.NAME)
    code = code_of(folder, config_of(folder, model, name))
    check_uncontested(code, folder)
    return flavour.load(folder, model, options, **choices)


def _copied(folder: Path, dst_path: str | Path) -> Path:
    import shutil

    target = Path(dst_path).expanduser().absolute()
    if not target.is_dir():
        raise InvalidValue(f"dst_path {str(target)!r} is no folder; make it first.")
    copy = target / folder.name
    if copy.exists():
        raise InvalidValue(f"{str(copy)!r} exists; choose another dst_path.")
    return Path(shutil.copytree(folder, copy))


def _say_other_versions(folder: Path, model: Model) -> None:
    differences = list(_differences(folder, model))
    if differences:
        warn(
            f"nbtrack: the model in {str(folder)!r} was saved with other versions: "
            f"{'; '.join(differences)}. It may fail or predict otherwise."
        )


def _differences(folder: Path, model: Model) -> Iterator[str]:
    saved_python = str(model.flavors.get(PYFUNC, {}).get("python_version", ""))
    python = platform.python_version()
    if saved_python and saved_python.split(".")[:2] != python.split(".")[:2]:
        yield f"Python {saved_python}, here {python}"
    try:
        text = (folder / REQUIREMENTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for name, saved in pins_in(text).items():
        if name.lower() in _NOT_NEEDED:
            continue
        running = installed_version(name)
        if running != saved:
            yield f"{name} {saved}, here {running or 'not installed'}"
