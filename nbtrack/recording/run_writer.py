"""The `log_*` verbs on one run, by id. `ActiveRun` adds a life cycle, the client adds lookup."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import Any

from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import (
    as_metric,
    as_step,
    as_text,
    check_key,
    check_mapping,
    check_tags,
    checked_text,
)
from nbtrack.errors import InvalidValue, RunDeleted, StoreError, TagNotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.batched_points import batched_lines, line_of
from nbtrack.recording.dataset_facts import dataset_facts
from nbtrack.recording.given_times import later_than_equals
from nbtrack.recording.known_contents import known_contents
from nbtrack.recording.logged_keys import LoggedKeys, not_moved
from nbtrack.recording.run_files import LOOK_SECONDS, RunFiles
from nbtrack.records.origins import NO_ORIGINS, ORIGINS_TAG, Origins, origins_of, origins_text
from nbtrack.records.runs import Metric, Param, RunTag
from nbtrack.records.tags import RUN_NAME_TAG
from nbtrack.stores.store import Store

FEW_ORIGINS = 32  # so many keys are told of at once
_noting = RLock()  # of origins: what is known of a run is read, added to and written


class RunWriter(RunFiles):
    """Writes go to this process's journal and return at once; nothing here reads the database."""

    def __init__(self, store: Store, run_id: str, *, artifact_uri: str) -> None:
        super().__init__(store, run_id, artifact_uri=artifact_uri)
        self.newest_us = 0  # of what was known of it when it was looked up; see `later_us`
        self._origins: Origins | None = None  # None: not known yet
        self._written_origins = 0  # keys that the tag tells of, as written here
        self._has_new_origins = False
        self.logged = LoggedKeys()

    @property
    def store(self) -> Store:
        """Where it is recorded; another `set_tracking_uri` does not move it."""
        return self._store

    # --- metrics, params, tags

    def log_metric(
        self, key: str, value: Any, step: Any = None, *, timestamp: float | None = None
    ) -> None:
        """One point. *timestamp* is milliseconds since 1970 UTC. Raises InvalidValue."""
        name = check_key(key)
        number = value if type(value) is float else as_metric(key, value)
        place = step if type(step) is int and -1 < step < 1 << 63 else as_step(step)
        t = (
            now_us()
            if timestamp is None
            else later_than_equals(timestamp, self.run_id, name, place)
        )
        self._append(lines.metric_line(self.run_id, name, number, step=place, t=t))
        if name not in self.logged.metrics:
            self._note_logged(metrics=(name,))

    def log_metrics(
        self,
        metrics: Mapping[str, Any],
        step: Any = None,
        *,
        timestamp: float | None = None,
        about: Mapping[str, str] | None = None,
    ) -> None:
        """Several points of one step, all or none; *about* are POINT_FACTS of them."""
        now, place, text = now_us(), as_step(step), ""
        for key, value in check_mapping("log_metrics", metrics).items():
            name, number = check_key(key), as_metric(key, value)
            t = now if timestamp is None else later_than_equals(timestamp, self.run_id, name, place)
            text += line_of(self.run_id, name, number, step=place, t=t, about=about)
        self._append(text)
        self._note_logged(metrics=metrics)

    def log_curve(
        self, key: str, values: Sequence[float], *, steps: Iterable[int], times: Iterable[int]
    ) -> None:
        """Points of one key that a hook gathered, in a third of the time of `log_batch`: no two of
        one step. *times* are in microseconds since 1970 UTC."""
        name, points = check_key(key), lines.Points(values, list(steps), list(times))
        self._append(lines.points_lines(self.run_id, name, points))
        self._note_logged(metrics=(name,))

    def log_lines(self, text: str) -> None:
        """Whole lines about the run, as `journal.lines` makes them: all or none."""
        self._append(text)

    def log_param(self, key: str, value: Any, *, is_inferred: bool = False) -> Any:
        """Keep *value* as text; logged again, the latest stands and the earlier ones are kept."""
        self.log_params({key: value}, is_inferred=is_inferred)
        return value

    def log_params(self, params: Mapping[str, Any], *, is_inferred: bool = False) -> None:
        """All or none; logged again, the latest stands and the earlier ones are kept."""
        t = self.later_us()
        given = check_mapping("log_params", params)
        texts = {check_key(k): as_text(v) for k, v in given.items()}
        self._append(
            "".join(
                lines.param_line(self.run_id, key, text, t=t, is_inferred=is_inferred)
                for key, text in texts.items()
            )
        )
        if not is_inferred:
            self._note_logged(params=texts)

    def set_tag(self, key: str, value: Any) -> None:
        """The value is kept as text; set again, it replaces the one before."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """All or none."""
        self._append(
            self._tag_lines(check_tags(check_mapping("set_tags", tags)), t=self.later_us())
        )

    def note_origins(self, found: Origins, *, may_wait: bool = False) -> None:
        """Where some of its params and metrics came from; what is known of others stays.

        One tag tells of all: of many that come one by one, what *may_wait* is written when they
        have doubled, or by `write_origins`.
        """
        with _noting:
            known = self._known_origins()
            self._origins = known | found
            self._has_new_origins |= self._origins != known
            is_due = not FEW_ORIGINS < self._origins.count < 2 * self._written_origins
            if is_due or not may_wait:
                self.write_origins()

    def write_origins(self) -> None:
        """What waits, if any."""
        with _noting:
            if self._has_new_origins and not self.is_deleted:
                known = self._known_origins()
                self.set_tag(ORIGINS_TAG, origins_text(known))
                self._has_new_origins, self._written_origins = False, known.count

    def _note_logged(
        self, *, params: Mapping[str, str] | None = None, metrics: Iterable[str] = ()
    ) -> None:
        params = params or {}
        self.logged.add(params=params, metrics=metrics)
        again = not_moved(self._origins, params, metrics)
        if again != NO_ORIGINS:
            self.note_origins(again)

    def _known_origins(self) -> Origins:
        if self._origins is None:
            self._origins = NO_ORIGINS if self._is_begun_here() else self._stored_origins()
        return self._origins

    def _is_begun_here(self) -> bool:
        """Whether nobody can have written to the run before this object did."""
        return False

    def _stored_origins(self) -> Origins:
        with suppress(StoreError):
            return origins_of(self._store.get_run(self.run_id, timeout=LOOK_SECONDS).data.tags)
        return NO_ORIGINS

    def rename(self, name: str) -> None:
        """The name is a tag too, as in MLflow."""
        self.set_tags({RUN_NAME_TAG: name})

    def _tag_lines(self, tags: Mapping[str, str], *, t: int) -> str:
        text = "".join(lines.tag_line(self.run_id, k, v, t=t) for k, v in tags.items())
        if (name := tags.get(RUN_NAME_TAG)) is not None:
            text += lines.run_line(self.run_id, t=t, name=name)
            self._note_name(name)
        return text

    def _note_name(self, name: str) -> None:
        """*name* is the run's from now on; an open run keeps it in mind."""

    def delete_tag(self, key: str) -> None:
        """Remove a tag. Raises TagNotFound, unless the database is busy."""
        name = check_key(key, "tag")
        with suppress(StoreError):
            tags = self._store.get_run(self.run_id, timeout=LOOK_SECONDS).data.tags
            if name not in tags:
                raise TagNotFound(name, f"run {self.run_id}", did_you_mean(name, tags))
        self.drop_tag(name)

    def drop_tag(self, key: str) -> None:
        """Remove a tag, whether it is there or not, without a look at the database."""
        self._append(lines.tag_line(self.run_id, check_key(key, "tag"), None, t=self.later_us()))

    def log_batch(
        self,
        metrics: Iterable[Metric] = (),
        params: Iterable[Param] = (),
        tags: Iterable[RunTag] = (),
    ) -> None:
        """Points, params and tags, all or none. A metric's timestamp is in milliseconds."""
        t = self.later_us()
        try:
            text, names = batched_lines(self.run_id, list(metrics))
            pairs = [(check_key(p.key), as_text(p.value)) for p in params]
            _check_once(pairs)
            text += "".join([lines.param_line(self.run_id, *pair, t=t) for pair in pairs])
            text += self._tag_lines(check_tags({g.key: g.value for g in tags}), t=t)
        except (AttributeError, TypeError) as exc:
            raise InvalidValue(
                f"log_batch: {exc}. It takes lists of nbtrack.entities.Metric, Param and RunTag; "
                "for dicts there are log_metrics, log_params and set_tags."
            ) from exc
        self._append(text)
        self._note_logged(params=dict(pairs), metrics=names)

    def log_input(
        self, dataset: Any, context: str | None = None, tags: Mapping[str, str] | None = None
    ) -> None:
        """Record a dataset the run read; *context* says what for ("train", "eval")."""
        own_tags = json.dumps(check_tags(tags))
        said = {"context": checked_text(context, "context of a dataset"), "tags": own_tags}
        facts = {**dataset_facts(dataset), **said}
        self._append(lines.input_line(self.run_id, t=now_us(), **facts))
        self.logged.datasets.add((facts["name"], facts["digest"]))
        self.logged.add_input(facts["name"], facts["digest"], context or "")
        known_contents.write(self._store, dataset, facts["digest"])

    def later_us(self) -> int:
        """Now, but later than all that was known of the run when it was looked up: it may have
        been written by a clock that is ahead of ours, and the latest is what counts."""
        self.newest_us = t = max(now_us(), self.newest_us + 1)
        return t

    def _append(self, text: str) -> None:
        if self.is_deleted:
            raise RunDeleted(self.run_id)
        if text:
            self._store.append(text)


def _check_once(pairs: Iterable[tuple[str, str]]) -> None:
    """A param may be logged again later; in one call nobody can say which value was meant."""
    given: dict[str, str] = {}
    for key, value in pairs:
        if given.setdefault(key, value) != value:
            raise InvalidValue(f"log_batch has the param {key!r} as {given[key]!r} and {value!r}.")


def _after_fork() -> None:
    global _noting
    _noting = RLock()


os.register_at_fork(after_in_child=_after_fork)
