"""What objects of the user hold, read without running any of their code.

`isinstance` asks an object for its `__class__`, and `vars` for its `__dict__`: both may be
properties of the user's. Types are asked here, by the slots that Python itself gave them.
"""

from __future__ import annotations

from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any

_mro = type.__dict__["__mro__"].__get__
_class_dict = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__


def is_a(value: object, kind: type) -> bool:
    """As `isinstance`, without asking *value*. *kind* is no class of the user's."""
    return kind in _mro(type(value))


def bases_of(kind: type) -> tuple[type, ...]:
    """*kind* first."""
    found: tuple[type, ...] = _mro(kind)
    return found


def class_dict(kind: type) -> MappingProxyType[str, Any]:
    found: MappingProxyType[str, Any] = _class_dict(kind)
    return found


def module_of(kind: type) -> str:
    """The name of the module that says it made *kind*; "" where it says something else."""
    name = _module(kind) if not (own := class_dict(kind).get("__module__")) else own
    return name if type(name) is str else ""


def attributes_of(value: object) -> dict[str, Any] | None:
    """The instance's own dict, if Python made it."""
    for kind in _mro(type(value)):
        slot = _class_dict(kind).get("__dict__")
        if slot is not None:
            if type(slot) is not GetSetDescriptorType:
                return None
            found = slot.__get__(value)
            return found if type(found) is dict else None
    return None


def slots_of(value: object) -> dict[str, Any]:
    """What its `__slots__` hold."""
    found: dict[str, Any] = {}
    for kind in _mro(type(value)):
        own = _class_dict(kind)
        if "__slots__" in own:
            for name, slot in own.items():
                if type(slot) is MemberDescriptorType:
                    try:
                        found[name] = slot.__get__(value)
                    except AttributeError:  # not set
                        continue
    return found
