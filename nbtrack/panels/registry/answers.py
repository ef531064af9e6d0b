"""What a page may ask of the model registry: all models, one of them, one version, the record.

Any panel can answer so: nothing here is kept between two questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nbtrack.display.markdown import markdown_nodes
from nbtrack.display.markup import clipped
from nbtrack.errors import ModelChanged, ModelNotFound, ModelNotLoaded
from nbtrack.model_registry.audit import verify
from nbtrack.model_registry.facts import VersionFacts, version_facts
from nbtrack.models.mlmodel_file import read_mlmodel
from nbtrack.models.registered_places import place_of_version
from nbtrack.panels.compare.answers import section_message
from nbtrack.panels.registry.allowed import allowed
from nbtrack.panels.registry.changes import CHANGE_HANDLERS
from nbtrack.panels.registry.content import (
    PRODUCTION,
    Card,
    ModelPage,
    in_one_line,
    read_models,
    read_page,
)
from nbtrack.panels.registry.difference import version_difference
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.panels.shared.requests import number_of, text_of
from nbtrack.records.registry import ModelVersion
from nbtrack.stores.store import Store

PAGE_SIZE = 12  # events
_LONG = 2000  # characters


def models_answer(panel: Panel, _: Mapping[str, Any]) -> dict[str, Any]:
    """Every registered model, by name."""
    may = panel.rights.may_edit_model
    found = read_models(panel.store)
    return {"models": [{**asdict(model), "mayEdit": may(model.name)} for model in found]}


def model_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One model with a page of its events; whoever sends its stamp again hears no more than that
    while nothing has changed. Raises RegisteredModelNotFound."""
    name, metric = text_of(arguments, "name"), text_of(arguments, "metric")
    offset = max(0, number_of(arguments, "offset"))
    page = read_page(panel.store, name, metric=metric)
    may = allowed(panel.rights, page.model.name)
    stamp = f"{page.stamp} {[*may.values()]}"
    if text_of(arguments, "stamp") == stamp:
        return {"stamp": stamp}
    return {**page_message(page, offset=offset), **may, "stamp": stamp}


def version_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of one version, as [name, text], its source, and code that loads it."""
    facts = version_facts(panel.store, text_of(arguments, "name"), text_of(arguments, "version"))
    cell = facts.cell or {}
    return {
        "version": facts.version.version,
        "facts": [[name, clipped(text, 300)] for name, text in _facts(facts) if text],
        "inputs": _specs(facts, "inputs"),
        "outputs": _specs(facts, "outputs"),
        "data": [[clipped(_data_name(each), 200), _digest(each)] for each in facts.inputs],
        "source": cell.get("source"),
        "code": load_code(panel.store, facts.version),
    }


def compare_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A version beside another one, seen from that: heads, and sections as of a comparison."""
    name, version = text_of(arguments, "name"), text_of(arguments, "version")
    found = version_difference(panel.store, name, version, seen_from=text_of(arguments, "against"))
    return {
        "heads": [asdict(head) for head in found.heads],
        "sections": [section_message(section) for section in found.sections],
    }


def check_answer(panel: Panel, _: Mapping[str, Any]) -> dict[str, Any]:
    """Whether the record of all models is as it was written."""
    check = verify(panel.store)
    return {
        "events": check.head.number,
        "head": str(check.head),
        "isIntact": check.is_intact,
        "brokenAt": check.broken_at,
        "problems": [clipped(text, _LONG) for text in check.problems],
        "remarks": [clipped(text, _LONG) for text in check.remarks],
        "limits": check.limits,
    }


REGISTRY_HANDLERS: Mapping[str, Handler] = {
    "registry_models": models_answer,
    "registry_model": model_answer,
    "registry_version": version_answer,
    "registry_compare": compare_answer,
    "registry_check": check_answer,
    **CHANGE_HANDLERS,
}


def page_message(page: ModelPage, *, offset: int) -> dict[str, Any]:
    model = page.model
    events = page.event_lines(offset=offset, limit=PAGE_SIZE)
    return {
        "stamp": page.stamp,
        "name": model.name,
        "words": page.words,
        "serving": page.serving,
        "description": _text(model.description),
        "tags": _tags(model.tags),
        "aliases": sorted(model.aliases.items()),
        "stages": list(model.stages),
        "gates": [{**asdict(gate), "rule": in_one_line(gate.rule)} for gate in model.gates],
        "metric": page.metric,
        "metrics": page.metrics,
        "lanes": [
            {"stage": lane.stage, "cards": [_card(card) for card in lane.cards]}
            for lane in page.lanes
        ],
        "events": [asdict(event) for event in events],
        "offset": offset,
        "pageSize": PAGE_SIZE,
        "total": len(page.events),
    }


def load_code(store: Store, version: ModelVersion) -> str:
    """By what keeps its meaning: Production if it serves there, else an alias, else the number."""
    name = version.name
    if version.current_stage == PRODUCTION and _is_newest_there(store, version):
        uri = f"models:/{name}/{PRODUCTION}"
    elif version.aliases:
        uri = f"models:/{name}@{version.aliases[0]}"
    else:
        uri = f"models:/{name}/{version.version}"
    return f"import nbtrack\n\nmodel = nbtrack.{_flavor(store, version)}.load_model({uri!r})"


def _is_newest_there(store: Store, version: ModelVersion) -> bool:
    from nbtrack.lookup.registered_models import get_version_by_stage

    found = get_version_by_stage(store, version.name, PRODUCTION)
    return found is not None and found.version == version.version


def _flavor(store: Store, version: ModelVersion) -> str:
    try:
        flavors = read_mlmodel(place_of_version(store, version).folder).flavors
    except (ModelNotFound, ModelNotLoaded, ModelChanged):
        return "pyfunc"
    return "sklearn" if "sklearn" in flavors else "pyfunc"


def _card(card: Card) -> dict[str, Any]:
    found = asdict(card)
    return {**found, "tags": _tags(card.tags), "description": _text(card.description)}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """`key` is what the kernel is asked with, the others are to be shown."""
    shown = ((key, clipped(key, 120), clipped(value, 300)) for key, value in tags.items())
    return [{"key": key, "label": label, "value": value} for key, label, value in shown]


def _text(text: str | None) -> dict[str, Any]:
    """As it is, for whoever edits it, and as Markdown."""
    raw = text or ""
    return {"raw": raw, "shown": markdown_nodes(raw, keeps_lines=True) if raw else []}


def _facts(facts: VersionFacts) -> list[tuple[str, str]]:
    version, created = facts.version, facts.creation
    run = facts.run
    files = f"{len(facts.files):,} file{'' if len(facts.files) == 1 else 's'}"
    return [
        ("run", (run.info.run_name or "") if run else ""),
        ("run id", (version.run_id or "") + (" (deleted)" if facts.is_run_gone else "")),
        ("registered by", created.actor),
        ("from", version.source or ""),
        ("link", version.run_link or ""),
        ("digest", version.digest or ""),
        ("copy", files),
        ("environment", (facts.environment_digest or "")[:12]),
    ]


def _specs(facts: VersionFacts, which: str) -> list[str] | None:
    schema = getattr(facts.signature, which, None)
    return None if schema is None else [clipped(str(spec), 200) for spec in schema]


def _digest(entry: Mapping[str, Any]) -> str:
    return f"{entry['digest']} {'(sampled)' if entry.get('sampled') else ''}".rstrip()


def _data_name(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('context') or ''} {entry['name']}".strip()
