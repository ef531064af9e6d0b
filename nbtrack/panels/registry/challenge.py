"""Why the newest version of a model is not what the one in Production is."""

from __future__ import annotations

from typing import NamedTuple

from nbtrack.panels.registry.content import PRODUCTION, Card, ModelPage
from nbtrack.provenance.differences.difference import RunDifference, read_run_difference
from nbtrack.stores.store import Store


class Challenge(NamedTuple):
    title: str
    difference: RunDifference  # of their runs


def read_challenge(store: Store, page: ModelPage) -> Challenge | None:
    """None where the newest one serves, nothing does, or a run of the two is gone."""
    cards = {card.version: card for lane in page.lanes for card in lane.cards if _has_run(card)}
    newest = max((each.version for lane in page.lanes for each in lane.cards), key=int, default="")
    serving = [cards[version] for version in page.serving if version in cards]
    if newest not in cards or not serving or newest in page.serving:
        return None
    runs = [str(each.run_id) for each in (serving[0], cards[newest])]
    if runs[0] == runs[1]:
        return None
    title = f"Why is v{newest} different from v{serving[0].version}, in {PRODUCTION}?"
    return Challenge(title, read_run_difference(store, *runs))


def _has_run(card: Card) -> bool:
    return card.run_id is not None and not card.is_run_gone
