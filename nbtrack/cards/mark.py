"""What our extension of JupyterLab marks a cell's prompt with: metadata of the card's output."""

from __future__ import annotations

from nbtrack.cards.content import KEY_LIMIT, metric_table
from nbtrack.cards.facts import CardFacts
from nbtrack.display.markup import clipped


def card_mark(facts: CardFacts) -> str:
    """`finished`, `failed` …; or `best f1, loss`: by these metrics no other run of the experiment
    was better, when it ended. It is short, as every card of a notebook keeps it."""
    status, table = facts.status.lower(), metric_table(facts)
    lines = [] if table is None else table.lines
    best = [clipped(line.key, KEY_LIMIT) for line in lines if line.best.verdict == "best"]
    return f"best {', '.join(best)}" if best and status == "finished" else status
