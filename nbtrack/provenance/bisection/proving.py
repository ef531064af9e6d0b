"""Which change of the code moved a metric: slices run again with one change at a time.

First both slices as they were: if the first gives the second's number today, or the second the
first's, no cell has moved it, but what is around them (data, packages, chance). Then the first
slice with each change alone, the likeliest first, until one moves the metric across the middle.
If none does alone, with one change more at a time. Runs that come of it are put away as deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite

from nbtrack.provenance.bisection.bisection import Bisection
from nbtrack.provenance.bisection.mixtures import CodeEdit, Mixtures, mixtures_of
from nbtrack.provenance.bisection.proof import Proof, Trial
from nbtrack.provenance.reproduction.comparing import family_of
from nbtrack.provenance.reproduction.data_check import check_files
from nbtrack.provenance.reproduction.fresh_kernel import KernelFailed
from nbtrack.provenance.reproduction.reproducing import counterpart, put_away
from nbtrack.provenance.reproduction.rerun import CellFailed, Progress, run_again
from nbtrack.provenance.reproduction.work_folder import TooMuchToKeep
from nbtrack.provenance.upstream import Upstream, upstream_of
from nbtrack.stores.store import Store

MOST_TRIALS = 40
_CANNOT = (CellFailed, KernelFailed, TooMuchToKeep)


Try = Callable[[str, Upstream], Trial]


def prove(
    store: Store, found: Bisection, *, timeout: float | None = None, progress: Progress
) -> Proof:
    """*timeout* is in seconds, for each slice. Raises NotCaptured where there is nothing to run."""
    before, after = (upstream_of(store, each.run) for each in (found.before, found.after))
    trials: list[Trial] = []

    def run(words: str, upstream: Upstream) -> Trial:
        told = _trial(store, found, words, upstream, timeout=timeout, progress=progress)
        trials.append(told)
        return told

    verdict, moved_by = _searched(run, mixtures_of(before, after))
    files = check_files([*before.given_files, *after.given_files])
    remarks = list(dict.fromkeys([*files.changed, *files.unproved]))
    return Proof(verdict=verdict, trials=trials, moved_by=moved_by, remarks=remarks)


def _searched(run: Try, mixtures: Mixtures) -> tuple[str, Sequence[str]]:
    ends = run("A, as it was", mixtures.before), run("B, as it was", mixtures.after)
    if problem := next((each.problem for each in ends if each.problem), ""):
        return f"Not proven: {problem}", ()
    if ends[0].is_past or not ends[1].is_past:
        which = "A gives what B gave" if ends[0].is_past else "B gives what A gave"
        return f"No cell moved it: run again, {which}. Look at data, packages and chance.", ()
    return _tried(run, mixtures)


def _tried(run: Try, mixtures: Mixtures) -> tuple[str, Sequence[str]]:
    edits = mixtures.edits
    for chosen in _choices(edits):
        words = [edit.words for edit in chosen]
        if run(f"A with {', '.join(words)}", mixtures.with_edits(chosen)).is_past:
            alone = f"Proven: {words[0]} alone moves it."
            together = f"Proven: {words[-1]} moves it, together with {', '.join(words[:-1])}."
            return (alone if len(words) == 1 else together), words
    return "Not proven: no change of a cell or module moves it, alone or with others.", ()


def _choices(edits: Sequence[CodeEdit]) -> Iterator[Sequence[CodeEdit]]:
    """Each alone, then one more at a time."""
    alone = [[edit] for edit in edits]
    together = [list(edits[:count]) for count in range(2, len(edits) + 1)]
    yield from [*alone, *together][:MOST_TRIALS]


def _trial(
    store: Store,
    found: Bisection,
    words: str,
    upstream: Upstream,
    *,
    timeout: float | None,
    progress: Progress,
) -> Trial:
    try:
        rerun = run_again(store, upstream, timeout=timeout, progress=progress)
    except _CANNOT as exc:
        return Trial(words=words, problem=f"{words}: {exc}")
    if rerun.run is None:
        return Trial(words=words, problem=f"{words}: its cell recorded no run")
    value = counterpart(store, upstream, rerun.run)[0].data.metrics.get(found.metric)
    families = [each for run in (rerun.run, *rerun.others) for each in family_of(store, run)]
    put_away(store, dict.fromkeys(each.info.run_id for each in families))
    if value is None or not isfinite(value):
        return Trial(words=words, problem=f"{words}: it gave no {found.metric}")
    return Trial(words=words, value=value, is_past=found.is_past(value))
