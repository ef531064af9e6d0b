"""The pages of a folder of reports, and the way from each to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.display.markup import Html, tag
from nbtrack.panels.report.shell import of_class

INDEX, MODELS = "index.html", "models.html"
_MOST_LISTED = 40  # experiments; every page has this list, and the index has all


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An experiment that has a page. *newest* is when its last run began, in milliseconds."""

    name: str
    file: str
    runs: int
    newest: int | None
    best: str  # its name and metric, in words; "": there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """*experiments* with the newest run first, and so many *models*."""

    project: str
    experiments: Sequence[Listed]
    models: int

    def seen_from(self, file: str) -> Html:
        rest = len(self.experiments) - _MOST_LISTED
        top = [_link("Overview", INDEX, None, here=file)]
        if self.models:
            top.append(_link("Models", MODELS, self.models, here=file))
        listed = [
            _link(each.name, each.file, each.runs, here=file)
            for each in self.experiments[:_MOST_LISTED]
        ]
        if rest > 0:
            listed.append(_link(f"… {rest:,} more", INDEX, None, here=None))
        return of_class(
            "places", "nav", of_class("project", "p", self.project), tag("ul", *top),
            tag("ul", *listed), aria_label="Project",
        )  # fmt: skip


def _link(words: str, file: str, count: int | None, *, here: str | None) -> Html:
    parts = [tag("bdi", words)]
    if count is not None:
        parts.append(of_class("quiet", "span", f"{count:,}"))
    current = "page" if file == here else None
    return tag("li", tag("a", *parts, href=file, title=words, aria_current=current))
