"""What differs between versions of a registered model, also between those whose runs are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.display.markup import clipped
from nbtrack.lookup.difference import (
    SAMPLED,
    Compared,
    compared,
    compared_data,
    compared_metrics,
    differing_first,
)
from nbtrack.lookup.metric_direction import directions
from nbtrack.model_registry.facts import VersionFacts, version_facts
from nbtrack.panels.compare.content import Section, compared_lines, metric_lines
from nbtrack.panels.runs.run_scope import read_experiments
from nbtrack.stores.store import Store

_MOST_LINES = 200  # of a section
_NAME_LIMIT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionHead:
    version: str
    stage: str
    run_id: str | None
    run_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDifference:
    """Seen from the first of *heads*."""

    heads: Sequence[VersionHead]
    sections: Sequence[Section]


def version_difference(
    store: Store, name: str, version: str, *, seen_from: str
) -> VersionDifference:
    """Raises RegisteredModelNotFound, ModelVersionNotFound, InvalidValue."""
    facts = [version_facts(store, name, each) for each in (seen_from, version)]
    ids = {each.run.info.experiment_id for each in facts if each.run}
    declared = directions(read_experiments(store, list(ids)))
    metrics = compared_metrics([each.metrics for each in facts], baseline=0)
    texts: dict[str, tuple[str, list[Mapping[str, str]]]] = {
        "params": ("Params", [each.params for each in facts]),
        "data": ("Data", [_inputs(each) for each in facts]),
        "signature": ("Signature", [_signature(each) for each in facts]),
        "tags": ("Tags of the version", [each.version.tags for each in facts]),
        "environment": ("Environment", [_environment(each) for each in facts]),
    }
    sections = [_section("metrics", "Metrics", metric_lines(metrics, 0, declared))]
    sections += [
        _section(key, title, compared_lines(differing_first(_compared(key, found)), 0))
        for key, (title, found) in texts.items()
    ]
    heads = [_head(each) for each in facts]
    return VersionDifference(heads=heads, sections=[each for each in sections if each.lines])


def _compared(key: str, found: Sequence[Mapping[str, str]]) -> list[Compared]:
    return compared_data(found) if key == "data" else compared(found)


def _section(name: str, title: str, lines: Sequence[Any]) -> Section:
    more = max(0, len(lines) - _MOST_LINES)
    return Section(name=name, title=title, lines=lines[:_MOST_LINES], more=more)


def _head(facts: VersionFacts) -> VersionHead:
    name = (facts.run.info.run_name if facts.run else None) or (facts.version.run_id or "")[:8]
    return VersionHead(
        version=facts.version.version,
        stage=facts.version.current_stage,
        run_id=facts.version.run_id,
        run_name=clipped(name, _NAME_LIMIT),
    )


def _inputs(facts: VersionFacts) -> dict[str, str]:
    """The digest of each dataset, by its context and name."""
    found = {}
    for each in facts.inputs:
        label = f"{each.get('context') or ''} {each['name']}".strip()
        found[label] = f"{each['digest']} {SAMPLED if each.get('sampled') else ''}".strip()
    return found


def _signature(facts: VersionFacts) -> dict[str, str]:
    """Each column that goes in and what comes out, with their types."""
    if facts.signature is None:
        return {}
    found = {}
    for way, schema in (("in", facts.signature.inputs), ("out", facts.signature.outputs)):
        for n, spec in enumerate(schema or ()):
            label = n if getattr(spec, "name", None) is None else spec.name
            found[f"{way} {label}"] = str(spec).rpartition(": ")[2]
    return found


def _environment(facts: VersionFacts) -> dict[str, str]:
    content: Mapping[str, Any] = facts.environment or {}
    packages = content.get("packages")
    found = {"python": str(content["python_version"])} if content.get("python_version") else {}
    return found | (dict(packages) if isinstance(packages, dict) else {})
