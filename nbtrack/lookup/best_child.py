"""The best of the runs below one parent, and what of it the parent shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbtrack.lookup.key_facts import inventory_of, meaning_of_runs
from nbtrack.lookup.metric_direction import Direction, direction
from nbtrack.lookup.salience import Meaning, best_metric
from nbtrack.records.origins import Origin, Origins, origins_of
from nbtrack.records.runs import RunData
from nbtrack.records.views import KeyFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class BestChild:
    """*params* are those that tell it from the others, *metrics* those of data that it was not
    trained on, *metric* the one by which it is the best."""

    run_id: str
    metric: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    origins: Origins

    def without(self, params: Mapping[str, object], metrics: Mapping[str, object]) -> BestChild:
        """But for keys that somebody else has."""
        return replace(
            self,
            params={key: value for key, value in self.params.items() if key not in params},
            metrics={key: value for key, value in self.metrics.items() if key not in metrics},
        )

    @property
    def noted(self) -> Origins:
        """Where what is shown of it came from."""
        origins = self.origins
        return Origins(
            params={key: origins.params.get(key, Origin.LOGGED) for key in self.params},
            metrics={key: origins.metrics.get(key, Origin.LOGGED) for key in self.metrics},
            aliases=origins.aliases,
        )


def best_child(
    children: Mapping[str, RunData], *, declared: Mapping[str, Direction]
) -> BestChild | None:
    """Of runs that came to their end, by id; None where nothing says which one is best."""
    data = list(children.values())
    inventory, meaning = inventory_of(data), meaning_of_runs(data, declared=declared)
    metric = _telling_metric([e for e in inventory.metrics if e.low is not None], meaning)
    if metric is None:
        return None
    values = {run_id: each.metrics.get(metric, math.nan) for run_id, each in children.items()}
    having = {run_id: value for run_id, value in values.items() if value == value}
    choose = min if direction(metric, declared) == "lower" else max
    run_id = choose(having, key=having.__getitem__)
    best, origins = children[run_id], origins_of(children[run_id].tags)
    differing = {each.key for each in inventory.params if _differs(each, meaning, len(data))}
    return BestChild(
        run_id=run_id,
        metric=metric,
        params={key: value for key, value in best.params.items() if key in differing},
        metrics={key: value for key, value in best.metrics.items() if _is_shown(key, origins)},
        origins=origins,
    )


def _telling_metric(facts: Sequence[KeyFacts], meaning: Meaning) -> str | None:
    """One that several have; but what a single one has says more than how they were trained."""
    found = best_metric(facts, meaning)
    if found is not None and meaning.of("metrics", found) < Origin.TRAINING:
        return found
    own = [each for each in facts if meaning.of("metrics", each.key) < Origin.TRAINING]
    return best_metric([replace(each, runs=2) for each in own], meaning) or found


def _differs(facts: KeyFacts, meaning: Meaning, runs: int) -> bool:
    """A default too, where it is one of the values that were tried; not what only one kind of
    estimator has, and nobody set."""
    origin = meaning.of("params", facts.key)
    if origin >= Origin.BOOKKEEPING:
        return False
    return facts.distinct > 1 or (facts.runs < runs and origin < Origin.UNTOLD)


def _is_shown(key: str, origins: Origins) -> bool:
    origin = origins.metrics.get(key, Origin.LOGGED)
    return origin <= Origin.MEASURED or (origin is Origin.ALIAS and key in origins.aliases)
