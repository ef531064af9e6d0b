"""Which distributions a model needs, as `name==version`: those of the modules it was made with.

Nothing is installed, loaded or run to find out; the answer is kept for the process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from importlib.machinery import all_suffixes
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from nbtrack.base.guard import guarded, warn_once
from nbtrack.errors import InvalidValue
from nbtrack.models.requirement_files import lines_of, written_out

# MLflow's servers install what is listed and then need MLflow itself in there.
MLFLOW = "mlflow>=3"
# Their distributions, for which no metadata has to be read: 0.5 ms each.
_KNOWN = {
    "sklearn": "scikit-learn", "numpy": "numpy", "scipy": "scipy", "pandas": "pandas",
    "polars": "polars", "cloudpickle": "cloudpickle", "skops": "skops", "joblib": "joblib",
    "nbtrack": "nbtrack", "xgboost": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost",
    "torch": "torch", "safetensors": "safetensors", "statsmodels": "statsmodels",
    "transformers": "transformers", "onnx": "onnx", "onnxruntime": "onnxruntime",
}  # fmt: skip
_INSTALLED = ("site-packages", "dist-packages")


@lru_cache(maxsize=256)
def pinned(modules: frozenset[str]) -> tuple[str, ...]:
    """`name==version` of the distributions of *modules* (top-level names), sorted.

    The standard library and `__main__` need none; of the user's own files nobody has a version.
    """
    found = (each for module in modules for each in _pins(module))
    return tuple(sorted(set(found), key=str.lower))


def top_level(modules: Collection[str]) -> frozenset[str]:
    """The top-level names of *modules*, without the standard library and `__main__`."""
    names = {name.partition(".")[0] for name in modules}
    return frozenset(names - sys.stdlib_module_names - {"__main__", "__mp_main__"})


def say_unkept(modules: Collection[str], *, kept: Collection[str]) -> None:
    """Warn of modules that are files of the user's own and not among *kept* ones."""
    for name in sorted(set(modules) - set(kept)):
        if is_own_file(name):
            warn_once(
                f"nbtrack: the model uses your module {name!r}, which is not installed as a "
                f"package; code_paths=[{_path_of(name)!r}] keeps it with the model."
            )


def own_files(modules: Collection[str]) -> list[str]:
    """The files and packages of *modules* that are the user's own."""
    names = sorted(name for name in top_level(modules) if is_own_file(name))
    return [path for name in names if (path := _path_of(name)) is not None]


def is_own_file(module: str) -> bool:
    path = _path_of(module)
    return (
        path is not None
        and module not in _KNOWN
        and not any(part in _INSTALLED for part in Path(path).parts)
        and not _pins(module)
    )


def requirement_lines(
    modules: frozenset[str],
    *,
    given: Collection[str] | str | None,
    extra: Collection[str] | str | None,
) -> tuple[str, ...]:
    """The lines of requirements.txt: *given* ones, else those of *modules* and *extra*.

    Each is a list of lines, or the path of a file of lines. Raises InvalidValue.
    """
    if given is not None and extra is not None:
        raise InvalidValue("Give pip_requirements= or extra_pip_requirements=, and not both.")
    if given is not None:
        return checked_lines(given, "pip_requirements")
    added = () if extra is None else checked_lines(extra, "extra_pip_requirements")
    names = {requirement_name(line) for line in added}
    lines = (MLFLOW, *_pinned_if_known(modules))
    return (*(line for line in lines if requirement_name(line) not in names), *added)


def _pinned_if_known(modules: frozenset[str]) -> tuple[str, ...]:
    """Metadata of packages can be damaged: the model is stored all the same."""
    with guarded("find out which packages the model needs"):
        return pinned(modules)
    return ()


def requirement_name(line: str) -> str:
    """The distribution that a line of requirements.txt names, as PEP 503 writes it."""
    name = ""
    for character in line.strip():
        if not (character.isalnum() or character in "-_."):
            break
        name += character
    return name.lower().replace("_", "-").replace(".", "-")


def pins_in(text: str) -> Mapping[str, str]:
    """{distribution: version} of the lines `name==version` of a requirements.txt."""
    found = {}
    for line in text.splitlines():
        requirement = line.partition("#")[0].partition(";")[0].strip()
        name, is_pin, version = requirement.partition("==")
        if is_pin and not version.startswith("=") and "*" not in version:
            found[name.partition("[")[0].strip()] = version.strip()
    return found


def installed_version(distribution: str) -> str | None:
    """The version that runs here, or would be imported; None when it is not installed."""
    from importlib import metadata

    for module, name in _KNOWN.items():
        if requirement_name(distribution) == name and module in sys.modules:
            return _version_of(sys.modules[module])
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def own_version() -> str:
    """Ours. Not by `import nbtrack`, which knows of everything: it is loaded in any case."""
    return str(_version_of(sys.modules["nbtrack"]))


def checked_lines(given: Collection[str] | str, name: str) -> tuple[str, ...]:
    """*given* as lines, without empty ones; a text is the path of a file. Raises InvalidValue."""
    folder = Path(given).parent if isinstance(given, str) else Path()
    lines = lines_of(given, name) if isinstance(given, str) else tuple(given)
    if not all(isinstance(line, str) for line in lines):
        raise InvalidValue(f"{name} is a list of texts such as 'numpy==2.1.0', not {lines!r}.")
    return tuple(written_out(lines, name, folder))


@cache
def _pins(module: str) -> tuple[str, ...]:
    if module in _KNOWN and module in sys.modules:
        version = _version_of(sys.modules.get(module))
        return (f"{_KNOWN[module]}=={version}",) if version else ()
    return tuple(f"{name}=={version}" for name, version in _distributions_of(module))


def _version_of(module: ModuleType | None) -> str | None:
    version = getattr(module, "__version__", None)
    return version if isinstance(version, str) else None


def _distributions_of(module: str) -> tuple[tuple[str, str], ...]:
    from importlib import metadata

    for name in (module, module.replace("_", "-")):  # most are named as their module
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        return ((found.name, found.version),)
    if not any(part in _INSTALLED for part in Path(_path_of(module) or "").parts):
        return ()
    # 100-250 ms, once per process, and only for a module whose package has another name.
    names = _names_by_module().get(module, [])
    return tuple((name, metadata.version(name)) for name in sorted(set(names)))


@cache
def _names_by_module() -> Mapping[str, list[str]]:
    from importlib import metadata

    return metadata.packages_distributions()


def _path_of(module: str) -> str | None:
    """The file of a module, or the folder of a package, also of one without `__init__.py`; None
    for what has neither. It need not be imported yet."""
    path, folders = _places_of(module)
    if path is None:
        # The same folder may be found by several entries of sys.path, "." among them.
        (folder, *others) = {os.path.abspath(each) for each in folders} or {""}
        return None if others else folder or None
    if not path.endswith(tuple(all_suffixes())):
        return None
    return str(Path(path).parent) if Path(path).stem == "__init__" else path


def _places_of(module: str) -> tuple[str | None, list[str]]:
    if (found := sys.modules.get(module)) is not None:
        return getattr(found, "__file__", None), list(getattr(found, "__path__", ()))
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None, []
    if spec is None:
        return None, []
    return spec.origin if spec.has_location else None, list(spec.submodule_search_locations or ())
