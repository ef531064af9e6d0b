"""`nbtrack.export` and `nbtrack.reproduce`: a run once more, from what was recorded of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.lookup.meant_runs import run_id_of
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.provenance.reproduction.verdicts import Verdict


def export(run: Any, file: str | Path = "run.ipynb") -> Path:
    """Write the cells that *run* came from, and its own, as a notebook, a script (.py) or an
    archive (.zip) with artifacts and modules; return where.

    *run* is an id, the beginning of one, a name or a run. The file's head says what is known:
    packages, data, generators, and what is not captured. Raises NotCaptured, InvalidValue.
    """
    from nbtrack.provenance.exports.exporting import export_run

    store = current_session().store
    return export_run(store, store.get_run(run_id_of(store, run)), file)


def reproduce(
    run: Any,
    *,
    env: str = "current",
    timeout: float | None = None,
    allow_effects: bool = False,
) -> Verdict:
    """Run the cells that *run* came from, and its own, in a fresh kernel; compare every value.

    The verdict is recorded on the run, beside the id of the new one, which goes to the same
    experiment. Files that the cells write go to a folder that is thrown away. *env* "venv" builds
    the recorded packages first; *timeout* is in seconds, for all of it. *allow_effects* permits the
    cells to start programs (`!cmd` too) and to speak to other machines, which is refused otherwise;
    they still work in a copy of their folder, and may not write outside of it themselves: what
    programs and other machines do, nobody watches. Raises NotCaptured where there is nothing to
    run, InvalidValue.
    """
    from nbtrack.display.progress import shown_progress
    from nbtrack.provenance.reproduction.fresh_environment import checked_environment
    from nbtrack.provenance.reproduction.reproducing import reproduce_run

    store, chosen = current_session().store, checked_environment(env)
    found = store.get_run(run_id_of(store, run))
    with shown_progress() as progress:
        return reproduce_run(
            store,
            found,
            env=chosen,
            timeout=timeout,
            may_have_effects=allow_effects,
            progress=progress,
        )
