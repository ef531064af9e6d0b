"""Where a param or a metric of a run came from, and so how much it means to whoever looks.

What is logged by hand is the rule and takes no words; of the rest one tag of the run tells the
origin, so that it goes wherever the run goes:

    nbtrack.origins = {"params": {"default": ["verbose", …], "changed": ["C"]},
                       "metrics": {"training": ["training_score"]},
                       "aliases": {"accuracy_score_X_test": "accuracy"}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache

ORIGINS_TAG = "nbtrack.origins"


class Origin(IntEnum):
    """The lower, the more it means. The name in lower case is what the tag says."""

    LOGGED = 0
    ASSIGNED = 1
    MEASURED = 2
    CHANGED = 3
    UNTOLD = 4
    TRAINING = 5
    DEFAULT = 6
    BOOKKEEPING = 7
    ALIAS = 8
    MOVED = 9

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def is_own(self) -> bool:
        """Whether the user wrote it down: nobody else chose that name."""
        return self <= Origin.ASSIGNED


_WORDS = {
    Origin.LOGGED: "logged by you",
    Origin.ASSIGNED: "assigned in the cell",
    Origin.MEASURED: "measured after the fit",
    Origin.CHANGED: "not the estimator's default",
    Origin.UNTOLD: "recorded by autolog",
    Origin.TRAINING: "on the training data",
    Origin.DEFAULT: "the estimator's default",
    Origin.BOOKKEEPING: "bookkeeping",
    Origin.ALIAS: "another name of one of your metrics",
    Origin.MOVED: "of the first fit, which is a child of the run",
}
# Params of estimators and training functions that say how the work is done, not what is computed.
_BOOKKEEPING = frozenset(
    (
        *("cache_size", "copy", "copy_X", "copy_X_train", "error_score", "memory", "n_jobs"),
        *("pre_dispatch", "return_train_score", "steps", "transform_input", "transformers"),
        *("verbose", "verbose_feature_names_out", "warm_start"),
        *("as_pandas", "nthread", "num_threads", "show_stdv", "thread_count", "verbose_eval"),
        *("verbosity", "keep_training_booster"),
    )
)
_BY_WORD = {origin.name.lower(): origin for origin in Origin}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Of one run; a key that is not in it was logged by hand.

    *aliases*: by the name that autolog gave a metric, the name that the user gave it.
    """

    params: Mapping[str, Origin] = field(default_factory=dict)
    metrics: Mapping[str, Origin] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(self.params) + len(self.metrics)

    def __or__(self, later: Origins) -> Origins:
        """Both; of a key that is in both, what *later* says, that it is no alias any more too."""
        metrics = {**self.metrics, **later.metrics}
        aliases = {**self.aliases, **later.aliases}
        return Origins(
            params={**self.params, **later.params},
            metrics=metrics,
            aliases={k: v for k, v in aliases.items() if metrics.get(k) is Origin.ALIAS},
        )


NO_ORIGINS = Origins()


def origins_text(origins: Origins) -> str:
    """As the tag has it."""
    found = {"params": _by_word(origins.params), "metrics": _by_word(origins.metrics)}
    told = {**found, "aliases": dict(origins.aliases)}
    return json.dumps({name: part for name, part in told.items() if part}, ensure_ascii=False)


@lru_cache(maxsize=1024)
def parsed_origins(text: str) -> Origins:
    """What the tag says; what cannot be understood in it, a newer word say, is left out."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return NO_ORIGINS
    if not isinstance(found, dict):
        return NO_ORIGINS
    aliases = found.get("aliases")
    return Origins(
        params=_by_key(found.get("params")),
        metrics=_by_key(found.get("metrics")),
        aliases={str(k): str(v) for k, v in aliases.items()} if isinstance(aliases, dict) else {},
    )


def origins_of(tags: Mapping[str, str]) -> Origins:
    """What the *tags* of a run say."""
    text = tags.get(ORIGINS_TAG)
    return NO_ORIGINS if text is None else parsed_origins(text)


def all_of(keys: Iterable[str], origin: Origin) -> dict[str, Origin]:
    return dict.fromkeys(keys, origin)


def is_bookkeeping(param: str) -> bool:
    """Of an estimator's param, of a step's too: `clf__verbose`."""
    return param.rpartition("__")[2] in _BOOKKEEPING


def is_of_machine(metric: str) -> bool:
    """By its name, which is MLflow's: of runs that MLflow recorded no tag tells more."""
    return metric.startswith("system/")


def _by_word(origins: Mapping[str, Origin]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, origin in origins.items():
        if origin is not Origin.LOGGED:
            found.setdefault(origin.name.lower(), []).append(key)
    return found


def _by_key(found: object) -> dict[str, Origin]:
    if not isinstance(found, dict):
        return {}
    known = [(_BY_WORD[word], keys) for word, keys in found.items() if word in _BY_WORD]
    return {
        key: origin
        for origin, keys in known
        if isinstance(keys, list)
        for key in keys
        if isinstance(key, str)
    }
