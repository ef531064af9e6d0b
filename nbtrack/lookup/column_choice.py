"""Which columns the user of an experiment wants to see: a tag of the experiment keeps it.

What all experiments together show is kept by the one that each project has, Default.

One id of a column a line: those that come first, in tables and charts. Behind an empty line stand
those that the table has at all; without it, it has what matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

COLUMNS_TAG = "nbtrack.columns"  # of an experiment
COLUMNS_OF_ALL_TAG = "nbtrack.columns.all"  # of the experiment Default
_BEHIND = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """*shown* None: nothing was chosen, the table has what matters."""

    pinned: tuple[str, ...] = ()
    shown: tuple[str, ...] | None = None

    @property
    def wanted(self) -> frozenset[str]:
        """All that the user named."""
        return frozenset((*self.pinned, *(self.shown or ())))

    def with_first(self, columns: Iterable[str]) -> ColumnChoice:
        """Where it was chosen what the table has at all, it has these too, in front."""
        if self.shown is None:
            return self
        return replace(self, shown=tuple(dict.fromkeys((*columns, *self.shown))))


NO_CHOICE = ColumnChoice()


def choice_of(tags: Mapping[str, str], *, tag: str = COLUMNS_TAG) -> ColumnChoice:
    """From the tags of an experiment."""
    pinned, behind, shown = tags.get(tag, "").partition(_BEHIND)
    return ColumnChoice(pinned=_lines(pinned), shown=_lines(shown) if behind else None)


def choice_text(choice: ColumnChoice) -> str:
    """As the tag has it; "" for no choice. A name of two lines cannot be kept."""
    pinned = "\n".join(_in_one_line(choice.pinned))
    if choice.shown is None:
        return pinned
    return pinned + _BEHIND + "\n".join(_in_one_line(choice.shown))


def _in_one_line(columns: Iterable[str]) -> list[str]:
    return [each for each in columns if "\n" not in each]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line)
