"""Which key is meant by a name without a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from nbtrack.base.nearest import MOST_NAMES, asking, nearest
from nbtrack.lookup.typed_filter.names import Names, NamesSource
from nbtrack.records.tags import OWN_PREFIXES
from nbtrack.stores.filters.filter_grammar import Key, Term, comparisons_of
from nbtrack.stores.filters.filter_keys import RUNS, UnknownKey, attribute_named, family_of
from nbtrack.stores.filters.filter_tokens import wrong
from nbtrack.stores.filters.written import key_text

EXPERIMENT = "experiment"  # by its name, which the store's grammar does not know
# What the table's header calls them, and what MLflow does.
HEADERS = {
    "name": "run_name",
    "status": "status",
    "started": "start_time",
    "ended": "end_time",
    "duration": "duration",
    "user": "user_id",
    "id": "run_id",
    EXPERIMENT: EXPERIMENT,
}


def meant_key(key: Key, names: NamesSource, *, text: str) -> Key:
    """*key* with its prefix; raises InvalidFilter if no run has it, or two kinds do.

    A name of the header comes before those of metrics and params, and these before tags.
    """
    if key.prefix is not None and family_of(key.prefix, subject=RUNS):
        return key
    name = key.name if key.prefix is None else f"{key.prefix}.{key.name}"
    header = HEADERS.get(name.lower())
    if attribute := header or attribute_named(name, subject=RUNS):
        return Key(prefix=None, name=attribute, position=key.position)
    known = names()
    kinds = [kind for kind, keys in known.by_kind.items() if name in keys]
    if {"metrics", "params"} <= set(kinds):
        both = " or ".join(_written(name, kind) for kind in ("metrics", "params"))
        problem = f"{name!r} is a metric and a param: write {both}."
        raise wrong(text, key.position, problem)
    if not kinds:
        raise UnknownKey(text, key, f"{_nobody_has(name)}{_nearest(name, known)}")
    return Key(prefix=kinds[0], name=name, position=key.position)


def missing_key(term: Term, names: Names) -> str:
    """What to say of the first key with a prefix that no run has; "" if there is none."""
    for each in comparisons_of(term):
        family = family_of(each.key.prefix, subject=RUNS)
        keys = names.by_kind.get(family or "")
        if keys is not None and each.key.name not in keys and each.operator != "IS NULL":
            name = _written(each.key.name, family)
            return f"No run has {name}.{_nearest(f'{family}.{each.key.name}', names)}"
    return ""


def _nobody_has(name: str) -> str:
    return f"No run has a metric, a param or a tag {name!r}."


def _nearest(name: str, known: Names) -> str:
    written: dict[str, str] = {}
    for spelling, text in islice(_proposals(known), MOST_NAMES):
        written.setdefault(spelling, text)
    near = nearest(name, written)
    if near is None:
        return f" Besides those there are {', '.join(HEADERS)}."
    return asking(written[near])


def _proposals(known: Names) -> Iterator[tuple[str, str]]:
    """Every name there is, and how to write it; of two the first one counts."""
    yield from ((name, name) for name in HEADERS)
    for kind, keys in known.by_kind.items():
        for name in keys:
            if not name.startswith(OWN_PREFIXES):
                yield f"{kind}.{name}", _written(name, kind)
                yield name, _shortest(name, kind, known)


def _shortest(name: str, kind: str, known: Names) -> str:
    is_header = name.lower() in HEADERS or attribute_named(name, subject=RUNS) is not None
    is_one = sum(name in keys for keys in known.by_kind.values()) == 1
    return _written(name, None if is_one and not is_header else kind)


def _written(name: str, kind: str | None) -> str:
    return key_text(Key(prefix=kind, name=name, position=0))
