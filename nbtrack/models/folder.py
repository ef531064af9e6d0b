"""The files of a model folder, put together in memory before any of them is written."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.sources import checked_file, files_under
from nbtrack.base.guard import guarded
from nbtrack.base.plain_values import plain
from nbtrack.errors import InvalidValue
from nbtrack.models.environment_files import (
    CONDA,
    PYTHON_ENV,
    environment_files,
    environment_files_of,
)
from nbtrack.models.input_example import InputExample
from nbtrack.models.mlmodel_file import FILE_NAME, PYFUNC, Model
from nbtrack.models.requirement_files import with_constraints
from nbtrack.models.requirements import own_version, requirement_lines, say_unkept, top_level
from nbtrack.models.signature import ModelSignature

CODE = "code"

Content = bytes | Path  # a Path is copied when the folder is written


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """What a caller may say beside the model itself; checked in `build_folder`."""

    signature: ModelSignature | None = None
    input_example: InputExample | None = None
    conda_env: Mapping[str, Any] | str | None = None
    code_paths: Collection[str | Path] | None = None
    pip_requirements: Collection[str] | str | None = None
    extra_pip_requirements: Collection[str] | str | None = None
    extra_files: Collection[str | Path] | None = None
    metadata: Mapping[str, Any] | None = None
    model: Model | None = None  # to be filled, for flavours that begin one
    notes: Mapping[str, Any] = field(default_factory=dict)  # kept in MLmodel, as they are


@dataclass(frozen=True, kw_only=True)
class FlavorParts:
    """What a flavour adds: its files, and its part of MLmodel."""

    name: str
    config: dict[str, Any]
    files: dict[str, Content]
    modules: Collection[str]  # needed to load it
    # For `nbtrack.pyfunc`; None when the model cannot predict.
    pyfunc: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    model: Model
    files: dict[str, Content]  # MLmodel is the last: without it a folder is no model

    @property
    def size(self) -> int:
        return sum(size_of(content) for content in self.files.values())


def build_folder(
    parts: FlavorParts,
    options: SaveOptions,
    *,
    run_id: str | None = None,
    artifact_path: str | None = None,
    model_id: str | None = None,
) -> ModelFolder:
    """Everything that goes into the folder. Raises InvalidValue."""
    code, code_modules = _code_files(options.code_paths)
    extra = _extra_files(options.extra_files)
    example = options.input_example
    files: dict[str, Content] = {**parts.files, **code, **extra}
    if example is not None:
        files |= example.files
    size = sum(size_of(content) for content in files.values())
    files |= _environment(parts, options, code_modules)
    model = options.model or Model(run_id=run_id, artifact_path=artifact_path, model_id=model_id)
    model.nbtrack_version, model.model_size_bytes = own_version(), size
    model.flavors |= _flavors(parts, has_code=bool(code), extra=list(extra))
    model.signature = options.signature or model.signature
    model.saved_input_example_info = None if example is None else example.info
    if options.metadata is not None:
        model.metadata = plain(options.metadata)
    if options.notes:
        model.extra["nbtrack"] = dict(options.notes)
    files[FILE_NAME] = model.to_yaml().encode()
    return ModelFolder(model=model, files=files)


def size_of(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def named_files(paths: Collection[str | Path], folder: str) -> dict[str, Content]:
    """{folder/name: file} of files, and of everything in folders. Raises InvalidValue."""
    found: dict[str, Content] = {}
    for path in map(Path, _listed(paths, folder)):
        place = path.expanduser().absolute()
        name = f"{folder}/{place.name}"
        if place.is_dir():
            inside = files_under(place, without=place / ".nbtrack")
            new = {f"{name}/{rest}": file for rest, file in inside if "__pycache__" not in rest}
        else:
            new = {name: checked_file(place)}
        if double := sorted(set(new) & set(found)):
            raise InvalidValue(f"Two of the {folder} files would be {double[0]!r}; rename one.")
        found |= new
    return found


def _listed(paths: Collection[str | Path], what: str) -> Collection[str | Path]:
    if isinstance(paths, str | Path):
        raise InvalidValue(f"{what} paths are a list: write [{str(paths)!r}].")
    return paths


def _code_files(paths: Collection[str | Path] | None) -> tuple[dict[str, Content], frozenset[str]]:
    if not paths:
        return {}, frozenset()
    return named_files(paths, CODE), frozenset(Path(path).stem for path in paths)


def _extra_files(paths: Collection[str | Path] | None) -> dict[str, Content]:
    return named_files(paths, "extra_files") if paths else {}


def _environment(
    parts: FlavorParts, options: SaveOptions, code_modules: frozenset[str]
) -> Mapping[str, Content]:
    if options.conda_env is not None:
        if options.pip_requirements is not None or options.extra_pip_requirements is not None:
            raise InvalidValue("Give conda_env= or pip requirements, and not both.")
        return environment_files_of(options.conda_env)
    modules = top_level({*parts.modules, *_needed_by(options.signature)}) - code_modules
    if options.pip_requirements is None:
        with guarded("look for modules of your own in the model"):
            say_unkept(modules, kept=code_modules)
    lines = requirement_lines(
        modules, given=options.pip_requirements, extra=options.extra_pip_requirements
    )
    lines, constraints = with_constraints(lines)
    return {**environment_files(lines), **constraints}


def _needed_by(signature: ModelSignature | None) -> set[str]:
    """What takes columns is given a pandas frame."""
    inputs = signature.inputs if signature is not None else None
    return set() if inputs is None or inputs.is_tensor_spec() else {"pandas"}


def _flavors(parts: FlavorParts, *, has_code: bool, extra: list[str]) -> dict[str, dict[str, Any]]:
    code = CODE if has_code else None
    own = {**parts.config, "code": code}
    if extra:
        own["extra_files"] = [{"path": path} for path in extra]
    flavors = {parts.name: own} if parts.name != PYFUNC else {}
    if parts.pyfunc is not None:
        environment = {"conda": CONDA, "virtualenv": PYTHON_ENV}
        python = platform.python_version()
        common = {"env": environment, "python_version": python, **({"code": code} if code else {})}
        flavors[PYFUNC] = {**parts.pyfunc, **common}
    return flavors
