"""What a page asks and what its panel answers: both sides as they are declared.

That real answers have the declared shape is checked wherever a test asks: in panel_page.py.
"""

from __future__ import annotations

import re

import pytest

from nbtrack.panels.artifacts.panel import ArtifactPanel
from nbtrack.panels.compare.panel import ComparePanel
from nbtrack.panels.frame.panel import FramePanel
from nbtrack.panels.live.panel import LivePanel
from nbtrack.panels.registry.panel import RegistryPanel
from nbtrack.panels.runs.panel import RunsPanel
from nbtrack.panels.shared.assets import PANELS, modules_of
from nbtrack.panels.shared.panel import _OF_EVERY_PANEL
from nbtrack.panels.side.panel import SidePanel
from tests.page.message_fit import misfits
from tests.page.message_types import declarations, table

ENTRY_OF = {
    ArtifactPanel: "artifacts/page/artifacts_panel.js",
    ComparePanel: "compare/page/compare_panel.js",
    FramePanel: "frame/page/frame.js",
    LivePanel: "live/page/live_panel.js",
    RegistryPanel: "registry/page/registry_panel.js",
    RunsPanel: "runs/page/runs_panel.js",
    SidePanel: "side/page/side.js",
}
ASKED = re.compile(r'(?:\b(?:ask|tell)\(\s*|\bquestion: )"(\w+)"')
HEARD = re.compile(r'\bonPush\(\s*"(\w+)"')
PUSHED = re.compile(r'\b_?push\(\s*"(\w+)"')


def said_in_page(entry: str, pattern: re.Pattern[str]) -> set[str]:
    """By its own modules: the frame has the panels in it, each with a line of its own."""
    found = modules_of(entry)
    if entry.startswith("frame/"):
        found = [module for module in found if module.file.startswith("frame/")]
    return {name for module in found for name in pattern.findall(module.body)}


def said_in_pages(pattern: re.Pattern[str]) -> set[str]:
    return set().union(*(said_in_page(entry, pattern) for entry in ENTRY_OF.values()))


def test_the_page_declares_what_python_declares():
    """After a change there: `python -m tests.page.message_types`."""
    there = {place: text for place in declarations() if (text := place.read_text())}

    assert there == declarations()


@pytest.mark.parametrize("panel", ENTRY_OF, ids=lambda panel: panel.__name__)
def test_a_page_asks_only_what_its_panel_answers(panel):
    asked = said_in_page(ENTRY_OF[panel], ASKED)

    assert asked <= {*panel.handlers, *_OF_EVERY_PANEL}


def test_every_answer_is_asked_for_and_declared():
    """No handler without a page that asks; none, and no question, that is not declared."""
    answered = {*_OF_EVERY_PANEL}.union(*(panel.handlers for panel in ENTRY_OF))

    assert answered == said_in_pages(ASKED)
    assert answered == set(table("QUESTIONS"))


def test_every_push_is_heard_and_declared():
    """News that no page listens to, or that nobody tells, are a mistake of one side."""
    pushed = {name for file in PANELS.rglob("*.py") for name in PUSHED.findall(file.read_text())}

    assert pushed == said_in_pages(HEARD)
    assert pushed == set(table("PUSHES"))


def test_all_panels_are_looked_at():
    """A new one belongs into the table above."""
    entries = [
        entry
        for file in PANELS.rglob("*.py")
        for entry in re.findall(r'_esm = script\("([^"]+)"\)', file.read_text())
    ]

    assert sorted(entries) == sorted(ENTRY_OF.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"more": "3"}, "Artifacts.more is '3'"),
        ({"folders": []}, "has folders"),
        ({"folder": None}, "Artifacts.folder is None"),
        ({"files": [{"path": "a"}]}, r"Artifacts.files\[0\] is without"),
    ],
)
def test_an_answer_of_another_shape_is_seen(change, words):
    """The checker itself: wrong kinds, and fields too many or too few, at any depth."""
    (question,) = table("QUESTIONS")["artifacts"]
    answer = {"folder": "/a", "files": [], "more": 0}

    assert list(misfits(answer, question.answer, at="Artifacts")) == []
    assert re.search(
        words, "; ".join(misfits({**answer, **change}, question.answer, at="Artifacts"))
    )
