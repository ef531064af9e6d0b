"""What the registry says of a model, in words: made once, then shown as HTML, text and panel.

So the three cannot tell different stories.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from nbtrack.display.markup import clipped
from nbtrack.display.number_format import MISSING, format_age, format_column
from nbtrack.lookup.metric_direction import directions
from nbtrack.lookup.registered_models import get_model, moment_text
from nbtrack.model_registry.event_words import event_words
from nbtrack.model_registry.evidence import evidence_in, metrics_in
from nbtrack.panels.registry.telling_metric import best_known_metric
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.records.registry import (
    NO_STAGE,
    EventKind,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    RegistryQuery,
)
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.store import Store

PRODUCTION = "Production"
_QUIET_STAGES = (NO_STAGE, "Archived")  # where a version serves nobody
_NAME_LIMIT, _TEXT_LIMIT = 120, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """A model in the list of all; *in_use* is [(stage, version)], Production first."""

    name: str
    versions: int
    in_use: Sequence[tuple[str, str]]
    aliases: Sequence[tuple[str, str]]
    changed: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A version in its lane. *who* put it there, *age* ago; *value* is that of the page's metric.

    *run_name* is "" without a run; *is_run_gone*: it was deleted for good.
    """

    version: str
    stage: str
    value: str
    run_id: str | None
    run_name: str
    is_run_gone: bool
    who: str
    age: str
    moment: str
    aliases: Sequence[str]
    tags: Mapping[str, str]
    description: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    stage: str
    cards: Sequence[Card]  # the newest version first


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """*stage* is the one that a version came to, else ""."""

    n: int
    moment: str
    version: str
    stage: str
    words: str
    who: str
    reason: str
    run_id: str | None
    run_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """*stamp* is another one when anything of it is; *events* are as recorded, oldest first."""

    model: RegisteredModel
    words: str
    serving: Sequence[str]
    metric: str
    metrics: Sequence[str]
    lanes: Sequence[Lane]
    events: Sequence[RegistryEvent]
    run_names: Mapping[str, str]
    stamp: str

    def event_lines(self, *, offset: int, limit: int) -> list[EventLine]:
        """The newest first."""
        newest_first = self.events[::-1][offset : offset + limit]
        return [event_line(event, self.run_names) for event in newest_first]


def read_models(store: Store) -> list[ModelLine]:
    """All of them, by name."""
    counts = Counter(v.name for v in store.search_model_versions(RegistryQuery()))
    return [_model_line(m, counts[m.name]) for m in store.search_registered_models(RegistryQuery())]


def read_page(store: Store, name: str, *, metric: str = "") -> ModelPage:
    """With *metric* on its cards if any version has it, else with the one that says most.

    Raises RegisteredModelNotFound, InvalidValue.
    """
    model = get_model(store, name)
    versions = store.search_model_versions(RegistryQuery(name=model.name))
    versions.sort(key=lambda version: -int(version.version))
    found = store.registry_events(name=model.name)
    events = [event for event in found if event.model_key == model.event_number]
    runs = _runs_of(store, [v.run_id for v in versions if v.run_id])
    metrics = {v.version: each for v, each in zip(versions, _metrics(versions, runs, events))}
    declared = directions(read_experiments(store, [*{r.info.experiment_id for r in runs.values()}]))
    keys = list(dict.fromkeys(key for each in metrics.values() for key in each))
    if metric not in keys:
        metric = best_known_metric(model, metrics.values(), declared)
    cards = _cards(versions, metrics, metric, runs=runs, events=events)
    serving = [v.version for v in versions if v.current_stage == PRODUCTION]
    return ModelPage(
        model=model,
        words=_summary(versions, serving),
        serving=serving,
        metric=metric,
        metrics=keys,
        lanes=[Lane(stage=s, cards=[c for c in cards if c.stage == s]) for s in model.stages],
        events=events,
        run_names={run_id: _run_name(run) for run_id, run in runs.items()},
        stamp=_stamp(model, versions, events[-1].hash, metric, sorted(metrics.items())),
    )


def event_line(event: RegistryEvent, run_names: Mapping[str, str]) -> EventLine:
    is_move = event.kind == EventKind.STAGE_CHANGED
    run_name = run_names.get(event.run_id or "", "")
    words = event_words(event)
    if event.kind == EventKind.VERSION_CREATED and run_name:
        words, run_name = f"registered from run {run_name}", ""  # the URI has nothing but its id
    return EventLine(
        n=event.n,
        moment=moment_text(event.t),
        version="" if event.version is None else str(event.version),
        stage=(event.to_value or "") if is_move else "",
        words=clipped(in_one_line(words), _TEXT_LIMIT),
        who=clipped(event.actor, _NAME_LIMIT),
        reason=clipped(in_one_line(event.reason), _TEXT_LIMIT),
        run_id=event.run_id,
        run_name=run_name,
    )


def in_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _model_line(model: RegisteredModel, versions: int) -> ModelLine:
    latest = {v.current_stage: v.version for v in model.latest_versions}
    shown = [PRODUCTION, *(stage for stage in model.stages if stage != PRODUCTION)]
    changed = (model.last_updated_timestamp or model.creation_timestamp) / 1000
    return ModelLine(
        name=clipped(model.name, _TEXT_LIMIT),
        versions=versions,
        in_use=[(s, latest[s]) for s in shown if s in latest and s not in _QUIET_STAGES],
        aliases=sorted(model.aliases.items()),
        changed=format_age(time.time() - changed),
        description=clipped(in_one_line(model.description), _TEXT_LIMIT),
    )


def _summary(versions: Sequence[ModelVersion], serving: Sequence[str]) -> str:
    count = f"{len(versions):,} version{'' if len(versions) == 1 else 's'}"
    if not serving:
        return f"{count} · none in Production" if versions else "no versions yet"
    return f"{count} · serving {', '.join(f'v{version}' for version in serving)}"


def _runs_of(store: Store, run_ids: Sequence[str]) -> dict[str, Run]:
    if not run_ids:
        return {}
    listed = ", ".join("'" + each.replace("'", "''") + "'" for each in dict.fromkeys(run_ids))
    query = RunQuery(filter_string=f"attributes.run_id in ({listed})", view_type=ViewType.ALL)
    return {run.info.run_id: run for run in store.search_runs(query)}


def _run_name(run: Run) -> str:
    return clipped(run.info.run_name or run.info.run_id[:8], _NAME_LIMIT)


def _metrics(
    versions: Sequence[ModelVersion], runs: Mapping[str, Run], events: Sequence[RegistryEvent]
) -> list[dict[str, float]]:
    """Of each version's run as it is now; when that is gone, as it was at registration."""
    created = {e.version: e for e in events if e.kind == EventKind.VERSION_CREATED}
    found = []
    for version in versions:
        run = runs.get(version.run_id or "")
        evidence = evidence_in(run) if run else _kept(created.get(int(version.version)))
        found.append(metrics_in(evidence))
    return found


def _kept(created: RegistryEvent | None) -> Mapping[str, object]:
    return {} if created is None else json.loads(created.details).get("evidence", {})


def _cards(
    versions: Sequence[ModelVersion],
    metrics: Mapping[str, Mapping[str, float]],
    metric: str,
    *,
    runs: Mapping[str, Run],
    events: Sequence[RegistryEvent],
) -> list[Card]:
    values = format_column([metrics[v.version].get(metric) for v in versions])
    placed = {e.version: e for e in events if e.kind in _PLACING}  # the newest of each
    cards = []
    for version, value in zip(versions, values):
        event, run = placed[int(version.version)], runs.get(version.run_id or "")
        cards.append(
            Card(
                version=version.version,
                stage=version.current_stage,
                value=value if metric else MISSING,
                run_id=version.run_id,
                run_name=_run_name(run) if run else (version.run_id or "")[:8],
                is_run_gone=version.run_id is not None and run is None,
                who=clipped(event.actor, _NAME_LIMIT),
                age=format_age(time.time() - event.t / 1e6),
                moment=moment_text(event.t),
                aliases=version.aliases,
                tags=version.tags,
                description=version.description,
            )
        )
    return cards


_PLACING = (EventKind.VERSION_CREATED, EventKind.STAGE_CHANGED)


def _stamp(*facts: object) -> str:
    held = repr(facts).encode("utf-8", "surrogatepass")
    return blake2b(held, digest_size=12).hexdigest()
