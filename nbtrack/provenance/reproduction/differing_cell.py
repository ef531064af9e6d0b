"""Where a difference begins: the first cell of a slice of which something recorded is not so.

Values of cells are not kept, so this goes by what is: runs of tracked cells, files, digests of the
data that a fit took, states of generators. Where that tells nothing, by the values of one more
repetition beside those of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nbtrack.models.requirements import installed_version
from nbtrack.provenance.exports.pins import pins_of
from nbtrack.provenance.reproduction.comparing import compare_families, family_of
from nbtrack.provenance.reproduction.rerun import Rerun
from nbtrack.provenance.upstream import Step, Upstream
from nbtrack.records.executions import Execution, SeenFile
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store

_MOST_PACKAGES = 5
_MOST_NAMES = 3


def where_it_begins(store: Store, upstream: Upstream, rerun: Rerun) -> str:
    """One sentence or two; "" where nothing that was recorded tells."""
    told = [next(_first_cell(store, upstream, rerun), ""), _packages(upstream)]
    return " ".join(each for each in told if each)


def what_is_another_each_time(
    upstream: Upstream, first: Sequence[Mapping[str, str]], second: Sequence[Mapping[str, str]]
) -> str:
    """By the values of two repetitions, of each cell; "" where they are alike."""
    for step, one, other in zip(upstream.steps, first, second):
        if names := sorted(name for name in one.keys() & other.keys() if one[name] != other[name]):
            told = ", ".join(names[:_MOST_NAMES])
            return f"It begins in {step.label}: {told} is another value each time that it runs."
    return ""


def _first_cell(store: Store, upstream: Upstream, rerun: Rerun) -> Iterator[str]:
    """What is certain first, for each cell in order; then what is likely."""
    assert rerun.run is not None
    again = {each.execution_count: each for each in store.read_executions(rerun.run.info.run_id)}
    runs = {_count(store, run): run for run in rerun.others}
    for step in upstream.steps[:-1]:
        count = step.execution.execution_count
        if problem := _other_files(step, again.get(count)):
            yield f"It begins in {step.label}: {problem}."
        if what := _other_values(store, step, runs.get(count)):
            yield f"It begins in {step.label}: {what}."
    yield from _other_data(store, upstream, rerun.run)
    yield from _unseeded(upstream)


def _count(store: Store, run: Run) -> int | None:
    count = (store.read_cell(run.info.run_id) or {}).get("execution_count")
    return None if count is None else int(count)


def _other_files(step: Step, again: Execution | None) -> str:
    if again is None:
        return ""
    now = {_name(file): file.sha256 for file in again.files_written if file.sha256}
    for file in step.execution.files_written:
        if file.sha256 and now.get(_name(file), file.sha256) != file.sha256:
            return f"it writes another {_name(file)}"
    return ""


def _name(file: SeenFile) -> str:
    return file.path.rpartition("/")[2]


def _other_values(store: Store, step: Step, again: Run | None) -> str:
    if step.execution.run_id is None or again is None:
        return ""
    recorded = store.get_run(step.execution.run_id)
    found = compare_families(store, family_of(store, recorded), family_of(store, again))
    return found.differences[0].text if found.differences else ""


def _other_data(store: Store, upstream: Upstream, now: Run) -> Iterator[str]:
    """Data that a fit took is the value of a name, and some cell has bound it."""
    before, after = (_digests(family_of(store, each)) for each in (upstream.run, now))
    for name, digest in before.items():
        if after.get(name, digest) != digest:
            step = _binding(upstream.steps, name)
            where = f"It begins in {step.label}: " if step else ""
            yield f"{where}{name} is other data already."


def _digests(runs: Sequence[Run]) -> dict[str, str]:
    found: dict[str, str] = {}
    for run in runs:
        for each in run.inputs.dataset_inputs:
            found.setdefault(each.dataset.name, each.dataset.digest)
    return found


def _binding(steps: Sequence[Step], name: str) -> Step | None:
    found = [step for step in steps if name in step.execution.binds]
    return found[-1] if found else None


def _unseeded(upstream: Upstream) -> Iterator[str]:
    """Where it goes on from the states that were kept, as mostly, it drew the same."""
    for step in upstream.steps:
        names = step.execution.unseeded
        if len(step.generators) < len(names):
            yield (
                f"{step.label} draws from {', '.join(names)}, and nothing had seeded that: "
                "seed it, and record the run again."
            )


def _packages(upstream: Upstream) -> str:
    """Those of the slice that have another version now."""
    recorded = dict(pin.split("==") for pin in pins_of(upstream))
    changed = [
        f"{name} {version} → {now}"
        for name, version in recorded.items()
        if (now := _installed(name)) not in (None, version)
    ]
    if not changed:
        return ""
    told = ", ".join(changed[:_MOST_PACKAGES])
    return f"Packages have changed since: {told}; --env venv runs it with those of then."


def _installed(name: str) -> str | None:
    found = installed_version(name)
    return None if found is None else found.partition("+")[0]
