"""The stamp of one object, and the objects that it is made of.

Two stamps of an object differ when it was changed in between. Values that cannot change have none.
"""

from __future__ import annotations

import functools
import random
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from nbtrack.provenance import array_stamps
from nbtrack.provenance.safe_access import (
    attributes_of,
    bases_of,
    class_dict,
    is_a,
    module_of,
    slots_of,
)

MOST_ITEMS = 5_000  # of one container; of a larger one a sample is looked at

ATOMS = frozenset(
    {int, float, complex, bool, str, bytes, type(None), type(...), range, slice, types.CodeType}
    | {types.BuiltinFunctionType}
)


class Parts(NamedTuple):
    """*stamp* is None of what does not change; *is_whole*: nothing that may change was left out."""

    stamp: object = None
    children: Iterable[object] = ()
    is_whole: bool = True


def token(value: object) -> object:
    """What stands for a part in the stamp of the whole: atoms by value, others by identity."""
    return value if type(value) in ATOMS and type(value) is not slice else id(value)


def parts_of(value: object) -> Parts:
    kind = type(value)
    known = _BY_TYPE.get(kind) if type(kind) is type else None
    if known is not None:
        return known(value)
    for base in bases_of(kind):
        if base in _BY_BASE:
            return _BY_BASE[base](value)
    return _of_library(value) or _instance(value)


def is_user_class(kind: type) -> bool:
    return class_dict(kind).get("__module__") == "__main__"


def _hashed(tokens: Iterable[object]) -> int:
    return hash(tuple(tokens))


def _sequence(value: Any) -> Parts:
    return _items(list.__iter__(value), list.__len__(value))


def _tuple(value: Any) -> Parts:
    found = tuple.__iter__(value)
    return Parts(None, islice(found, MOST_ITEMS), tuple.__len__(value) <= MOST_ITEMS)


def _deque(value: Any) -> Parts:
    return _items(deque.__iter__(value), deque.__len__(value))


def _set(value: Any) -> Parts:
    return _items(set.__iter__(value), set.__len__(value))


def _items(items: Iterator[object], length: int) -> Parts:
    if length > MOST_ITEMS:
        step = length // 1_000
        items = islice(items, 0, None, step)
    found = list(items)
    return Parts((length, _hashed(map(token, found))), found, length <= MOST_ITEMS)


def _dict(value: Any) -> Parts:
    length = dict.__len__(value)
    pairs = list(islice(dict.items(value), MOST_ITEMS))
    stamp = length, _hashed(token(part) for pair in pairs for part in pair)
    return Parts(stamp, [part for pair in pairs for part in pair], length <= MOST_ITEMS)


def _bytearray(value: Any) -> Parts:
    import zlib

    return Parts((bytearray.__len__(value), zlib.crc32(value)))


def _function(value: types.FunctionType) -> Parts:
    cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
    held = [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    attributes = list(value.__dict__.items())
    stamp = (
        id(value.__code__),
        _hashed([*map(token, held), *(token(part) for pair in attributes for part in pair)]),
    )
    return Parts(stamp, [*held, *(part for _, part in attributes)])


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty one raises
    except ValueError:
        return False
    return True


def _method(value: types.MethodType) -> Parts:
    return Parts(None, (value.__func__, value.__self__))


def _builtin_method(value: Any) -> Parts:
    return Parts(None, (value.__self__,))


def _partial(value: Any) -> Parts:
    return Parts(None, (value.func, value.args, value.keywords))


def _property(value: property) -> Parts:
    return Parts(None, (value.fget, value.fset))


def _wrapping(value: Any) -> Parts:
    return Parts(None, (value.__func__,))


def _cached(value: Any) -> Parts:
    info = value.cache_info()
    return Parts((info.misses, info.currsize), (attributes_of(value) or {}).values())


def _class(value: Any) -> Parts:
    if not is_user_class(value):
        return Parts()
    own = [(name, part) for name, part in class_dict(value).items() if name not in _OF_CLASSES]
    stamp = _hashed(token(part) for pair in own for part in pair)
    return Parts(stamp, [*(part for _, part in own), *bases_of(value)[1:]])


_OF_CLASSES = ("__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl", "__annotations__")


def _generator(value: Any) -> Parts:
    frame = value.gi_frame
    if frame is None:
        return Parts("ended")
    held = list(frame.f_locals.values())
    return Parts((frame.f_lasti, _hashed(map(token, held))), held)


def _constant(_value: object) -> Parts:
    return Parts()


def _iterator(value: Any) -> Parts:
    """Where it stands; what it goes over is a part of it."""
    found = value.__reduce__()
    held = found[1] if len(found) > 1 and type(found[1]) is tuple else ()
    return Parts(_hashed([*map(token, held), *map(token, found[2:])]), held)


def _opaque(_value: object) -> Parts:
    return Parts("opaque", (), is_whole=False)


def _random(value: Any) -> Parts:
    return Parts(hash(random.Random.getstate(value)))


def _instance(value: object) -> Parts:
    """Of a class in Python: its attributes. What an extension keeps for itself is not seen."""
    kind = type(value)
    attributes = attributes_of(value)
    held = dict(attributes or ()) | slots_of(value)
    if attributes is None and not held:
        return Parts(None, (), is_whole=not _is_iterator(kind))
    cached = {name for name in held if type(_of_class(kind, name)) is functools.cached_property}
    kept = [(name, part) for name, part in held.items() if name not in cached]
    inside = [part for base in (dict, list, set) if is_a(value, base)
              for part in (_BY_TYPE[base](value),)]  # fmt: skip
    stamp = _hashed(
        chain((token(part) for pair in kept for part in pair), (p.stamp for p in inside))
    )
    children = chain(held.values(), *(part.children for part in inside))
    return Parts(stamp, children)


def _of_class(kind: type, name: object) -> object:
    if type(name) is not str:
        return None
    return next((d[name] for base in bases_of(kind) if name in (d := class_dict(base))), None)


def _is_iterator(kind: type) -> bool:
    return any("__next__" in class_dict(base) for base in bases_of(kind))


# --- objects of libraries


def _of_library(value: object) -> Parts | None:
    kind = type(value)
    if array_stamps.is_array(value):
        return _array(value)
    package = module_of(kind).partition(".")[0]
    if package == "pandas":
        return _of_pandas(value)
    if package == "numpy":
        return _of_numpy(value)
    if package == "torch":
        return _of_torch(value)
    if package in ("_io", "io"):
        return _opaque(value)
    return None


def _array(value: Any) -> Parts:
    owner = array_stamps.owner_of(value)
    if owner is not value:
        return Parts(None, (owner,))
    stamp = array_stamps.array_stamp(value)
    return Parts(stamp, (), array_stamps.is_whole(value))


def _of_numpy(value: Any) -> Parts | None:
    numpy = sys.modules["numpy"]
    if is_a(value, numpy.random.Generator):
        return Parts(None, (value.bit_generator,))
    if is_a(value, numpy.random.BitGenerator):
        return Parts(repr(value.state))
    if is_a(value, numpy.random.RandomState):
        state = value.get_state(legacy=False)
        return Parts(repr(state["state"]) + state["state"].get("key", b"")[:].tobytes().hex()[:64])
    return Parts() if is_a(value, numpy.generic) else None


def _of_pandas(value: Any) -> Parts | None:
    pandas = sys.modules["pandas"]
    if is_a(value, pandas.Index):
        return Parts()
    attributes = attributes_of(value) or {}
    manager = attributes.get("_mgr")
    if not is_a(value, pandas.core.generic.NDFrame) or manager is None:
        return _instance(value) if attributes else None
    blocks = [block.values for block in manager.blocks]
    places = [block.mgr_locs.as_array.tobytes() for block in manager.blocks]
    axes = [(id(axis), len(axis)) for axis in manager.axes]
    return Parts(_hashed([*map(id, blocks), *places, *axes]), blocks)


def _of_torch(value: Any) -> Parts | None:
    torch = sys.modules["torch"]
    if is_a(value, torch.Tensor):
        return Parts((value._version, value.data_ptr(), tuple(value.shape)))
    if is_a(value, torch.Generator):
        return Parts(hash(value.get_state().numpy().tobytes()))
    return None


_BY_TYPE: dict[type, Callable[[Any], Parts]] = {
    list: _sequence,
    tuple: _tuple,
    dict: _dict,
    defaultdict: _dict,
    OrderedDict: _dict,
    set: _set,
    deque: _deque,
    bytearray: _bytearray,
    types.FunctionType: _function,
    types.MethodType: _method,
    types.BuiltinMethodType: _builtin_method,
    functools.partial: _partial,
    property: _property,
    staticmethod: _wrapping,
    classmethod: _wrapping,
    functools._lru_cache_wrapper: _cached,
    type: _class,
    types.GeneratorType: _generator,
    types.CoroutineType: _constant,
    types.ModuleType: _constant,
    random.Random: _random,
    **{
        type(each): _iterator
        for each in (iter([]), iter(()), iter(""), iter(range(0)), zip(), enumerate(()),
                     map(id, ()), filter(None, ()), reversed([]))
    },
}  # fmt: skip
_BY_BASE: dict[type, Callable[[Any], Parts]] = {
    type: _class,
    types.ModuleType: _constant,
    random.Random: _random,
}
