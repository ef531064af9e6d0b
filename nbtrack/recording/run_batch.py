"""Many runs that are over already, written at once: the candidates of a search, a sweep's trials.

The lines are those of `nbtrack.journal.lines`. What runs have in common is made once and copied,
which is what makes ten thousand of them cheap.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring as _encode
from types import MappingProxyType
from typing import NamedTuple

from nbtrack.base.values import check_key, check_tags
from nbtrack.errors import RunDeleted
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.recording.session import current_session
from nbtrack.recording.surroundings import source_tags
from nbtrack.records.runs import RunStatus
from nbtrack.records.tags import PARENT_TAG, RUN_NAME_TAG

WRITE_CHARACTERS = 512 << 10  # of one write, which is so at most about 1 MiB
# Stand for a run's id and for a value in what is copied. Random, so that no text holds them.
_RUN, _SLOT = os.urandom(16).hex(), os.urandom(16).hex()
_IDS_AT_ONCE = 64


class FinishedRun(NamedTuple):
    """*metrics* are in the order of the batch's keys, as `number_texts` writes them.

    Times are microseconds since 1970 UTC. *shared_params* is best one and the same dict for all
    runs that have these params.
    """

    name: str
    status: RunStatus
    start_us: int
    end_us: int
    metrics: Sequence[str]
    params: Mapping[str, str]
    shared_params: Mapping[str, str]
    tags: Mapping[str, str]
    curves: Mapping[str, Sequence[float]] = MappingProxyType({})  # by key, from step 0


def log_finished_children(
    parent: ActiveRun,
    runs: Iterable[FinishedRun],
    *,
    metric_keys: Sequence[str],
    tags: Mapping[str, str],
) -> list[str]:
    """Keep *runs* as children of *parent*, all of them with *tags*; their ids, in order.

    Each exists whole or not at all, whenever this process dies. Raises InvalidValue, RunDeleted.
    """
    if parent.is_deleted:
        raise RunDeleted(parent.run_id)
    current_session().check_store()
    batch, run_ids = _Batch(parent, metric_keys, tags=tags), list[str]()
    for text in _in_writes(batch.text(run, run_ids) for run in runs):
        parent.store.append(text)
    parent.note_children(run_ids)
    return run_ids


def number_texts(values: Iterable[float]) -> list[str]:
    """Numbers as lines have them, a column at a time: JSON has no NaN, it is put in quotes."""
    texts = list(map(repr, values))
    if any(text[-1] in "nf" for text in texts):  # nan, inf
        return [f'"{text}"' if text[-1] in "nf" else text for text in texts]
    return texts


def _in_writes(texts: Iterable[str]) -> Iterator[str]:
    waiting, size = list[str](), 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= WRITE_CHARACTERS:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


class _Batch:
    """Texts in which _RUN stands for the run's id; in a *form* "%s" stands for each value."""

    def __init__(
        self, parent: ActiveRun, metric_keys: Sequence[str], *, tags: Mapping[str, str]
    ) -> None:
        self._t = now_us()
        self._ids = _new_ids()
        self._metrics = "".join(map(self._metric_form, metric_keys))
        self._run = self._run_form(parent)
        self._forms: dict[tuple[str, bool], str] = {}  # by key, and whether it is a tag's
        self._shared: dict[int, tuple[object, str]] = {}  # by id; held, so that the id stays its
        common = {**source_tags(current_session().settings), PARENT_TAG: parent.run_id, **tags}
        self._tags = "".join(self._tag_text(k, v) for k, v in check_tags(common).items())

    def text(self, run: FinishedRun, run_ids: list[str]) -> str:
        """The lines of *run*, whose new id is added to *run_ids*."""
        run_ids.append(run_id := next(self._ids))
        parts = [self._tags, self._shared_text(run.shared_params)]
        parts += [self._param_text(key, value) for key, value in run.params.items()]
        parts += [self._tag_text(key, value) for key, value in run.tags.items()]
        parts.append(self._tag_text(RUN_NAME_TAG, run.name))
        parts.append(self._metrics % tuple(run.metrics))
        parts += [self._curve_text(key, values) for key, values in run.curves.items()]
        facts = (_encode(run.name), _encode(str(run.status)), run.start_us, run.end_us)
        parts.append(self._run % facts)  # last: it makes the run exist, with all that is before it
        return "".join(parts).replace(_RUN, run_id)

    def _shared_text(self, params: Mapping[str, str]) -> str:
        known = self._shared.get(id(params))
        if known is None:
            text = "".join(self._param_text(key, value) for key, value in params.items())
            known = self._shared[id(params)] = (params, text)
        return known[1]

    def _param_text(self, key: str, value: str) -> str:
        form = self._forms.get((key, False))
        if form is None:
            line = lines.param_line(_RUN, check_key(key), _SLOT, t=self._t)
            form = self._forms[key, False] = _form(line)
        return form % _encode(value)

    def _tag_text(self, key: str, value: str) -> str:
        form = self._forms.get((key, True))
        if form is None:
            line = lines.tag_line(_RUN, check_key(key, "tag"), _SLOT, t=self._t)
            form = self._forms[key, True] = _form(line)
        return form % _encode(value)

    def _metric_form(self, key: str) -> str:
        line = lines.metric_line(_RUN, check_key(key), 0.0, step=0, t=self._t)
        return line.replace('"v":0.0,', '"v":%s,')  # no key has a %

    def _curve_text(self, key: str, values: Sequence[float]) -> str:
        points = lines.Points(values, range(len(values)), [self._t] * len(values))
        return lines.points_lines(_RUN, check_key(key), points)

    def _run_form(self, parent: ActiveRun) -> str:
        slots = ("name", "status", "start_us", "end_us")
        facts = {"experiment_id": parent.info.experiment_id, "user_id": parent.info.user_id}
        artifact_uri = parent.artifact_uri.replace(parent.run_id, _RUN)
        if not artifact_uri.startswith(default_artifact_root(parent.store)):
            facts["artifact_uri"] = artifact_uri
        return _form(lines.run_line(_RUN, t=self._t, **facts, **dict.fromkeys(slots, _SLOT)))


def _new_ids() -> Iterator[str]:
    while True:  # one question to the system for many: each takes as long as writing a run
        block = os.urandom(16 * _IDS_AT_ONCE).hex()
        yield from (block[place : place + 32] for place in range(0, len(block), 32))


def _form(line: str) -> str:
    return line.replace("%", "%%").replace(f'"{_SLOT}"', "%s")
