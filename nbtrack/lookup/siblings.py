"""Which metrics share a chart: what the user put together, and of the rest what is one thing
measured on different data, as loss, train_loss and val_loss: it matters how far they are apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_DATA = re.compile(
    r"(valid|validation|eval)_\d+-(?=.)|"  # LightGBM and XGBoost count the sets that have no name
    r"(train|training|learn|val|valid|validation|test|eval|dev)[_/.\- ]+(?=.)|"
    r"(?<=.)[_/.\- ]+(train|training|learn|val|valid|validation|test|eval|dev)$",
    re.IGNORECASE,
)
# Lightning says of what is logged in steps, too, that this is the mean of an epoch.
_OF_EPOCH = re.compile(r"(?<=.)_epoch$")


def sharing(
    keys: Sequence[str], curves: Sequence[str], together: Sequence[Sequence[str]]
) -> dict[str, list[str]]:
    """By the metric that has the chart, the others that are on it; what stands first in *keys*
    first. Of *together* only what is in *keys*; without the user's word, only *curves* are put
    together."""
    place = {key: n for n, key in enumerate(keys)}
    taken = {key for group in together for key in group}
    found = {group[0]: [key for key in group if key in place] for group in together}
    told = taken.union(curves)
    found.update({key: [key] for key in keys if key not in told})
    alike = siblings_of([key for key in curves if key not in taken])
    found.update({head: [head, *others] for head, others in alike.items()})
    order = sorted((min(map(place.__getitem__, on)), head) for head, on in found.items() if on)
    return {head: [key for key in found[head] if key != head] for _, head in order}


def siblings_of(keys: Sequence[str]) -> dict[str, list[str]]:
    """By the key that has the chart, the others that are on it: in the order of *keys*."""
    families: dict[str, list[str]] = {}
    for key in keys:
        families.setdefault(_without_data(key), []).append(key)
    heads = {_head(name, family): family for name, family in families.items()}
    return {head: [key for key in family if key != head] for head, family in heads.items()}


def _without_data(key: str) -> str:
    return _OF_DATA.sub("", _OF_EPOCH.sub("", key), count=1).casefold()


def _head(name: str, family: Sequence[str]) -> str:
    """The one that is named after no data, else the first."""
    return next((key for key in family if key.casefold() == name), family[0])
