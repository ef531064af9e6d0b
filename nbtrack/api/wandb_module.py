"""The verbs of W&B, for code that says `import wandb` after `nbtrack.takeover(of="wandb")`: `init`,
`log`, `config`, `summary`, `save`, `finish`, `Image` and `Table`. It records here; nothing is sent
anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nbtrack.api.wandb_mode import chosen_mode
from nbtrack.api.wandb_runs import Run, new_run, open_run
from nbtrack.api.wandb_texts import Texts, as_mapping
from nbtrack.api.wandb_unrecorded import NAMES, unrecorded
from nbtrack.api.wandb_values import Image, Table
from nbtrack.errors import NbtrackError

__all__ = ["Error", "Image", "Run", "Table", "finish", "init", "log", "save"]
_OF_A_RUN = ("run", "config", "summary")


class Error(NbtrackError):
    """W&B's own, for code that catches it."""


def init(
    entity: str | None = None, project: str | None = None, dir: Any = None, id: str | None = None,
    name: str | None = None, notes: str | None = None, tags: Sequence[str] | str | None = None,
    config: Any = None, group: str | None = None, job_type: str | None = None,
    mode: str | None = None, resume: Any = None, reinit: Any = None, **others: Any,
) -> Run:  # fmt: skip
    """Begin a run in the experiment that is called as *project*; one that is open goes on unless
    *reinit* is true, or "finish_previous" or "create_new"."""
    _ = dir, others
    before = open_run()
    if before is not None:
        if reinit in (None, False, "default", "return_previous"):
            before.config.update(as_mapping(config))
            return before
        if reinit != "create_new":
            before.finish()
    labels = [tags] if isinstance(tags, str) else tags
    is_disabled = (mode or chosen_mode()) == "disabled"
    made = new_run(
        project=project or os.environ.get("WANDB_PROJECT"), id=id, name=name, tags=labels,
        notes=notes, resume=resume, is_disabled=is_disabled,
        facts={"entity": entity, "group": group, "job_type": job_type},
    )  # fmt: skip
    made.config.update(as_mapping(config))
    return made


def log(
    data: Mapping[str, Any], step: int | None = None, commit: bool | None = None,
    sync: bool | None = None,
) -> None:  # fmt: skip
    _running("log").log(data, step, commit, sync)


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    if (found := open_run()) is not None:
        found.finish(exit_code, quiet)


def save(glob_str: Any = "", *others: Any, **more: Any) -> list[str]:
    return _running("save").save(glob_str, *others, **more)


def log_artifact(artifact_or_path: Any, *others: Any, **more: Any) -> Any:
    return _running("log_artifact").log_artifact(artifact_or_path, *others, **more)


def login(*_: Any, **__: Any) -> bool:
    """Nobody is asked for: nothing is sent."""
    return True


def define_metric(*_: Any, **__: Any) -> None:
    """Charts choose their own axis."""


def watch(*_: Any, **__: Any) -> None:
    """Gradients are not recorded."""


def unwatch(*_: Any, **__: Any) -> None:
    """As `watch`."""


def require(*_: Any, **__: Any) -> None:
    """Nothing depends on what W&B's own process can do."""


def setup(*_: Any, **__: Any) -> None:
    """There is nothing to set up."""


def alert(title: str = "", text: str = "", *_: Any, **__: Any) -> None:
    _running("alert").alert(title, text)


def termwarn(*_: Any, **__: Any) -> None:
    """W&B's way to say something on a terminal."""


def Settings(**settings: Any) -> dict[str, Any]:
    """Not heard: they are about W&B's process and its server."""
    return settings


def __getattr__(name: str) -> Any:
    """`run`, `config` and `summary` are those of the run that is open."""
    if name == "run":
        return open_run()
    if name in ("config", "summary"):
        found = open_run()
        return _Before(name) if found is None else getattr(found, name)
    if name in NAMES:
        return unrecorded(name)
    raise AttributeError(
        f"nbtrack has taken over, and has no wandb.{name}: {', '.join([*__all__, *_OF_A_RUN])} are "
        "there. Without nbtrack.takeover(of='wandb') it is W&B's."
    )


class _Before(Texts):
    """Before `wandb.init`."""

    def __init__(self, name: str) -> None:
        super().__init__(lambda _: None)
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        raise Error(f"Call wandb.init() before wandb.{self.__dict__['_name']}.{name}.")

    def __setattr__(self, name: str, value: Any) -> None:
        self.__getattr__(name)

    def update(self, *given: Any, **more: Any) -> None:
        _ = given, more
        raise Error(f"Call wandb.init() before wandb.{self.__dict__['_name']}.update().")


def _running(verb: str) -> Run:
    if (found := open_run()) is None:
        raise Error(f"Call wandb.init() before wandb.{verb}().")
    return found
