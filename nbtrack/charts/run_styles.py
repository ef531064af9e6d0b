"""One look per run, the same in the table and in every chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# Found by search: the smallest distance (CIELAB) of any two is the largest that was seen for normal
# sight and simulated protan, deutan and tritan sight (Machado et al. 2009,
# https://doi.org/10.1109/TVCG.2009.113), with a contrast of 2.3 or more to white and 3.1 to #111.
PALETTE = (
    "#1e78d2", "#b43c00", "#8700ff", "#96b400", "#e196a5",
    "#00b4e1", "#c3a55a", "#a54b96", "#f00069", "#00785a",
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
    plain = {run_id: names.get(run_id) or run_id[:8] for run_id in run_ids}
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
