"""What our extension of JupyterLab marks a cell's prompt with: metadata of the card's output."""

from __future__ import annotations

from typing import Any

from nbtrack.cards.content import KEY_LIMIT, metric_table
from nbtrack.cards.facts import CardFacts
from nbtrack.display.markup import clipped


def card_mark(facts: CardFacts) -> dict[str, Any]:
    """`best` are the metrics by which no other run of the experiment was better, when it ended."""
    table = metric_table(facts)
    lines = [] if table is None else table.lines
    return {
        "run": facts.run_id,
        "status": facts.status.lower(),
        "best": [clipped(line.key, KEY_LIMIT) for line in lines if line.best.verdict == "best"],
    }
