"""What a panel gives to its page: one script and one style sheet, from the modules of its entry.

The files in `page/` are ES modules, and anywidget takes a single one: so their imports are followed
here. Each module becomes a function that is called once, after those of the modules it imports,
and returns its exports. What is understood stands at the beginning of a line:

    import { a, b as c } from "../../shared/page/dom.js";
    import "./runs.css";
    export function | async function | class | const  name

Files go by their paths below `panels/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import NamedTuple

PANELS = Path(__file__).parent.parent

_STATEMENT = re.compile(
    r'\nimport (?:\{(?P<names>[^}]*)\} from )?"(?P<path>[^"]+)";'
    r"|\nexport (?=(?:async )?(?:function|class|const) (?P<export>[\w$]+))"
    r"|\n(?P<other>(?:import|export)\b(?!\().*)"
)


class PageFault(Exception):
    """A file of a page, one of ours, does not go together with the others."""


class Import(NamedTuple):
    file: str
    names: tuple[tuple[str, str], ...]  # (as it is exported, as it is called here)


class Module(NamedTuple):
    file: str
    imports: tuple[Import, ...]
    sheets: tuple[str, ...]
    exports: tuple[str, ...]
    body: str  # without its imports, and without the word `export`


@cache
def script(entry: str) -> str:
    """One module, whose default export is what *entry* exports.

    Raises PageFault if an import leads nowhere, or in a circle.
    """
    modules = modules_of(entry)
    places = {module.file: f"${n}" for n, module in enumerate(modules)}
    functions = [_function(module, places) for module in modules]
    return "\n".join([*functions, f"export default {places[entry]};\n"])


@cache
def styles(entry: str) -> str:
    """The style sheets that *entry* and its modules import, each once, in the order of imports."""
    sheets = {sheet: module.file for module in modules_of(entry) for sheet in module.sheets}
    return "\n".join(_text(sheet, asked_by=file) for sheet, file in sheets.items())


def modules_of(entry: str) -> list[Module]:
    """Each after those that it imports; *entry* is the last one."""
    found: dict[str, Module] = {}
    _visit(entry, found, way=())
    return list(found.values())


def _visit(file: str, found: dict[str, Module], *, way: tuple[str, ...]) -> Module:
    if file in found:
        return found[file]
    if file in way:
        circle = " imports ".join([*way[way.index(file) :], file])
        raise PageFault(f"{circle}: a circle. Move what they share to a module below them.")
    module = read_module(file, asked_by=way[-1] if way else "a panel")
    for each in module.imports:
        _must_export(_visit(each.file, found, way=(*way, file)), each, by=file)
    found[file] = module
    return module


_modules: dict[str, Module] = {}  # of this process; panels share most of them


def read_module(file: str, *, asked_by: str) -> Module:
    if file not in _modules:
        _modules[file] = _parsed(file, "\n" + _text(file, asked_by=asked_by))
    return _modules[file]


def _parsed(file: str, text: str) -> Module:
    imports, sheets, exports = [], [], []
    for found in _STATEMENT.finditer(text):
        if found["other"]:
            raise PageFault(f"{file}: {found['other']!r} is not understood; see {__name__}.")
        if found["export"]:
            exports.append(found["export"])
        elif found["names"] is None:
            sheets.append(_from(file, found["path"]))
        else:
            imports.append(Import(_from(file, found["path"]), _pairs(found["names"])))
    body = _STATEMENT.sub("\n", text).strip()
    return Module(file, tuple(imports), tuple(sheets), tuple(exports), body)


def _from(file: str, path: str) -> str:
    return normpath(join(dirname(file), path))


def _pairs(names: str) -> tuple[tuple[str, str], ...]:
    words = [each.split() for each in names.split(",")]
    return tuple((each[0], each[-1]) for each in words if each)  # `a`, or `a as b`


def _must_export(module: Module, wanted: Import, *, by: str) -> None:
    missing = [name for name, _ in wanted.names if name not in module.exports]
    if missing:
        known = ", ".join(module.exports) or "nothing"
        raise PageFault(f"{by} imports {', '.join(missing)}; {module.file} exports {known}.")


def _text(file: str, *, asked_by: str) -> str:
    try:
        return (PANELS / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PageFault(f"{asked_by} imports {file}, and there is no such file.") from None


def _function(module: Module, places: Mapping[str, str]) -> str:
    return "\n".join(
        [
            f"const {places[module.file]} = (() => {{ // {module.file}",
            *(_taken(each.names, places[each.file]) for each in module.imports),
            module.body,
            f"return {{ {', '.join(module.exports)} }};",
            "})();",
        ]
    )


def _taken(names: Iterable[tuple[str, str]], place: str) -> str:
    bound = ", ".join(name if name == here else f"{name}: {here}" for name, here in names)
    return f"const {{ {bound} }} = {place};"
