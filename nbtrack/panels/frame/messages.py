"""What goes between the frame and its page."""

from __future__ import annotations

from typing import TypedDict

from nbtrack.panels.shared.questions import Nothing, Question


class PlacedExperiment(TypedDict):
    """`runs` are those that are not deleted."""

    id: str
    name: str
    runs: int


class Places(TypedDict):
    """Where one can go: `experiments`, those with the newest run first, and so many `models`.
    `user` has logged in; "": nobody had to."""

    user: str
    project: str
    experiments: list[PlacedExperiment]
    models: int


QUESTIONS = {"start": Question(Nothing, Places)}
PUSHES = {"places": Places}
