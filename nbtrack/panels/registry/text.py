"""The registry for terminals."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.display.markup import clipped
from nbtrack.display.number_format import MISSING
from nbtrack.display.text_table import aligned, cut_to
from nbtrack.panels.registry.content import (
    Card,
    EventLine,
    ModelLine,
    ModelPage,
    in_one_line,
)

MOST_EVENTS = 8
_NAME, _VALUE, _TEXT = 32, 24, 60
_MOST_CARDS = 5  # of a stage


def models_text(models: Sequence[ModelLine], place: str) -> str:
    if not models:
        return nothing_registered(place)
    heads = ["model", "versions", "in use", "aliases", "last change", "description"]
    rows = [[cut_to(m.name, _NAME), f"{m.versions:,}", in_use_words(m), alias_words(m), m.changed,
             cut_to(m.description, _TEXT)] for m in models]  # fmt: skip
    count = f"{len(models):,} registered model{'' if len(models) == 1 else 's'}"
    return "\n".join([count, *aligned([heads, *rows], right={1})])


def nothing_registered(place: str) -> str:
    return f"No registered models in {place}. nbtrack.register_model(model_uri, name) makes one."


def in_use_words(model: ModelLine) -> str:
    return ", ".join(f"{stage} v{version}" for stage, version in model.in_use) or MISSING


def alias_words(model: ModelLine) -> str:
    return ", ".join(f"@{alias} v{version}" for alias, version in model.aliases) or MISSING


def page_text(page: ModelPage) -> str:
    lines = [f"{page.model.name}  {page.words}"]
    if page.model.description:
        lines.append(cut_to(clipped(in_one_line(page.model.description), 200), 100))
    lines += [f"gate to {gate.stage}: {gate_words(gate.rule, gate.approver)}"
              for gate in page.model.gates]  # fmt: skip
    return "\n".join([*lines, *_table(page), "", *_timeline(page)])


def gate_words(rule: str | None, approver: str | None) -> str:
    """On one line, however the rule was written."""
    who = "approved by another person than who registered it" if approver else ""
    return ", ".join(filter(None, (clipped(in_one_line(rule), 300), who)))


def _table(page: ModelPage) -> list[str]:
    heads = ["stage", "version", page.metric or "metric", "run", "by", "when", "aliases"]
    rows = []
    for lane in page.lanes:
        rows += [_row(card) for card in lane.cards[:_MOST_CARDS]]
        if len(lane.cards) > _MOST_CARDS:
            more = f"+{len(lane.cards) - _MOST_CARDS:,} more"
            rows.append([lane.stage, more, *[""] * (len(heads) - 2)])
    return aligned([[cut_to(head, _VALUE) for head in heads], *rows], right={2}) if rows else []


def _row(card: Card) -> list[str]:
    run = card.run_name or MISSING
    aliases = " ".join(f"@{alias}" for alias in card.aliases)
    return [card.stage, f"v{card.version}", card.value, cut_to(run, _NAME),
            cut_to(card.who, _VALUE), card.age, cut_to(aliases, _NAME)]  # fmt: skip


def _timeline(page: ModelPage) -> list[str]:
    lines = page.event_lines(offset=0, limit=MOST_EVENTS)
    shown = [event_text(line) for line in lines]
    left = len(page.events) - len(lines)
    name = clipped(page.model.name, _NAME)
    return [*shown, f"+{left:,} earlier: nbtrack registry log {name!r}"] if left > 0 else shown


def event_text(line: EventLine) -> str:
    version = f"v{line.version} " if line.version else ""
    why = f" - {cut_to(line.reason, _TEXT)}" if line.reason else ""
    return f"{line.moment}  {version}{cut_to(line.words, _TEXT)} by {cut_to(line.who, _VALUE)}{why}"
