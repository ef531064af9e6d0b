"""Which distributions a slice needs, in the versions that were recorded with its run."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata

from nbtrack.models.requirements import requirement_name
from nbtrack.provenance.exports.plain_python import parsed, plain_python
from nbtrack.provenance.upstream import Upstream

_IMPORTING = re.compile(
    r"^[ \t]*%(?:matplotlib|pylab|(?:re)?load_ext[ \t]+([\w.]+))\b", re.MULTILINE
)
_OURS = frozenset(("nbtrack", "mlflow"))


def pins_of(upstream: Upstream) -> list[str]:
    """`name==version` of what the slice imports and of what that requires, sorted.

    A library that another one loads by itself, such as an engine for a file format, is named
    nowhere: `other_pins` has it with all the rest.
    """
    recorded = _recorded(upstream)
    wanted = _with_required(_imported(upstream, recorded), recorded)
    return sorted((_pin(recorded[name]) for name in wanted - _OURS), key=str.lower)


def pins_with_nbtrack(upstream: Upstream) -> list[str]:
    """And of what nbtrack, which is to record it again, requires in turn."""
    recorded = _recorded(upstream)
    wanted = _with_required(_imported(upstream, recorded) | {"nbtrack"}, recorded)
    return sorted((_pin(recorded[name]) for name in wanted - _OURS), key=str.lower)


def other_pins(upstream: Upstream) -> list[str]:
    """Of all else that was installed."""
    mine = set(pins_of(upstream))
    every = (_pin(each) for name, each in _recorded(upstream).items() if name not in _OURS)
    return sorted((pin for pin in every if pin not in mine), key=str.lower)


def unknown_modules(upstream: Upstream) -> list[str]:
    """That the slice imports, and that belong to no recorded distribution."""
    recorded, own = _recorded(upstream), {_stem(path) for path in upstream.modules}
    names = _modules(upstream) - own - _OURS - sys.stdlib_module_names
    return sorted(name for name in names if not _distributions(name, recorded))


def requirements_text(upstream: Upstream) -> str:
    """The rest is in it as comments, for whoever needs it."""
    rest = [f"# {pin}" for pin in other_pins(upstream)]
    title = ["", "# What else was installed, and the cells do not name:"] if rest else []
    return "".join(f"{line}\n" for line in (*pins_of(upstream), *title, *rest))


def imported_modules(sources: Iterable[str]) -> set[str]:
    """Top-level names."""
    return {name.partition(".")[0] for source in sources for name in _imports(source)}


def _imports(source: str) -> Iterator[str]:
    tree = parsed(plain_python(source).source)
    for node in [] if tree is None else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def magic_modules(source: str) -> set[str]:
    """Top-level names of what magics import: `%matplotlib inline`, `%load_ext memory_profiler`."""
    found = [match.group(1) or "matplotlib" for match in _IMPORTING.finditer(source)]
    return {name.partition(".")[0] for name in found}


def _modules(upstream: Upstream) -> set[str]:
    sources = (*(step.source for step in upstream.steps), *upstream.modules.values())
    return imported_modules(sources)


def _imported(upstream: Upstream, recorded: Mapping[str, tuple[str, str]]) -> set[str]:
    by_magics = {name for step in upstream.steps for name in magic_modules(step.source)}
    modules = (_modules(upstream) | by_magics) - _OURS
    return {name for module in modules for name in _distributions(module, recorded)}


def _recorded(upstream: Upstream) -> dict[str, tuple[str, str]]:
    """Name and version, by the name as PEP 503 writes it."""
    packages = upstream.environment.get("packages")
    found = packages if isinstance(packages, Mapping) else {}
    return {requirement_name(str(name)): (str(name), str(v)) for name, v in found.items()}


def _distributions(module: str, recorded: Mapping[str, tuple[str, str]]) -> set[str]:
    """Here the names may be known that module and distribution have; else they are alike."""
    names = {requirement_name(each) for each in _names_by_module().get(module, (module,))}
    return names & recorded.keys()


def _with_required(names: set[str], recorded: Mapping[str, tuple[str, str]]) -> set[str]:
    found, due = set(names), list(names)
    while due:
        new = _required_by(due.pop()) & recorded.keys() - found
        found |= new
        due += new
    return found


def _required_by(name: str) -> set[str]:
    """As the version says that is installed here; extras, which nobody asked for, are left out."""
    try:
        lines = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return set()
    return {requirement_name(line) for line in lines if "extra" not in line.partition(";")[2]}


def _pin(package: tuple[str, str]) -> str:
    """A version of a build of one's own, such as 2.1+cu121, is on no index; the release is."""
    name, version = package
    return f"{name}=={version.partition('+')[0]}"


@cache
def _names_by_module() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")
