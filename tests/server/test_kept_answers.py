"""One answer for all who ask the same, while nobody writes; never an old one."""

from __future__ import annotations

import threading

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.server.nbtrack_protocol.kept_answers import (
    MOST_BYTES,
    MOST_KEPT,
    Answer,
    KeptAnswers,
)


def test_an_answer_is_made_once_for_those_who_wait_and_again_after_a_write() -> None:
    kept, made, written = KeptAnswers(), [0], [0]
    begun, may_end = threading.Event(), threading.Event()

    def make() -> Answer:
        made[0] += 1
        begun.set()
        may_end.wait(10)
        return Answer(str(written[0]).encode(), is_compressed=False)

    found: list[bytes] = []

    def ask() -> None:
        found.append(kept.answer("q", lambda: written[0], make).text)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    made_at_once = made[0]
    may_end.set()
    for thread in threads:
        thread.join()
    written[0] = 1
    ask()

    assert made_at_once == 1
    assert found == [b"0"] * 5 + [b"1"]


def test_what_is_written_while_an_answer_is_made_makes_it_an_old_one() -> None:
    kept, written = KeptAnswers(), [0]

    def make_and_write() -> Answer:
        seen = written[0]
        written[0] += 1
        return Answer(str(seen).encode(), is_compressed=False)

    found = [kept.answer("q", lambda: written[0], make_and_write).text for _ in range(3)]
    assert found == [b"0", b"1", b"2"]


def test_only_so_many_are_kept_and_nothing_of_those_that_failed() -> None:
    kept = KeptAnswers()

    def fail() -> Answer:
        raise InvalidValue("wrong")

    for number in range(2 * MOST_KEPT):
        kept.answer(number, lambda: 0, lambda: Answer(b"x", is_compressed=False))
        with pytest.raises(InvalidValue):
            kept.answer(-1 - number, lambda: 0, fail)
    kept.answer("large", lambda: 0, lambda: Answer(bytes(MOST_BYTES + 1), is_compressed=False))

    assert len(kept._kept) == MOST_KEPT
    assert not kept._turns
    assert "large" not in kept._kept
