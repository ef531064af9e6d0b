"""The stamp of one object, and the objects that it is made of.

Two stamps of an object differ when it was changed in between. Values that cannot change have none.
What is to be done with objects of a type is found once per type: see `Kind`.
"""

from __future__ import annotations

import functools
import gc
import random
import types
import weakref
import zlib
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from itertools import chain, islice
from typing import Any, NamedTuple

from nbtrack.provenance.executions import library_stamps
from nbtrack.provenance.executions.own_modules import data_of, module_with, own_module
from nbtrack.provenance.executions.parts import ATOMS, Parts, hashed
from nbtrack.provenance.executions.safe_access import (
    bases_of,
    behind,
    class_dict,
    dict_slot,
    in_class,
    module_of,
    slots_of,
)

MOST_ITEMS = 5_000  # of one container; of a larger one so many are looked at:
SAMPLED_ITEMS = 1_000
FEW = 16
_OF_CLASSES = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "_abc_impl", "__annotations__"}
)

# Whose objects are made once, though no hash says so.
_UNCHANGING = frozenset({"pyarrow", "tensorflow", "jaxlib"})
# What is of the kernel holds all of the notebook: nobody's value is made of it.
_NOT_USERS = frozenset({"nbtrack", "IPython", "ipykernel", "traitlets", "comm"})
_CODE = (types.FunctionType, types.GeneratorType, types.ModuleType)


class Kind(NamedTuple):
    """What there is to know of a type. *library* is the top of its module's name."""

    reference: weakref.ref[type]
    parts: Callable[[Any], Parts]
    library: str
    is_users: bool  # the class is of the notebook
    is_code: bool  # functions, modules, classes: the names and libraries they read are asked
    is_cached: bool  # functions that keep results


_kinds: dict[int, Kind] = {}  # by the id of the type: the hash of a class may be the user's


def kind_of(value: object) -> Kind:
    kind = type(value)
    known = _kinds.get(id(kind))
    if known is None or known.reference() is not kind:
        module = module_of(kind)
        library = module.partition(".")[0]
        parts = _parts_for(kind, library)
        is_users = module == "__main__" or module_with(module) is not None
        is_code = any(kind is each for each in _CODE) or any(b is type for b in bases_of(kind))
        is_cached = parts is _cached_function
        known = Kind(weakref.ref(kind), parts, library, is_users, is_code, is_cached)
        _kinds[id(kind)] = known
    return known


def _parts_for(kind: type, library: str) -> Callable[[Any], Parts]:
    if library in _NOT_USERS:
        return _constant
    found = library_stamps.parts_for(kind, library)
    if found is not None:
        return found
    for base in bases_of(kind):
        if id(base) in _BY_BASE:
            return _BY_BASE[id(base)]
        if id(base) in _BY_TYPE:
            own = _BY_TYPE[id(base)]
            return own if base is kind else _Instances(kind, contents=own)
    return _Instances(kind)


class _Instances:
    """Of a class in Python: its attributes. What an extension keeps for itself is not seen."""

    def __init__(self, kind: type, contents: Callable[[Any], Parts] | None = None) -> None:
        self._identity = id(kind)  # the class of an object may be changed
        self._dict = dict_slot(kind)
        self._slots = slots_of(kind)
        self._contents = contents
        names = {name for base in bases_of(kind) for name in class_dict(base)}
        # Filled in when they are first asked for, which is no change.
        self._cached = {n for n in names if type(in_class(kind, n)) is functools.cached_property}
        self._is_open = bool(self._dict or self._slots or contents)
        self._is_iterator = "__next__" in names
        self._is_sealed = _is_sealed(kind)

    def __call__(self, value: Any) -> Parts:
        if not self._is_open:
            return Parts(is_opaque=self._is_iterator, is_sealed=self._is_sealed)
        held = {} if self._dict is None else self._dict.__get__(value)
        if self._cached:
            held = {name: part for name, part in held.items() if name not in self._cached}
        parts = [*held.values(), *self._filled_slots(value)]
        if self._contents is None:
            return Parts((self._identity, hashed(chain(held, parts))), parts)
        inside = self._contents(value)
        stamp = self._identity, hashed(chain(held, parts)), inside.stamp
        return Parts(stamp, chain(parts, inside.children), inside.is_whole)

    def _filled_slots(self, value: Any) -> Iterator[object]:
        for slot in self._slots:
            try:
                yield slot.__get__(value)
            except AttributeError:
                yield None


def _is_sealed(kind: type) -> bool:
    """Not what is known by its value, as dates are, nor functions, as ufuncs are."""
    is_function = in_class(kind, "__call__") and in_class(kind, "__name__")
    if module_of(kind).partition(".")[0] in _UNCHANGING or is_function:
        return False
    how = in_class(kind, "__hash__")
    return how is None or how is object.__dict__["__hash__"] or kind is ContextVar


# --- containers


def _list(value: Any) -> Parts:
    length = list.__len__(value)
    step = length // SAMPLED_ITEMS if length > MOST_ITEMS else 1
    found = list.__getitem__(value, slice(None, None, step))
    is_thin = length > FEW and _is_of_library(found[0]) and _is_of_library(found[FEW])
    parts = found[:FEW] if is_thin else found
    return Parts((length, hashed(found)), parts, step == 1, is_thin=is_thin)


def _is_of_library(value: object) -> bool:
    """An instance of a class that is not the user's: a tree of a forest."""
    return id(type(value)) not in _BY_TYPE and not kind_of(value).is_users


def _tuple(value: Any) -> Parts:
    found = tuple.__getitem__(value, slice(MOST_ITEMS))
    return Parts(None, found, tuple.__len__(value) <= MOST_ITEMS)


def _deque(value: Any) -> Parts:
    return _first_of(deque.__iter__(value), deque.__len__(value))


def _set(value: Any) -> Parts:
    return _first_of(set.__iter__(value), set.__len__(value))


def _frozenset(value: Any) -> Parts:
    return _first_of(frozenset.__iter__(value), frozenset.__len__(value))._replace(stamp=None)


def _first_of(items: Iterator[object], length: int) -> Parts:
    is_whole = length <= MOST_ITEMS
    found = list(items) if is_whole else list(islice(items, SAMPLED_ITEMS))
    return Parts((length, hashed(found)), found, is_whole)


def _dict(value: Any) -> Parts:
    length = dict.__len__(value)
    is_whole = length <= MOST_ITEMS
    most = None if is_whole else SAMPLED_ITEMS // 2
    keys = list(islice(dict.keys(value), most))
    found = list(islice(dict.values(value), most))
    if not is_whole:  # what is added comes last
        keys += islice(dict.__reversed__(value), most)
        found += islice(reversed(dict.values(value)), most)
    return Parts((length, hashed(keys), hashed(found)), [*keys, *found], is_whole)


def _ordered(value: Any) -> Parts:
    """Its order is its own, and not that of the dict beneath."""
    found = _dict(value)
    order = hashed(islice(OrderedDict.__iter__(value), MOST_ITEMS))
    return found._replace(stamp=(found.stamp, order))


def _bytearray(value: Any) -> Parts:
    return Parts((bytearray.__len__(value), zlib.crc32(value)))


# --- code


def _function(value: Any) -> Parts:
    cells = [behind(part) for cell in value.__closure__ or () for part in _content(cell)]
    attributes = value.__dict__
    held = [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    held += attributes.values()
    if (module := own_module(value.__globals__)) is not None:
        held.append(module)  # of which it may change the state
    return Parts((id(value.__code__), hashed(attributes), hashed(held)), held)


def _content(cell: types.CellType) -> tuple[object, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # nothing yet
        return ()


def _class(value: Any) -> Parts:
    own = class_dict(value)
    if own.get("__module__") != "__main__":
        return _class_of_project(value)
    names = [name for name in own if name not in _OF_CLASSES]
    held = [own[name] for name in names]
    return Parts((hashed(names), hashed(held)), [*held, *bases_of(value)[1:]])


def _class_of_project(value: Any) -> Parts:
    """What it holds for all of its instances; of a library's nothing."""
    module = module_with(module_of(value))
    if module is None:
        return Parts()
    return _state(class_dict(value), module)


def _module(value: Any) -> Parts:
    """The state of one of the project's. One of a class of its own may be imported by a look."""
    if type(value) is not types.ModuleType or own_module(value.__dict__) is not value:
        return Parts()
    return _state(value.__dict__)


def _state(facts: Mapping[str, Any], *beside: object) -> Parts:
    held, is_whole = data_of(facts)
    stamp = hashed(chain.from_iterable(held.items()))
    return Parts(stamp, [*held.values(), *beside], is_whole)


def _method(value: Any) -> Parts:
    return Parts(None, (value.__func__, value.__self__))


def _builtin_method(value: Any) -> Parts:
    return Parts(None, (value.__self__,))


class _Holding:
    """Of a compiled class, which says by *names* what it holds; a subclass is not asked."""

    def __init__(self, kind: type, *names: str) -> None:
        self._slots: list[Any] = [class_dict(kind)[name] for name in names]

    def __call__(self, value: Any) -> Parts:
        return Parts(None, [slot.__get__(value) for slot in self._slots])


def _cached_function(value: Any) -> Parts:
    info = _CACHED.cache_info(value)
    return Parts((info.misses, info.currsize), (_CACHED_DICT(value).get("__wrapped__"),))


# --- what is used up


def _generator(value: Any) -> Parts:
    frame = value.gi_frame
    if frame is None:
        return Parts("used up")
    # Asked for its locals, a frame keeps what it gives alive.
    found = [part for part in gc.get_referents(value) if type(part) is not types.FrameType]
    held = [part for each in found for part in _opened(each)]
    return Parts((frame.f_lasti, hashed(held)), held)


def _opened(part: object) -> tuple[object, ...]:
    return _content(part) if type(part) is types.CellType else (part,)


class _Iterator:
    """Where one of *kind* stands; what it goes over is a part of it. A subclass is not asked."""

    def __init__(self, kind: Any) -> None:
        self._reduced = kind.__reduce__

    def __call__(self, value: Any) -> Parts:
        found = self._reduced(value)
        held = found[1] if len(found) > 1 and type(found[1]) is tuple else ()
        return Parts(hashed(chain(held, found[2:])), held)


def _random(value: Any) -> Parts:
    return Parts(hash(random.Random.getstate(value)))


def _constant(_value: object) -> Parts:
    return Parts()


_CACHED: Any = type(functools.lru_cache(_constant))
_CACHED_DICT = class_dict(_CACHED)["__dict__"].__get__
_ITERATORS: Iterable[object] = (
    iter([]), iter(()), iter(""), iter(range(0)), zip(), enumerate(()), map(id, ()),
    filter(None, ()), reversed([]),
)  # fmt: skip
_LOOKS: tuple[tuple[type, Callable[[Any], Parts]], ...] = (
    (list, _list),
    (tuple, _tuple),
    (dict, _dict),
    (defaultdict, _dict),
    (OrderedDict, _ordered),
    (set, _set),
    (frozenset, _frozenset),
    (deque, _deque),
    (bytearray, _bytearray),
    (types.FunctionType, _function),
    (types.MethodType, _method),
    (types.BuiltinMethodType, _builtin_method),
    (functools.partial, _Holding(functools.partial, "func", "args", "keywords")),
    (property, _Holding(property, "fget", "fset")),
    (staticmethod, _Holding(staticmethod, "__func__")),
    (classmethod, _Holding(classmethod, "__func__")),
    (_CACHED, _cached_function),
    (types.GeneratorType, _generator),
    (types.CoroutineType, _constant),
    (slice, _constant),
    *((type(each), _Iterator(type(each))) for each in _ITERATORS),
    *((kind, _constant) for kind in ATOMS),
)
_BY_TYPE = {id(kind): parts for kind, parts in _LOOKS}
# Also of subclasses, whatever they add.
_BY_BASE: dict[int, Callable[[Any], Parts]] = {
    id(type): _class,
    id(types.ModuleType): _module,
    id(random.Random): _random,
}
