"""Which experiment of ours the runs of an experiment of the source go to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from nbtrack.base.values import check_unicode
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.experiments import DEFAULT_ID, DEFAULT_NAME, experiment_id_of
from nbtrack.records.runs import Experiment, LifecycleStage, ViewType
from nbtrack.stores.store import Store
from nbtrack.transfer.imports.marks import MARK, without_mark
from nbtrack.transfer.sources.source_records import SourceExperiment

_LONGEST_NAME = 480  # ours may have 500 characters, and a suffix may come


class Home(NamedTuple):
    """*remark* says what is other than in the source; "" if nothing is."""

    experiment_id: str
    name: str
    remark: str = ""


class ExperimentHomes:
    def __init__(self, store: Store, kind: str) -> None:
        self._store, self._kind = store, kind
        self._known = {e.experiment_id: e for e in store.search_experiments(view_type=ViewType.ALL)}

    def home_of(self, source: SourceExperiment) -> Home:
        """Made if it is not there; what is new of it since the last import is written."""
        if source.experiment_id == DEFAULT_ID and source.name == DEFAULT_NAME:
            home = Home(DEFAULT_ID, DEFAULT_NAME)
            self._write(source, home, self._known.get(DEFAULT_ID))
            return home
        if source.is_joined and (named := self._named(source.name)) is not None:
            return named
        if (before := self._imported(source)) is not None:
            self._write(source, Home(before.experiment_id, before.name), before)
            remark = _remark(source, before) or _remark_of_place(source, before, self._kind)
            return Home(before.experiment_id, before.name, remark)
        home = self._new_home(source)
        self._write(source, home, None)
        return home

    def _named(self, name: str) -> Home | None:
        """Not one that was deleted: nobody would see what comes."""
        found = (e for e in self._known.values() if e.name == name)
        active = (e for e in found if e.lifecycle_stage != LifecycleStage.DELETED)
        return next((Home(e.experiment_id, e.name) for e in active), None)

    def _imported(self, source: SourceExperiment) -> Experiment | None:
        """The one that this one was imported as before."""
        for each in self._known.values():
            if _identity_in(each.tags.get(MARK)) == _identity(source, self._kind):
                return each
        return None

    def _new_home(self, source: SourceExperiment) -> Home:
        names = {each.name for each in self._known.values()}
        wanted = check_unicode(source.name.strip() or "unnamed", "experiment's name")
        wanted = wanted[:_LONGEST_NAME]
        name = next(each for each in _suffixed(wanted) if each not in names)
        experiment_id = source.experiment_id
        if experiment_id in self._known:
            salted = (experiment_id_of(name, salt=salt) for salt in count())
            experiment_id = next(each for each in salted if each not in self._known)
        home = Home(experiment_id, name)
        return home._replace(remark=_remark(source, home))

    def _write(self, source: SourceExperiment, home: Home, before: Experiment | None) -> None:
        """In one write: killed in between, it would be another one the next time, for want of its
        mark."""
        is_mark_new = before is None or MARK not in before.tags
        text = _announcement(source, home) if is_mark_new else ""
        is_gone = source.is_deleted and home.experiment_id != DEFAULT_ID  # ours is always there
        if is_gone and (is_mark_new or not _was_deleted(before)):
            deleted = {"lifecycle_stage": LifecycleStage.DELETED}
            text += lines.experiment_line(home.experiment_id, t=now_us(), **deleted)
        known = {} if before is None else before.tags
        tags = {**without_mark(source.tags), MARK: _mark(source, self._kind)}
        # The mark is what the source said the last time; what was changed here since, stays.
        if known.get(MARK) != tags[MARK]:
            t = now_us()
            text += "".join(
                lines.experiment_tag_line(home.experiment_id, key, tag, t=t)
                for key, tag in tags.items()
            )
        if text:
            self._store.append(text)
        self._known[home.experiment_id] = Experiment(
            home.experiment_id, home.name, "", tags={**known, **tags}
        )


def _announcement(source: SourceExperiment, home: Home) -> str:
    facts: dict[str, object] = {"name": home.name}
    if source.created is not None:
        facts["created_us"] = source.created * 1000
    elif home.experiment_id != DEFAULT_ID:  # of which nobody says when it was made
        facts["created_us"] = now_us()
    return lines.experiment_line(home.experiment_id, t=now_us(), **facts)


def _was_deleted(before: Experiment | None) -> bool:
    if before is None:
        return False
    try:
        return bool(json.loads(before.tags.get(MARK, "{}")).get("is_deleted"))
    except (ValueError, AttributeError):
        return False


def _suffixed(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name} ({number})"


def _remark(source: SourceExperiment, home: Home | Experiment) -> str:
    if (source.experiment_id, source.name) == (home.experiment_id, home.name):
        return ""
    return (
        f"experiment {source.name!r} (id {source.experiment_id}) is {home.name!r} "
        f"(id {home.experiment_id}) here: another one has its name or id"
    )


def _remark_of_place(source: SourceExperiment, before: Experiment, kind: str) -> str:
    """Where files and folders are called the same, their runs may be, too."""
    place = _place_in(before.tags.get(MARK))
    if kind == "mlflow" or not source.artifact_location or place in ("", source.artifact_location):
        return ""
    return (
        f"experiment {before.name!r} has runs from {place} already, and what has the same name in "
        "both is one run; -e NAME brings them to another experiment"
    )


def _place_in(mark: str | None) -> str:
    try:
        return str(json.loads(mark or "")["artifact_location"])
    except (ValueError, TypeError, KeyError):
        return ""


def _mark(source: SourceExperiment, kind: str) -> str:
    facts = {
        "from": kind,
        "id": source.experiment_id,
        "name": source.name,
        "created": source.created,
        "is_deleted": source.is_deleted,
        "artifact_location": source.artifact_location,
        "tags": dict(source.tags),
    }
    return json.dumps(facts, sort_keys=True)


def _identity(source: SourceExperiment, kind: str) -> tuple[object, ...]:
    """A name may change, and a folder may move. Before MLflow 1.29, none says when it was made."""
    is_dated = source.created is not None
    return (kind, source.experiment_id, source.created if is_dated else source.name)


def _identity_in(mark: str | None) -> tuple[object, ...] | None:
    try:
        facts = json.loads(mark or "")
        created = facts["created"]
        is_dated = created is not None
        return (facts["from"], facts["id"], created if is_dated else facts["name"])
    except (ValueError, TypeError, KeyError):
        return None
