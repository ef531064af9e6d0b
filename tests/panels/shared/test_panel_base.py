"""What all panels share: questions and answers, quiet, two outputs, the polling thread."""

from __future__ import annotations

import logging
import threading
import time
from typing import ClassVar

import pytest

from nbtrack.base.guard import warn
from nbtrack.errors import InvalidValue
from nbtrack.panels.shared import live_updates
from nbtrack.panels.shared.panel import Panel
from nbtrack.panels.shared.requests import speakable
from nbtrack.recording.session import Session
from tests.support.panel_page import Page


def refuse(_panel, _arguments):
    raise InvalidValue("lr is 3; give less.")


def break_down(_panel, _arguments):
    return {}["a key that is not there"]


HELD, MAY_GO_ON = threading.Event(), threading.Event()


def hold(_panel, _arguments):
    HELD.set()
    return MAY_GO_ON.wait(60)


class Toy(Panel):
    handlers: ClassVar = {
        "echo": lambda _panel, arguments: arguments.get("word"),
        "refuse": refuse,
        "hold": hold,
        "break": break_down,
        "warn": lambda _panel, _arguments: warn("the disk is nearly full"),
        "odd": lambda _panel, _arguments: [float("nan"), float("inf"), 1.5],
    }
    follows_store = True

    def refresh(self):
        self.push("news", "changed")

    def static_bundles(self):
        return [{"text/plain": "a table", "text/html": "<table></table>"}]


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    yield made
    live_updates.stop()
    made.close()


@pytest.fixture
def page(session):
    return Page(Toy(session.store))


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_answer_carries_the_id_of_its_question(page):
    """So that the page knows which it was, and drops a late one."""
    first, second = page.send("echo", word="a"), page.send("echo", word="b")

    assert (first["result"], second["result"]) == ("a", "b")
    assert (first["id"], second["id"]) == (1, 2)


@pytest.mark.parametrize(
    ("do", "words"),
    [
        ("refuse", "lr is 3; give less."),
        ("break", "KeyError: 'a key that is not there'"),
        ("nothing of the kind", "cannot do 'nothing of the kind'"),
    ],
)
def test_a_fault_is_an_answer(page, do, words, capfd):
    """Never an exception, and nothing in anybody's cell."""
    assert words in page.send(do)["error"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "message", [None, 3, {}, {"id": "x", "do": 3}, {"id": 1, "do": "echo", "with": 3}]
)
def test_what_is_no_question_has_no_answer(page, message):
    """Other extensions may send messages to any widget."""
    page.panel._handle_custom_msg(message, [])

    assert page.heard == []


def test_warnings_go_to_the_panel(page, caplog):
    """What nbtrack says while it answers is not printed under some cell."""
    with caplog.at_level(logging.WARNING, "nbtrack"):
        answer = page.send("warn")
        warn("elsewhere")

    assert answer["notes"] == ["the disk is nearly full"]
    assert "elsewhere" in caplog.text


def test_numbers_that_json_lacks_are_words(page):
    """A browser refuses a message with a bare NaN."""
    assert page.ask("odd") == ["NaN", "Infinity", 1.5]
    assert speakable({1: (float("-inf"),)}) == {"1": ["-Infinity"]}


def test_halves_of_characters_are_sent():
    """JSON that a run logged may have them, and no line carries them: the page would wait."""
    assert speakable(["é \ud800"]) == ["é ?"]


def test_a_panel_that_is_not_shown_sends_nothing(session):
    """One that only gives its DataFrame opens no line to the page."""
    assert Toy(session.store).comm is None


def test_the_thread_lives_as_long_as_a_view(page, session):
    """It begins with the first view, tells of what is written, and ends with the last view."""
    page.ask("opened")
    with session.start_run(name="a"):
        pass
    until(lambda: page.pushes("news"))
    page.ask("closed")

    until(lambda: not live_updates.is_running())


def test_a_slow_answer_delays_the_news_of_no_other_page(session):
    """Of a large comparison, say. Its own page hears of them when it is answered."""
    slow, other = Page(Toy(session.store)), Page(Toy(session.store))
    slow.ask("opened")
    other.ask("opened")
    answering = threading.Thread(target=lambda: slow.ask("hold"))
    answering.start()
    assert HELD.wait(60)
    with session.start_run(name="a"):
        pass
    try:
        until(lambda: other.pushes("news"))
        assert slow.pushes("news") == []
    finally:
        MAY_GO_ON.set()
    answering.join()

    until(lambda: slow.pushes("news"))
