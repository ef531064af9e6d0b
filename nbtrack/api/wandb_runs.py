"""A run as W&B's code knows it, which is one of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nbtrack.api import fluent
from nbtrack.api.wandb_files import RunFolder, save_files
from nbtrack.api.wandb_texts import Texts
from nbtrack.api.wandb_values import log_value
from nbtrack.base.guard import warn_once
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import use_experiment
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunStatus
from nbtrack.transfer.sources.key_names import KeyNames
from nbtrack.transfer.sources.logged_run import flat_values

_ID_TAG = "wandb.id"
_RUNS = """
    select run_id, experiment_id from runs where run_id in (select unnest($ids))
    order by start_time desc
"""


class Run:
    """*run* None: it is disabled, and nothing is recorded."""

    def __init__(self, run: ActiveRun | None, *, project: str, id: str, step: int = 0) -> None:
        self._run = run
        self.project, self.id, self.step = project, id, step
        self._renamed: dict[str, str] = {}
        self._metrics, self._params = KeyNames(self._renamed), KeyNames(self._renamed)
        self.config = Texts(self._log_config)
        self.summary = Texts(self._log_summary)
        self._measured: set[str] = set()  # metrics with a history
        self._summed: set[str] = set()  # those of which the summary says something else
        self._folder: RunFolder | None = None

    # --- what it says of itself

    @property
    def name(self) -> str:
        return "" if self._run is None else self._run.info.run_name or ""

    @name.setter
    def name(self, name: str) -> None:
        if self._run is not None:
            self._run.rename(name)

    @property
    def dir(self) -> str:
        """A folder for files, which are artifacts when the run has ended; its own."""
        if self._folder is None:
            self._folder = RunFolder(self._run)
        return str(self._folder.path)

    url = entity = group = job_type = sweep_id = None
    offline = True
    resumed = False

    @property
    def disabled(self) -> bool:
        return self._run is None

    # --- logging

    def log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:  # fmt: skip
        """Each value at *step*, by default the next one; with `commit=False`, or a *step*, the next
        call goes on with that step."""
        _ = sync
        if not isinstance(data, Mapping):
            raise ValueError(f"wandb.log takes a dict, and was given {data!r:.80}.")
        if step is not None:
            self.step = max(self.step, int(step))
        place = self.step if step is None else int(step)
        for key, value in _items_in(data):
            name = self._named(self._metrics, key)
            self._forget_sum(name)
            self._measured.add(name)
            self._log_one(key, name, value, place)
        if commit or (commit is None and step is None):
            self.step = place + 1

    def _log_one(self, key: str, name: str, value: Any, step: int) -> None:
        if (run := self._run) is None:
            return
        self.summary.note(key, value)
        log_value(run, name, value, step, lambda text: run.set_tag(f"summary.{name}", text))

    def _log_summary(self, new: Mapping[str, Any]) -> None:
        """A number that has a history is a tag beside it; others are a point at the last step."""
        for key, value in _items_in(new):
            name, number = self._named(self._metrics, key), _number_of(value)
            if self._run is not None and name in self._measured and number is not None:
                self._run.set_tag(f"summary.{name}", repr(number))
                self._summed.add(name)
            else:
                self._log_one(key, name, value, max(self.step - 1, 0))

    def _forget_sum(self, name: str) -> None:
        """What is logged is the summary again."""
        if self._run is not None and name in self._summed:
            self._summed.remove(name)
            self._run.delete_tag(f"summary.{name}")

    def _log_config(self, new: Mapping[str, Any]) -> None:
        if self._run is not None:
            found = {self._named(self._params, k): v for k, v in _items_in(new) if v is not None}
            self._run.log_params(found)

    def _named(self, names: KeyNames, key: str) -> str:
        name = names.name(key)
        if name != key:
            warn_once(f"nbtrack calls {key!r} {name!r}: its keys have fewer characters.")
        return name

    def save(
        self, glob_str: str | Path = "", base_path: str | Path | None = None, *_: Any, **__: Any
    ) -> list[str]:
        """The files that it names, as artifacts, by their paths in *base_path*."""
        if self._run is None or not str(glob_str):
            return []
        own = None if self._folder is None else self._folder.path
        base = None if base_path is None else Path(base_path)
        return save_files(self._run, str(glob_str), base, own)

    def log_artifact(self, artifact_or_path: Any, *_: Any, **__: Any) -> Any:
        """A file or folder is one of ours; a `wandb.Artifact` is left out, which it has said."""
        if self._run is not None and isinstance(artifact_or_path, str | Path):
            self._run.log_artifact(artifact_or_path)
        return artifact_or_path

    def _label(self, *_: Any, **__: Any) -> None:
        """The libraries that report to W&B say here who they are."""

    def define_metric(self, *_: Any, **__: Any) -> None:
        """Charts choose their own axis."""

    def watch(self, *_: Any, **__: Any) -> None:
        """Gradients are not recorded."""

    def unwatch(self, *_: Any, **__: Any) -> None:
        """As `watch`."""

    def alert(self, title: str = "", text: str = "", *_: Any, **__: Any) -> None:
        if self._run is not None:
            self._run.set_tag("wandb.alert", f"{title}: {text}")

    # --- its end

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        _ = quiet
        self.keep_files()
        if self._run is not None and self._run.is_open:
            self._run.end(RunStatus.FAILED if exit_code else RunStatus.FINISHED)
        _forget(self)

    def keep_files(self) -> None:
        if self._folder is not None:
            self._folder.log()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        self.finish(exit_code=0 if kind is None else 1)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"nbtrack has taken over, and its run has no {name!r}: log, config, summary, save and "
            "finish are there."
        )


_open: list[Run] = []  # the newest last


def open_run() -> Run | None:
    """The newest that has not ended; a cell's end ends its runs, too."""
    while _open and not (_open[-1].disabled or _is_open(_open[-1])):
        _open.pop().keep_files()
    return _open[-1] if _open else None


def _is_open(run: Run) -> bool:
    return run._run is not None and run._run.is_open


def _forget(run: Run) -> None:
    if run in _open:
        _open.remove(run)


def new_run(
    *, project: str | None, id: str | None, name: str | None, tags: Sequence[str] | None,
    notes: str | None, resume: Any, facts: Mapping[str, str | None], is_disabled: bool,
) -> Run:  # fmt: skip
    """*facts* are tags `wandb.…`. With *resume*, the run of that *id* goes on."""
    run_name = project or ""
    if is_disabled:
        made = Run(None, project=run_name, id=id or "")
    else:
        store = current_session().store
        home = use_experiment(store, project).experiment_id if project else None
        known = _run_called(id, home) if resume and id else None
        labels = {"wandb.tags": ", ".join(tags)} if tags else {}
        texts = {f"wandb.{fact}": text for fact, text in facts.items() if text}
        opened = fluent.start_run(
            run_id=known, run_name=name if known is None or name else None, nested=True,
            experiment_id=None if known else home,
            tags={**texts, **labels, **({_ID_TAG: id} if id else {})}, description=notes,
        )  # fmt: skip
        step = 0 if known is None else _next_step(known)
        made = Run(opened, project=run_name, id=id or opened.run_id, step=step)
        made.__dict__["resumed"] = known is not None
        made._measured = set() if known is None else _metrics_of(known)
    _open.append(made)
    return made


def _run_called(id: str, experiment_id: str | None) -> str | None:
    """The newest run that had this id of W&B."""
    query = "select run_id from tags where key = $key and value = $id"
    found = set(fluent.sql(query, {"key": _ID_TAG, "id": id})["run_id"])
    if not found:
        return None
    rows = fluent.sql(_RUNS, {"ids": sorted(found)})
    fitting = [
        r for r, e in zip(rows["run_id"], rows["experiment_id"]) if e == (experiment_id or e)
    ]
    return fitting[0] if fitting else None


def _next_step(run_id: str) -> int:
    query = "select max(step) + 1 as step from metrics where run_id = $run_id"
    found = fluent.sql(query, {"run_id": run_id})["step"]
    return int(found.iloc[0]) if len(found) and found.notna().iloc[0] else 0


def _metrics_of(run_id: str) -> set[str]:
    query = "select distinct key from metrics where run_id = $run_id"
    return set(fluent.sql(query, {"run_id": run_id})["key"])


def _number_of(value: Any) -> int | float | None:
    found = value.item() if getattr(value, "size", None) == 1 else value
    return found if isinstance(found, int | float) else None


def _items_in(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keys, value in flat_values({(str(key),): value for key, value in data.items()}):
        yield ".".join(keys), value
