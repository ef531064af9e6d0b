"""One look per run, the same in the table and in every chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nbtrack.charts.shown_text import shown_text

# Found by search: the smallest distance (CIELAB) of any two is the largest that was seen for normal
# sight and simulated protan, deutan and tritan sight (Machado et al. 2009,
# https://doi.org/10.1109/TVCG.2009.113), with a contrast of 3 or more to #222, 2.3 to white.
PALETTE = (
    "#5c64c3", "#b0570c", "#19824c", "#ff6285", "#50adff",
    "#aa34ff", "#6dbe00", "#f582bd", "#a0a956", "#ae519a",
)  # fmt: skip
# Solid first; then the colours come again, and the pattern tells the runs apart.
DASHES: tuple[tuple[int, ...], ...] = ((), (6, 3), (2, 2), (8, 3, 2, 3), (1, 3))


class RunStyle(NamedTuple):
    colour: str
    dash: tuple[int, ...]  # lengths of strokes and gaps in pixels; () is a solid line


def run_colours(run_ids: Sequence[str]) -> dict[str, RunStyle]:
    """The look of each run, by its place in *run_ids*: ten colours, then the same ones dashed."""
    return {run_id: style_of(place) for place, run_id in enumerate(dict.fromkeys(run_ids))}


def run_labels(run_ids: Sequence[str], names: Mapping[str, str | None]) -> dict[str, str]:
    """What to call each run, no two alike: its name, and the beginning of its id where needed."""
    plain = {run_id: shown_text(names.get(run_id) or run_id[:8]) for run_id in run_ids}
    labels = plain
    for shown in (8, None):  # None: the whole id
        count = Counter(labels.values())
        labels = {
            run_id: label if count[label] == 1 else f"{plain[run_id]} · {run_id[:shown]}"
            for run_id, label in labels.items()
        }
    return labels


def style_of(place: int) -> RunStyle:
    pattern = (place // len(PALETTE)) % len(DASHES)
    return RunStyle(PALETTE[place % len(PALETTE)], DASHES[pattern])
