"""skops files: models that are built from known types, and run nothing when they load."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved, require
from nbtrack.models.pickling import PICKLING_FAULTS
from nbtrack.models.trusted_types import is_trusted

EXTRA = "skops"
_WRAPPERS = "sklearn.externals.array_api_compat"
_MODULE = re.compile(r'"__module__": "([\w.]+)"')
_READ_FAULTS = (
    zipfile.BadZipFile, OSError, ValueError, TypeError, KeyError, AttributeError, ImportError,
)  # fmt: skip


def skops_bytes(model: Any) -> bytes:
    """Raises ModelNotSaved, MissingExtra."""
    skops = _skops()
    try:
        return bytes(skops.dumps(model))
    except (*PICKLING_FAULTS, skops.exceptions.UnsupportedTypeException) as exc:
        raise ModelNotSaved(
            f"skops cannot save this {type(model).__name__}: {exc} Nothing was stored. "
            "serialization_format='cloudpickle' keeps more kinds of objects."
        ) from exc


def foreign_types(data: bytes) -> list[str]:
    """The types in a skops file that skops alone does not trust, sorted."""
    return sorted(_skops().get_untrusted_types(data=data))


def skops_modules(data: bytes) -> frozenset[str]:
    """The modules whose classes the file holds."""
    import io

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return frozenset(_MODULE.findall(archive.read("schema.json").decode()))


def load_skops(
    file: Path, *, trusted: Collection[str | type] = (), known: Collection[str] = ()
) -> Any:
    """Raises ModelNotLoaded, naming types that are neither *known* as harmless nor *trusted*."""
    skops, given = _skops(), {*type_names(trusted), *known}
    try:
        found = skops.get_untrusted_types(file=file)
        refused = sorted(name for name in found if name not in given and not is_trusted(name))
        if refused:
            raise ModelNotLoaded(_refusal(file, refused))
        return skops.load(file, trusted=list(found))
    except _READ_FAULTS as exc:
        raise ModelNotLoaded(f"{str(file)!r} cannot be read as a skops file: {exc}.") from exc


def type_names(trusted: Collection[str | type]) -> Iterable[str]:
    """Full names. Raises InvalidValue."""
    if isinstance(trusted, str | bool) or not all(isinstance(t, str | type) for t in trusted):
        raise InvalidValue(f"trusted is a list of types or their full names, not {trusted!r}.")
    for each in trusted:
        yield each if isinstance(each, str) else f"{each.__module__}.{each.__name__}"


def _refusal(file: Path, refused: list[str]) -> str:
    names = ", ".join(map(repr, refused))
    return (
        f"The model in {str(file.parent)!r} holds types that nobody vouched for: {names}. Nothing "
        f"of it was loaded. If you know them and where the file comes from: trusted=[{names}]."
    )


def _skops() -> Any:
    with nullcontext() if "skops.io" in sys.modules else _without_wrappers():
        require("skops.io.exceptions", extra=EXTRA)
        return require("skops.io", extra=EXTRA)


@contextmanager
def _without_wrappers() -> Iterator[None]:
    """skops looks through all packages of scikit-learn for estimators when it is imported. Those
    that wrap other array libraries have none, and would import torch, which takes seconds."""
    names = [f"{_WRAPPERS}.{library}" for library in ("torch", "dask", "cupy")]
    absent = [name for name in names if name not in sys.modules]
    nothing: dict[str, Any] = dict.fromkeys(absent)  # None: an import of it fails
    sys.modules.update(nothing)
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
