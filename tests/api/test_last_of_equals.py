"""Of points with one step and one timestamp the last that was logged is the latest, wherever it is
read: in the journal, in the database, in what is kept in memory."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest

import nbtrack
from nbtrack.entities import Metric
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording import given_times
from nbtrack.recording.session import current_session

THEN = 1_600_000_000_000
KEYS = ("loss", "f1")


pytestmark = pytest.mark.usefixtures("project")


def log_by_key(key: str, value: float, step: int, timestamp: int) -> None:
    nbtrack.log_metric(key, value, step, timestamp=timestamp)


def log_together(key: str, value: float, step: int, timestamp: int) -> None:
    nbtrack.log_metrics({key: value}, step, timestamp=timestamp)


def log_by_id(key: str, value: float, step: int, timestamp: int) -> None:
    run = nbtrack.active_run()
    assert run is not None
    points = [Metric(key, -1.0, timestamp, step), Metric(key, value, timestamp, step)]
    nbtrack.MlflowClient().log_batch(run.run_id, metrics=points)


VERBS = (log_by_key, log_together, log_by_id)


def log_some(chance: random.Random, count: int) -> dict[str, float]:
    """The latest of each key of *count* points that often have one step and timestamp."""
    best: dict[str, tuple[int, int]] = {}
    latest: dict[str, float] = {}
    for number in range(count):
        key, step, timestamp = (
            chance.choice(KEYS),
            chance.randint(0, 1),
            THEN + chance.randint(0, 1),
        )
        chance.choice(VERBS)(key, float(number), step, timestamp)
        if (step, timestamp) >= best.get(key, (-1, -1)):
            best[key], latest[key] = (step, timestamp), float(number)
    return latest


def readings(run_id: str) -> Iterator[tuple[str, dict[str, float]]]:
    """By every way that leads to the latest values."""
    yield "get_run", nbtrack.get_run(run_id).data.metrics
    for number in range(3):  # the third is answered from memory
        (found,) = nbtrack.search_runs(output_format="list")
        yield f"search {number}", found.data.metrics
    frame = nbtrack.search_runs()
    yield "frame", {key: frame[f"metrics.{key}"][0] for key in found.data.metrics}
    rows = nbtrack.sql("select key, value from latest_metrics order by key")
    yield "sql", dict(zip(rows["key"], rows["value"]))
    client = nbtrack.MlflowClient()
    yield "history", {key: client.get_metric_history(run_id, key)[-1].value for key in rows["key"]}
    series = current_session().store.read_series([run_id], KEYS, x="step")
    yield "series", {each.key: each.last[-1] for each in series}


@pytest.mark.parametrize("seed", range(2))
def test_the_last_of_equals_is_the_latest_everywhere(seed: int) -> None:
    """As many are equal as come, in the journal's tail and when they have been folded."""
    chance = random.Random(seed)
    with nbtrack.start_run() as run:
        log_some(chance, 15)
        current_session().store.fold()
        latest = log_some(chance, 25)
        for way, found in readings(run.run_id):
            assert found == latest, f"in the tail: {way}"
    current_session().store.fold()
    for way, found in readings(run.run_id):
        assert found == latest, f"in the database: {way}"


@pytest.mark.parametrize("seed", range(3))
def test_equals_of_several_processes_have_one_order(seed: int) -> None:
    """Whoever's is folded first, the larger value counts: it is the last of them everywhere."""
    chance = random.Random(seed)
    store = current_session().store
    points = [
        (key, step, t, chance.choice([-1.0, 0.0, 2.5, 7.0]))
        for key in KEYS for step in (0, 1) for t in (THEN * 1000, THEN * 1000 + 1) for _ in range(5)
    ]  # fmt: skip
    chance.shuffle(points)
    with nbtrack.start_run() as run:
        for number, (key, step, t, value) in enumerate(points):
            # What a process writes that knows nothing of the others.
            store.append(lines.metric_line(run.run_id, key, value, step=step, t=t))
            if number == len(points) // 2:
                store.fold()
        latest = {key: max(p[1:] for p in points if p[0] == key)[-1] for key in KEYS}
        for way, found in readings(run.run_id):
            assert found == latest, f"in the tail: {way}"
    store.fold()
    for way, found in readings(run.run_id):
        assert found == latest, f"in the database: {way}"
    for key in KEYS:
        history = nbtrack.MlflowClient().get_metric_history(run.run_id, key)
        expected = [p[-1] for p in sorted(p for p in points if p[0] == key)]
        assert [point.value for point in history] == expected


def test_a_timestamp_of_now_is_not_before_a_point_without_one() -> None:
    """Both are of one millisecond, or the second is later."""
    with nbtrack.start_run() as run:
        for number in range(20):
            nbtrack.log_metric("m", 0)
            nbtrack.log_metric("m", number, timestamp=time.time_ns() // 1_000_000)
            assert nbtrack.get_run(run.run_id).data.metrics["m"] == number


def test_what_is_forgotten_stays_before_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all that was given is remembered, and the order holds nevertheless."""
    monkeypatch.setattr(given_times, "MOST_REMEMBERED", 3)
    times = []
    for other in range(20):
        times.append(given_times.later_than_equals(THEN, "a"))
        given_times.later_than_equals(THEN + other, "b")
    assert times == sorted(set(times))
    assert {t // 1000 for t in times} == {THEN}


def test_points_of_now_leave_room_for_the_order_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are logged with the time of now, beside points that are given none."""
    monkeypatch.setattr(given_times, "MOST_REMEMBERED", 16)
    for number in range(2000):
        now_us()
        given_times.later_than_equals(time.time_ns() // 1_000_000, "now", number)
    times = [given_times.later_than_equals(THEN, "then") for _ in range(10)]
    assert times == sorted(set(times))


def test_a_timestamp_is_what_was_given() -> None:
    """The number behind it is not seen, before 1970 neither."""
    with nbtrack.start_run() as run:
        for _ in range(3):
            nbtrack.log_metric("m", 1, timestamp=THEN)
            nbtrack.log_metric("m", 1, timestamp=-5)
    history = nbtrack.MlflowClient().get_metric_history(run.run_id, "m")
    assert [point.timestamp for point in history] == [-5] * 3 + [THEN] * 3


def newest_by_search() -> list[str]:
    return [run.info.run_id for run in nbtrack.MlflowClient().search_runs(["0"])]


def newest_by_frame() -> list[str]:
    return list(nbtrack.search_runs()["run_id"])


@pytest.mark.parametrize("newest", [newest_by_search, newest_by_frame])
def test_of_runs_that_began_at_one_time_the_last_made_is_the_newest(
    newest: Callable[[], list[str]],
) -> None:
    """In the tail, from memory, and in the database."""
    client = nbtrack.MlflowClient()
    made = [client.create_run("0", start_time=THEN).info.run_id for _ in range(8)]
    for _ in range(3):
        assert newest() == made[::-1]
    current_session().store.fold()
    assert newest() == made[::-1]
