"""What objects of the user hold, read without running any of their code.

`isinstance` asks an object for its `__class__`, and `vars` for its `__dict__`: both may be
properties of the user's. Types are asked here, by the slots that Python itself gave them.
"""

from __future__ import annotations

from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any

_STAND_INS = "nbtrack.hooks.closure_cells"  # where they are made
_mro = type.__dict__["__mro__"].__get__
_class_dict = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__


def is_a(value: object, kind: type) -> bool:
    """As `isinstance`, without asking *value*. *kind* is no class of the user's."""
    return any(base is kind for base in _mro(type(value)))


def bases_of(kind: type) -> tuple[type, ...]:
    """*kind* first."""
    found: tuple[type, ...] = _mro(kind)
    return found


def class_dict(kind: type) -> MappingProxyType[str, Any]:
    found: MappingProxyType[str, Any] = _class_dict(kind)
    return found


def module_of(kind: type) -> str:
    """The name of the module that says it made *kind*; "" where it says something else."""
    name = class_dict(kind).get("__module__") or _module(kind)
    return name if type(name) is str else ""


def is_of_library(value: object) -> bool:
    """Whether it is a module, or a class or function that no cell made."""
    kind = type(value)
    if kind is FunctionType or kind is BuiltinFunctionType:
        return getattr(value, "__module__", None) != "__main__"
    if any(base is type for base in _mro(kind)):
        return module_of(value) != "__main__"  # type: ignore[arg-type] # a class
    return kind is ModuleType


def behind(value: object) -> object:
    """What a function stands in front of that nbtrack itself put there, to see its calls: that it
    did so is no change by a cell."""
    while type(value) is FunctionType and value.__globals__.get("__name__") == _STAND_INS:
        value = value.__dict__.get("__wrapped__")
    return value


def dict_slot(kind: type) -> GetSetDescriptorType | MemberDescriptorType | None:
    """What reads the own dict of an instance, if Python made it."""
    found = next(
        (d["__dict__"] for base in _mro(kind) if "__dict__" in (d := _class_dict(base))), None
    )
    return found if type(found) in (GetSetDescriptorType, MemberDescriptorType) else None


def slots_of(kind: type) -> list[MemberDescriptorType]:
    """What reads the attributes that `__slots__` names."""
    return [
        slot
        for base in _mro(kind)
        if "__slots__" in (own := _class_dict(base))
        for slot in own.values()
        if type(slot) is MemberDescriptorType
    ]


def in_class(kind: type, name: str) -> object:
    """What stands in a class, or the one that it is made of, as it stands there."""
    return next((d[name] for base in _mro(kind) if name in (d := _class_dict(base))), None)


def compiled(kind: type, name: str) -> GetSetDescriptorType | None:
    """What reads an attribute as the extension does that made it, whatever a subclass says."""
    found = (d[name] for base in _mro(kind) if name in (d := _class_dict(base)))
    return next((each for each in found if type(each) is GetSetDescriptorType), None)
