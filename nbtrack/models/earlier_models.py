"""A logged model whose folder in its run is about to be replaced keeps its files elsewhere."""

from __future__ import annotations

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import ModelError, NotFound, StoreError
from nbtrack.journal import lines
from nbtrack.models.mlmodel_file import FILE_NAME, read_content
from nbtrack.recording.experiments import PATIENT_LOOK_SECONDS, default_artifact_root
from nbtrack.recording.logged_models import file_lines
from nbtrack.recording.measured import is_model_id
from nbtrack.recording.run_writer import RunWriter


def earlier_model(run: RunWriter, path: str) -> str | None:
    """The id of the run's logged model in the folder *path*; None if there is none.

    The file says which it is; a folder that was copied here says that of another run's.
    """
    try:
        content = read_content(run.artifacts.download(f"{path}/{FILE_NAME}"))
        model_id = content.get("model_id")
        if not is_model_id(model_id):
            return None
        found = run.store.look_up_model(str(model_id), timeout=PATIENT_LOOK_SECONDS).model
    except StoreError:
        return str(model_id) if content.get("run_id") == run.run_id else None
    except (NotFound, ModelError):
        return None
    is_ours = found.source_run_id == run.run_id and found.path == path
    return found.model_id if is_ours else None


def move_out_of_run(run: RunWriter, model_id: str, path: str) -> None:
    """Into a folder of its own; the bytes are shared where the disk allows it."""
    artifacts = run.artifacts
    paths = [file.path for file in artifacts.walk(path)]
    names = {found: found[len(path) + 1 :] for found in paths}
    own = open_artifacts(f"{default_artifact_root(run.store)}/{model_id}", run_id=model_id)
    own.link_all({name: artifacts.download(found) for found, name in names.items()})
    files = {name: artifacts.sha256(found) for found, name in names.items()}
    t = run.later_us()
    run.log_lines(lines.model_line(model_id, t=t, path="") + file_lines(model_id, files, t=t))
