"""A run run once more, and compared: the verdict is recorded on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.errors import NbtrackError
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.provenance.reproduction.comparing import Comparison, compare_families, family_of
from nbtrack.provenance.reproduction.data_check import check_files
from nbtrack.provenance.reproduction.differing_cell import (
    what_is_another_each_time,
    where_it_begins,
)
from nbtrack.provenance.reproduction.fresh_environment import (
    Environment,
    EnvironmentNotBuilt,
    python_of,
)
from nbtrack.provenance.reproduction.fresh_kernel import FreshKernel, KernelFailed
from nbtrack.provenance.reproduction.rerun import CellFailed, Progress, Rerun, run_again
from nbtrack.provenance.reproduction.verdicts import Difference, Outcome, Verdict
from nbtrack.provenance.reproduction.work_folder import TooMuchToKeep, outside_modules
from nbtrack.provenance.upstream import Upstream, upstream_of
from nbtrack.recording.run_creation import find_run_to_log
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.runs import LifecycleStage, Run
from nbtrack.records.tags import REPRODUCES_TAG
from nbtrack.stores.store import Store

_MOST_RUNS_WITH_MODELS = 20
_MOST_TOLD = 100  # runs of one family
_PATIENCE = 10.0  # seconds, for whoever else holds the database
_HAD_EFFECTS = (
    "Its cells might start programs and use the network: what these changed is not undone."
)
_CANNOT = (CellFailed, EnvironmentNotBuilt, KernelFailed, TooMuchToKeep)


def reproduce_run(
    store: Store,
    run: Run,
    *,
    env: Environment = "current",
    timeout: float | None = None,
    may_have_effects: bool = False,
    progress: Progress = lambda _done, _all, _words: None,
) -> Verdict:
    """*may_have_effects*: its cells may start programs and speak to other machines.

    Raises NotCaptured, where there is nothing to run, and what writing to a run raises.
    """
    upstream = upstream_of(store, run)
    again = partial(run_again, may_have_effects=may_have_effects, progress=progress)
    if env != "current":
        progress(0, len(upstream.steps), "installing the recorded packages")
    verdict = _tried(store, upstream, env=env, timeout=timeout, again=again)
    if may_have_effects:
        verdict = replace(verdict, remarks=(*verdict.remarks, _HAD_EFFECTS))
    for run_id in [run.info.run_id, *(_below(store, run) if verdict.is_reproduced else ())]:
        _writer(store, run_id).set_tags(verdict.tags())
    store.flush()
    return verdict


def _below(store: Store, run: Run) -> list[str]:
    """Models are registered from the runs of fits, which were all compared with it."""
    return [each.info.run_id for each in family_of(store, run)[1:_MOST_TOLD]]


def _tried(
    store: Store,
    upstream: Upstream,
    *,
    env: Environment,
    timeout: float | None,
    again: Callable[..., Rerun],
) -> Verdict:
    began = time.monotonic()
    if original := _original_of(upstream):
        return _not_runnable(upstream, original)
    check = check_files(upstream.given_files)
    changed = [*check.changed, *(f"{path} has changed" for path in outside_modules(upstream))]
    if changed:
        return _not_runnable(upstream, "; ".join(changed))
    recorded = family_of(store, upstream.asked)
    try:
        with python_of(upstream, env, timeout=timeout) as python:

            def run_once(**named: Any) -> Rerun:
                left = None if timeout is None else timeout + began - time.monotonic()
                return again(store, upstream, python=python, timeout=left, **named)

            rerun = run_once(
                look=lambda kernel, new: _predictions(
                    store, kernel, recorded, counterpart(store, upstream, new)
                )
            )
            if rerun.run is None:
                return _not_runnable(upstream, "its cell ran, and recorded no run in this project")
            verdict = _judged(store, upstream, recorded, rerun, unproved=check.unproved)
            if verdict.outcome is Outcome.DIFFERENT and not verdict.why:
                verdict = replace(verdict, why=_by_another(store, upstream, rerun, run_once))
            return verdict
    except _CANNOT as exc:
        return _not_runnable(upstream, str(exc))


def _by_another(
    store: Store, upstream: Upstream, rerun: Rerun, run_once: Callable[[], Rerun]
) -> str:
    """Where the difference begins, by one more repetition, of which nothing is kept."""
    try:
        second = run_once()
    except _CANNOT:
        return ""
    runs = [second.run, *second.others] if second.run else second.others
    put_away(store, (it.info.run_id for each in runs for it in family_of(store, each)))
    return what_is_another_each_time(upstream, rerun.values, second.values)


def _original_of(upstream: Upstream) -> str:
    """Of a repetition, whose folder was a copy: what to run in its place."""
    original = upstream.run.data.tags.get(REPRODUCES_TAG)
    if not original or (upstream.folder is not None and upstream.folder.is_dir()):
        return ""
    return f"it repeats run {original}, in a copy of its folder that is gone: reproduce that run"


def _judged(
    store: Store, upstream: Upstream, recorded: Sequence[Run], rerun: Rerun, *, unproved: list[str]
) -> Verdict:
    assert rerun.run is not None
    now = counterpart(store, upstream, rerun.run)
    comparison = compare_families(store, recorded, now)
    _compare_predictions(rerun.predictions, comparison)
    why = where_it_begins(store, upstream, rerun) if comparison.differences else ""
    _mark(store, upstream, rerun, new_id=now[0].info.run_id)
    return replace(
        _untold(upstream.asked),
        outcome=_outcome(comparison),
        new_run_id=now[0].info.run_id,
        compared=comparison.compared,
        cells=len(upstream.steps),
        seconds=rerun.seconds,
        differences=tuple(comparison.differences),
        why=why,
        left_out=tuple(dict.fromkeys(comparison.left_out)),
        remarks=(
            *(
                f"{path} was changed by this: it was too large to be copied."
                for path in rerun.overwritten
            ),
            *comparison.remarks,
            *unproved,
            *(f"Not captured: {each}" for each in upstream.gaps),
        ),
    )


def _outcome(found: Comparison) -> Outcome:
    differences = found.differences
    if not differences:
        return Outcome.EXACT if found.compared else Outcome.NOTHING_COMPARED
    return Outcome.CLOSE if all(each.is_close for each in differences) else Outcome.DIFFERENT


def _not_runnable(upstream: Upstream, why: str) -> Verdict:
    return replace(_untold(upstream.asked), why=why, cells=len(upstream.steps))


def _untold(run: Run) -> Verdict:
    """To be completed; as it stands, it is not runnable."""
    name = run.info.run_name or run.info.run_id[:8]
    return Verdict(run_id=run.info.run_id, name=name, outcome=Outcome.NOT_RUNNABLE)


def counterpart(store: Store, upstream: Upstream, new: Run) -> list[Run]:
    """The new run and all below it; of a child that was asked for, the one at its place."""
    found = family_of(store, store.get_run(new.info.run_id))
    if upstream.asked.info.run_id == upstream.run.info.run_id:
        return found
    before = [each.info.run_id for each in family_of(store, upstream.run)]
    place = before.index(upstream.asked.info.run_id)
    return family_of(store, found[min(place, len(found) - 1)])


# --- predictions


def _predictions(
    store: Store, kernel: FreshKernel, recorded: Sequence[Run], now: Sequence[Run]
) -> list[dict[str, Any]]:
    """Of the models that were logged, in the order in which they were."""
    pairs = list(zip(_models_of(store, recorded), _models_of(store, now)))
    if not pairs:
        return []
    text = json.dumps(pairs)
    module = "__import__('nbtrack.provenance.reproduction.model_check', fromlist=['_'])"
    expression = f"{module}.compared_predictions(__import__('json').loads({text!r}))"
    with guarded("compare the predictions"):
        return [
            {"what": f"predictions of {uri}", **found}
            for (uri, _), found in zip(pairs, kernel.ask(expression))
        ]
    return []


def _models_of(store: Store, runs: Sequence[Run]) -> Iterator[str]:
    """URIs; a search does not tell what runs made."""
    for run in runs[:_MOST_RUNS_WITH_MODELS]:
        outputs = store.get_run(run.info.run_id).outputs
        yield from (f"models:/{each.model_id}" for each in outputs.model_outputs)


def _compare_predictions(predictions: Sequence[dict[str, Any]], found: Comparison) -> None:
    for each in predictions:
        if problem := each.get("problem"):
            found.remarks.append(f"{each['what']} were not compared: {problem}")
        elif each["by"] is not None:
            found.compared += 1
        if each.get("by"):
            by = float(each["by"])
            found.differences.append(
                Difference(what=each["what"], recorded="as recorded", now="others", by=by)
            )


# --- what is kept


def _mark(store: Store, upstream: Upstream, rerun: Rerun, *, new_id: str) -> None:
    """The new runs say of which they are a repetition; those of cells before are put away."""
    assert rerun.run is not None
    kept = {each.info.run_id for each in family_of(store, rerun.run)}
    for run_id in {rerun.run.info.run_id, new_id}:
        original = upstream.asked if run_id == new_id else upstream.run
        _writer(store, run_id).set_tags({REPRODUCES_TAG: original.info.run_id})
    put_away(store, (each.info.run_id for each in rerun.others if each.info.run_id not in kept))


def put_away(store: Store, run_ids: Iterable[str]) -> None:
    """Runs of no interest of their own: deleted, and there for whoever restores them."""
    for run_id in run_ids:
        t = max(now_us(), store.look_up_run(run_id).newest_us + 1)
        store.append(lines.run_line(run_id, t=t, lifecycle_stage=LifecycleStage.DELETED))
    store.flush()


def _writer(store: Store, run_id: str) -> RunWriter:
    info, newest_us = find_run_to_log(store, run_id, timeout=_PATIENCE)
    writer = RunWriter(store, run_id, artifact_uri=info.artifact_uri)
    writer.newest_us = newest_us
    return writer


def no_verdict(run: Run, problem: NbtrackError) -> Verdict:
    """Of a run that cannot even be tried, in a report on many."""
    return replace(_untold(run), why=str(problem))
