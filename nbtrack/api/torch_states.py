"""PyTorch's weights and Lightning's checkpoints, by MLflow's functions and in its files.

They are pickles, as `torch.save` writes them; read with `weights_only=True`, they run no code.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbtrack.api.client import MlflowClient
from nbtrack.api.fluent_logging import log_artifacts
from nbtrack.errors import InvalidValue, NotFound, WrongType
from nbtrack.models.model_uris import path_of_artifact
from nbtrack.recording.session import current_session
from nbtrack.records.tags import LATEST_CHECKPOINT_TAG

STATE_FILE = "state_dict.pth"


def log_state_dict(state_dict: dict[str, Any], artifact_path: str | None, **kwargs: Any) -> None:
    """Keep *state_dict* in the active run, in the folder *artifact_path*; it is no model.

    *kwargs* are for `torch.save`. Raises WrongType.
    """
    with TemporaryDirectory() as folder:
        save_state_dict(state_dict, folder, **kwargs)
        log_artifacts(folder, artifact_path)


def save_state_dict(state_dict: dict[str, Any], path: str | Path, **kwargs: Any) -> None:
    """Write it to the folder *path*. *kwargs* are for `torch.save`. Raises WrongType."""
    import torch

    if not isinstance(state_dict, dict):
        raise WrongType(
            f"state_dict is a {type(state_dict).__name__}, not a dict; of a module, give "
            "`model.state_dict()`, or keep all of it with nbtrack.pytorch.log_model."
        )
    Path(path).mkdir(parents=True, exist_ok=True)
    torch.save(state_dict, Path(path) / STATE_FILE, **kwargs)


def load_state_dict(state_dict_uri: str | Path, **kwargs: Any) -> Any:
    """What was logged or saved: by `runs:/<run id>/<path>`, a `file:` URI, or the folder.

    *kwargs* are for `torch.load`; with `weights_only=False` it runs code of the file. Raises
    RunNotFound, ArtifactNotFound, InvalidValue.
    """
    import torch

    return torch.load(
        path_of_artifact(state_dict_uri) / STATE_FILE, **{"weights_only": True, **kwargs}
    )


def load_checkpoint(
    model_class: Any,
    run_id: str | None = None,
    epoch: int | None = None,
    global_step: int | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """A Lightning module from a checkpoint of a run: the latest, or that of a time.

    run_id: None: the active run.
    epoch, global_step: as `autolog(checkpoint_save_freq=)` keeps them; at most one of them.
    kwargs: for `load_from_checkpoint`; with `weights_only=False` it runs code of the file.

    Raises RunNotFound, NotFound, InvalidValue.
    """
    run_id = run_id or _active_run_id()
    path = _checkpoint_path(run_id, epoch, global_step)
    given = dict(kwargs or {})
    if "weights_only" in inspect.signature(model_class.load_from_checkpoint).parameters:
        given.setdefault("weights_only", True)
    return model_class.load_from_checkpoint(
        MlflowClient().download_artifacts(run_id, path), **given
    )


def _active_run_id() -> str:
    run = current_session().active_run()
    if run is None:
        raise InvalidValue("No run is active: say whose checkpoint it is, by run_id=.")
    return run.run_id


def _checkpoint_path(run_id: str, epoch: int | None, global_step: int | None) -> str:
    if epoch is not None and global_step is not None:
        raise InvalidValue(
            "A checkpoint is that of an epoch or that of a global_step, not of both."
        )
    latest = MlflowClient().get_run(run_id).data.tags.get(LATEST_CHECKPOINT_TAG)
    if latest is None:
        raise NotFound(f"Run {run_id!r} has no checkpoint; nbtrack.pytorch.autolog() keeps them.")
    name = latest.rpartition("/")[2]
    if epoch is not None:
        return f"checkpoints/epoch_{epoch}/{name}"
    if global_step is not None:
        return f"checkpoints/global_step_{global_step}/{name}"
    return latest
