"""The messages of the panels as TypeScript declares them, from what Python declares.

`python -m tests.page.message_types` writes the files again; `test_messages.py` says when to.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from nbtrack.panels.shared import questions
from nbtrack.panels.shared.assets import PANELS

PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", Any: "any"}
ALL = PANELS / "shared" / "page" / "messages.d.ts"


def declarations() -> dict[Path, str]:
    """The text of each file, by its place."""
    files = {_place(module): _declarations_of(module) for module in message_modules()}
    return {**files, ALL: _tables()}


@cache
def message_modules() -> list[ModuleType]:
    files = sorted(PANELS.glob("*/messages.py"))
    names = [f"nbtrack.panels.{file.parent.name}.{file.stem}" for file in files]
    return [questions, *(import_module(name) for name in names)]


@cache
def table(name: str) -> dict[str, list[Any]]:
    """`QUESTIONS` or `PUSHES` of all modules: panels may mean different things by one name."""
    found: dict[str, list[Any]] = {}
    for module in message_modules():
        for message, kind in getattr(module, name).items():
            found.setdefault(message, []).append(kind)
    return found


# --- files


def _place(module: ModuleType) -> Path:
    file = Path(module.__file__ or "")
    return file.parent / "page" / f"{file.stem}.d.ts"


def _head(source: str) -> str:
    return f"// {source}: written by `python -m tests.page.message_types`.\n\n"


def _declarations_of(module: ModuleType) -> str:
    shapes = [_shape(name, kind) for name, kind in _named(module) if is_typeddict(kind)]
    others = [
        f"export type {name} = {_spelled(kind, but=name)};\n"
        for name, kind in _named(module)
        if not is_typeddict(kind)
    ]
    body = "\n".join([*others, *shapes])
    head = _head(f"What {Path(module.__file__ or '').name} declares")
    return head + _imports(body, _place(module)) + body


def _shape(name: str, kind: Any) -> str:
    hints = get_type_hints(kind, include_extras=True)
    if not hints:
        return f"export type {name} = Record<string, never>;\n"
    fields = "".join(f"  {_field(field, hint)};\n" for field, hint in hints.items())
    words = "" if _is_plain(kind) else f"/** {' '.join((kind.__doc__ or '').split())} */\n"
    return f"{words}export interface {name} {{\n{fields}}}\n"


def _is_plain(kind: Any) -> bool:
    return not kind.__doc__ or kind.__doc__.startswith("dict(")


def _field(name: str, hint: Any) -> str:
    if get_origin(hint) is NotRequired:
        return f"{name}?: {_spelled(get_args(hint)[0])}"
    return f"{name}: {_spelled(hint)}"


def _tables() -> str:
    asked = "".join(
        f"  {name}: {{ arguments: {_either(q.arguments for q in kinds)};"
        f" answer: {_either(q.answer for q in kinds)} }};\n"
        for name, kinds in table("QUESTIONS").items()
    )
    pushed = "".join(f"  {name}: {_either(kinds)};\n" for name, kinds in table("PUSHES").items())
    body = f"export interface Questions {{\n{asked}}}\n\nexport interface Pushes {{\n{pushed}}}\n"
    return _head("All questions and pushes") + _imports(body, ALL) + body


def _either(kinds: Iterable[Any]) -> str:
    return " | ".join(dict.fromkeys(map(_spelled, kinds)))


def _imports(body: str, place: Path) -> str:
    """Of the names in *body* that other files declare."""
    lines = []
    for module in message_modules():
        used = sorted(name for name, _ in _named(module) if re.search(rf"[^.\w]{name}\b", body))
        if used and _place(module) != place:
            path = _place(module).with_suffix("").with_suffix("")
            way = path.relative_to(PANELS).as_posix()
            near = f"./{path.name}" if path.parent == place.parent else f"../../{way}"
            lines.append(f'import type {{ {", ".join(used)} }} from "{near}.d.ts";\n')
    return "".join(lines) + "\n" if lines else ""


# --- types


def _named(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Types that *module* declares, not those it imports."""
    own = _names_assigned(Path(module.__file__ or "").read_text())
    for name, value in vars(module).items():
        if name in own and (is_typeddict(value) or get_args(value)):
            yield name, value


def _names_assigned(source: str) -> set[str]:
    return set(re.findall(r"^(?:class )?([A-Z]\w*[a-z]\w*)\b.*[=:(]", source, re.M))


@cache
def _aliases() -> list[tuple[str, Any]]:
    return [
        (name, kind)
        for module in message_modules()
        for name, kind in _named(module)
        if not is_typeddict(kind)
    ]


def _spelled(hint: Any, *, but: str = "") -> str:
    """*hint* in TypeScript's words; by its name if it has one, other than *but*."""
    for name, kind in _aliases():
        if kind == hint and name != but:
            return name
    if hint is None or hint is type(None):
        return "null"
    if is_typeddict(hint):
        return str(hint.__name__)
    if hint in PLAIN:
        return PLAIN[hint]
    return _composed(get_origin(hint), get_args(hint))


def _composed(origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return " | ".join(f'"{each}"' for each in arguments)
    if origin in (Union, types.UnionType):
        return _either(arguments)
    parts = [_spelled(each) for each in arguments]
    if origin is list:
        return f"Array<{parts[0]}>" if " " in parts[0] else f"{parts[0]}[]"
    if origin is dict:
        return f"Record<{parts[0]}, {parts[1]}>"
    assert origin is tuple, f"{origin} has no form in JSON"
    return f"[{', '.join(parts)}]"


if __name__ == "__main__":
    for place, text in declarations().items():
        place.write_text(text, encoding="utf-8")
