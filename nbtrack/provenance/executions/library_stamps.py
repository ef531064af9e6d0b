"""Stamps of what NumPy, pandas and PyTorch keep beneath their objects."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.provenance.executions import array_stamps
from nbtrack.provenance.executions.parts import Parts, hashed
from nbtrack.provenance.executions.safe_access import bases_of, compiled, dict_slot, module_of

_NOTES = frozenset({"_fill_value", "_basedict", "_optinfo", "_sharedmask", "_isfield"})


def parts_for(kind: type, library: str) -> Callable[[Any], Parts] | None:
    """How objects of a type are looked at; None: as any other."""
    if library == "_io":
        return _opaque
    if any(module_of(base) == "_ctypes" for base in bases_of(kind)):
        return _opaque  # its memory may be anybody's
    if library == "matplotlib":
        return _Artists(kind)
    for base, parts in _known():
        if any(each is base for each in bases_of(kind)):
            return _with_attributes(kind) if parts is array_parts else parts
    return None


def _known() -> list[tuple[type, Callable[[Any], Parts]]]:
    """Of the libraries that are imported; a half-imported one has none of it yet."""
    found: list[tuple[type | None, Callable[[Any], Parts]]] = [
        (imported("numpy", "ndarray"), array_parts),
        (imported("numpy", "generic"), _constant),
        (imported("numpy.random", "Generator"), _generator),
        (imported("numpy.random", "BitGenerator"), _bit_generator),
        (imported("numpy.random", "RandomState"), _random_state),
        (imported("pandas", "Index"), _index),
        (imported("pandas.core.generic", "NDFrame"), _frame),
        (imported("sqlite3", "Connection"), _opaque),
        (imported("sqlite3", "Cursor"), _cursor),
        (imported("torch", "Tensor"), _tensor),
        (imported("torch", "Generator"), _torch_generator),
    ]
    return [(kind, parts) for kind, parts in found if kind is not None]


def _constant(_value: object) -> Parts:
    return Parts()


def _opaque(_value: object) -> Parts:
    return Parts(is_opaque=True)


def _cursor(value: Any) -> Parts:
    """What it does is done to its connection."""
    of = sys.modules["sqlite3"].Cursor.connection
    return Parts(None, (of.__get__(value),), is_opaque=True)


class _Artists:
    """Of matplotlib: thousands of objects that draw; those of a figure count as one."""

    def __init__(self, kind: type) -> None:
        self._dict = dict_slot(kind)

    def __call__(self, value: Any) -> Parts:
        own = {} if self._dict is None else self._dict.__get__(value)
        figures = [own[name] for name in ("figure", "_parent_figure") if name in own]
        return Parts(None, figures, is_opaque=True)


def array_parts(value: Any, *, most: int = array_stamps.WHOLE_BYTES) -> Parts:
    """A view is made of the array that it looks at. Of more than *most* bytes a sample is read."""
    owner = array_stamps.owner_of(value)
    if owner is not value:
        return Parts(None, (owner,))
    if not array_stamps.is_safe(value):
        return Parts(is_whole=False, is_opaque=True)
    plain = array_stamps.plain_view(value)
    stamp = array_stamps.array_stamp(plain, most=most)
    return Parts(stamp, array_stamps.objects_in(plain), stamp.is_whole)


def _with_attributes(kind: type) -> Callable[[Any], Parts]:
    """Of arrays of a class of its own: a mask is an attribute."""
    attributes = dict_slot(kind)
    if attributes is None:
        return array_parts
    is_masked = any(module_of(base).startswith("numpy.ma") for base in bases_of(kind))
    chosen = _without_notes if is_masked else _all_of

    def parts(value: Any) -> Parts:
        own = array_parts(value)
        held = chosen(value, attributes.__get__(value))
        return own._replace(stamp=(own.stamp, hashed(held)), children=[*own.children, *held])

    return parts


def _all_of(_value: object, attributes: Mapping[str, Any]) -> list[object]:
    return list(attributes.values())


def _without_notes(value: Any, attributes: Mapping[str, Any]) -> list[object]:
    """Of a masked array: without what it notes for itself, also as it is read."""
    held = [part for name, part in attributes.items() if name not in _NOTES]
    return [*held, _filling(value, attributes.get("_fill_value"))]


def _filling(value: Any, given: Any) -> bytes | None:
    """What stands for masked values. None of the default, which is made when it is asked for."""
    if not array_stamps.is_array(given):
        return None
    numpy = sys.modules["numpy"]
    dtype = numpy.ndarray.dtype.__get__(value)
    default = numpy.array(sys.modules["numpy.ma"].default_fill_value(dtype), dtype=dtype)
    found: bytes = array_stamps.plain_view(given).tobytes()
    return None if found == default.tobytes() else found


def _generator(value: Any) -> Parts:
    bits = sys.modules["numpy.random"].Generator.bit_generator
    return Parts(None, (bits.__get__(value),))


def _bit_generator(value: Any) -> Parts:
    state = compiled(type(value), "state")
    return Parts(is_opaque=True) if state is None else Parts(_of_state(state.__get__(value)))


def _random_state(value: Any) -> Parts:
    state = sys.modules["numpy.random"].RandomState.get_state(value, legacy=False)
    return Parts(_of_state(state))


def _of_state(state: dict[str, Any]) -> int:
    return hash(tuple(_of_setting(each) for each in state.values()))


def _of_setting(setting: Any) -> object:
    if type(setting) is dict:
        return _of_state(setting)
    return setting.tobytes() if array_stamps.is_array(setting) else setting


def _frame(value: Any) -> Parts:
    """A frame or series: the arrays that its blocks hold, where they stand, and its labels."""
    manager = object.__getattribute__(value, "_mgr")
    blocks = [block.values for block in manager.blocks]
    places = [block.mgr_locs.as_array.tobytes() for block in manager.blocks]
    aside = _aside(value)
    stamp = hashed(blocks), hash(tuple(places)), hashed(manager.axes), hashed(aside)
    return Parts(stamp, [*blocks, *manager.axes, *aside])


def _aside(frame: Any) -> list[object]:
    """What stands beside its data: attributes, and which labels are allowed."""
    attributes = object.__getattribute__(frame, "_attrs")
    flags = object.__getattribute__(frame, "_flags").__dict__.get("_allows_duplicate_labels")
    told = attributes if type(attributes) is dict else {}
    return [flags, *told, *told.values()]


def _index(value: Any) -> Parts:
    """Labels do not change, but what they are called."""
    own = object.__getattribute__(value, "__dict__")
    names = own.get("_names")
    told = [own.get("_name"), *(names if isinstance(names, list | tuple) else ())]
    return Parts(hashed(told), told)


def _tensor(value: Any) -> Parts:
    torch = sys.modules["torch"]
    plain = torch.Tensor
    with torch._C.DisableTorchFunctionSubclass():  # else the descriptors ask the subclass
        version, shape = plain._version.__get__(value), plain.shape.__get__(value)
        return Parts((version, plain.data_ptr(value), tuple(shape)))


def _torch_generator(value: Any) -> Parts:
    state = sys.modules["torch"].Generator.get_state(value)
    return Parts(hash(state.numpy().tobytes()))
