"""A run of the source as lines of the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.ids import is_run_id
from nbtrack.records.runs import LifecycleStage
from nbtrack.records.tags import RUN_NAME_TAG
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.imports.marks import MARK, Mark, without_mark
from nbtrack.transfer.sources.mlflow_words import run_status
from nbtrack.transfer.sources.source_records import BrokenRecord, ModelPoint, Points, SourceRun

_LATEST_MS = 253_402_300_799_000  # the end of the year 9999: the store keeps no later time
_LONGEST_STEP = 1 << 63
Triple = tuple[float, int, int]  # value, step, time in milliseconds


def facts_digest(run: SourceRun) -> str:
    """Of all that is known of it beside points and files."""
    return texts_digest(
        run.experiment_id, run.name, run.status, run.user, run.start, run.end, run.is_deleted,
        run.params, said_tags(run), [dict(each) for each in run.inputs], run.links,
        [_comparable_model_point(point) for point in run.model_points],
    )  # fmt: skip


def said_tags(run: SourceRun) -> dict[str, str]:
    """Its tags, as they are to be here: a name is one, and a mark is that of another import."""
    name = {RUN_NAME_TAG: run.name} if run.name else {}
    return without_mark({**run.tags, **name})


def with_known_times(run: SourceRun, start: int, end: int) -> SourceRun:
    """Another source of the same run may say less of it: what is known already stays."""
    if not run.start and start:
        run = replace(run, start=start)
    if not run.end and end and run.status not in ("RUNNING", "SCHEDULED"):
        run = replace(run, end=end)
    return run


def check_run(run: SourceRun) -> None:
    """Raises BrokenRecord for what no run can be."""
    if not is_run_id(run.run_id):
        raise BrokenRecord("its id is not made of 32 hexadecimal digits")
    for what, when in (("start", run.start), ("end", run.end)):
        if when is not None and not (isinstance(when, int) and abs(when) <= _LATEST_MS):
            raise BrokenRecord(f"its {what} is {when!r}, which is no time")
    run_status(run.status)


def points_text(run_id: str, points: Points) -> str:
    """Raises BrokenRecord for a point that the store cannot keep."""
    _check_points(points)
    times = [time * 1000 for time in points.times]
    found = lines.Points(points.values, points.steps, times)
    return lines.points_lines(run_id, points.key, found)


def _check_points(points: Points) -> None:
    if max(map(abs, points.times)) > _LATEST_MS:
        raise BrokenRecord(f"a point of {points.key!r} has a time beyond the year 9999")
    if max(points.steps) >= _LONGEST_STEP or min(points.steps) <= -_LONGEST_STEP:
        raise BrokenRecord(f"a point of {points.key!r} has a step of more than 64 bits")


def missing_points(
    points: Iterable[Points], known: Mapping[str, Counter[Triple]]
) -> Iterator[Points]:
    """Those that are not among *known*, each as often as it is missing; another value of a key
    that has a single one, so that it is the latest."""
    left = {key: Counter(found) for key, found in known.items()}
    for each in points:
        if each.is_single and (before := known.get(each.key)):
            yield from _changed(each, latest(before))
            continue
        there: Counter[Triple] = left.get(each.key, Counter())
        found = zip(each.values, each.steps, each.times, strict=True)
        new = [point for point in found if not _taken(there, point)]
        if new:
            values, steps, times = zip(*new)
            yield Points(each.key, values, steps, times)


def _taken(there: Counter[Triple], point: Triple) -> bool:
    place = comparable(*point)
    if there[place] <= 0:
        return False
    there[place] -= 1
    return True


def latest(points: Iterable[Triple]) -> Triple:
    """As the store says which one is."""
    return max(points, key=lambda point: (*point[1:], _sortable(point[0])))


def _sortable(value: float) -> tuple[bool, float]:
    """NaN is the largest, as in the store."""
    return (True, 0.0) if isinstance(value, str) else (False, value)


def _changed(single: Points, before: Triple) -> Iterator[Points]:
    (value,), (step,), (time,) = single.values, single.steps, single.times
    if comparable(value, step, time)[0] == before[0]:
        return
    if (step, time) <= before[1:]:
        step, time = before[1], before[2] + 1
    yield Points(single.key, [value], [step], [time])


def comparable(value: float, step: int, time: int) -> Triple:
    """NaN equals nothing, itself included: it stands as a text."""
    return (value if value == value else "nan"), step, time  # type: ignore[return-value]


def facts_text(run: SourceRun, *, experiment_id: str, mark: Mark, before: Before | None) -> str:
    """Params, tags, inputs and links, and last the line that makes it a run; of one that came
    over before, what differs from what is here."""
    t = now_us()
    known = before or Before({}, {}, ())
    all_tags = {**said_tags(run), MARK: mark.text()}
    text = [
        *(lines.param_line(run.run_id, k, v, t=t) for k, v in _new(run.params, known.params)),
        *(lines.tag_line(run.run_id, k, v, t=t) for k, v in _new(all_tags, known.tags)),
        *(lines.input_line(run.run_id, t=t, **facts) for facts in run.inputs),
        *(
            lines.model_link_line(run.run_id, link.model_id, link.role, step=link.step, t=t)
            for link in run.links
        ),
        *(_model_point_text(run.run_id, p) for p in _new_model_points(run, known)),
        lines.run_line(run.run_id, t=t, **_run_facts(run, experiment_id)),
    ]
    return "".join(text)


class Before:
    """What is here of a run that came over before."""

    def __init__(
        self,
        params: Mapping[str, str],
        tags: Mapping[str, str],
        model_points: Iterable[ModelPoint],
    ) -> None:
        self.params, self.tags = params, tags
        self.model_points = Counter(map(_comparable_model_point, model_points))


def _new(texts: Mapping[str, str], known: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key, text) for key, text in texts.items() if known.get(key) != text]


def _new_model_points(run: SourceRun, known: Before) -> list[ModelPoint]:
    left = Counter(known.model_points)
    found = []
    for point in run.model_points:
        place = _comparable_model_point(point)
        if left[place] > 0:
            left[place] -= 1
        else:
            found.append(point)
    return found


def _comparable_model_point(point: ModelPoint) -> ModelPoint:
    value, _, _ = comparable(point.value, point.step, point.time)
    return point._replace(value=value)


def _model_point_text(run_id: str, point: ModelPoint) -> str:
    named = {
        "model_id": point.model_id,
        "dataset_name": point.dataset_name,
        "dataset_digest": point.dataset_digest,
    }
    facts = {name: fact for name, fact in named.items() if fact is not None}
    t = point.time * 1000
    return lines.model_point_line(run_id, point.key, point.value, step=point.step, t=t, **facts)


def _run_facts(run: SourceRun, experiment_id: str) -> dict[str, object]:
    facts: dict[str, object] = {
        "experiment_id": experiment_id,
        "name": run.name or None,
        "user_id": run.user,
        "status": run.status,
        "start_us": (run.start or 0) * 1000,
        "end_us": None if run.end is None else run.end * 1000,
        "lifecycle_stage": LifecycleStage.DELETED if run.is_deleted else LifecycleStage.ACTIVE,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}
