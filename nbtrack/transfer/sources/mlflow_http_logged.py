"""Logged models on an MLflow server. Its search keeps back those that were deleted: of them, those
that a run names, or that we have deleted there, are asked for one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from urllib.parse import quote

from nbtrack.records.logged_models import LoggedModelStatus
from nbtrack.remote.mlflow_server.records import point, texts
from nbtrack.remote.mlflow_server.rest import Json
from nbtrack.transfer.imports.marks import DELETED_MODEL
from nbtrack.transfer.sources.mlflow_requests import NoSuchAddress, SourceRest
from nbtrack.transfer.sources.source_records import BrokenRecord, ModelPoint, SourceModel

_MODELS_OF_PAGE = 50
_EXPERIMENTS_AT_ONCE = 100
# What an answer ends in that is none of MLflow's: it costs its own model only.
_MALFORMED = (BrokenRecord, KeyError, TypeError, ValueError, AttributeError, OverflowError)


class HttpLoggedModels:
    """Each is asked for once, and kept without its files."""

    def __init__(self, rest: SourceRest, experiments: Callable[[], Iterable[Json]]) -> None:
        self._rest, self._experiments = rest, experiments
        self._untold: set[str] = set()
        self._broken: dict[str, str] = {}  # what is said of it cannot be read, and why
        self._points: dict[str, list[ModelPoint]] = {}  # by run

    def all(self) -> Iterator[SourceModel | BrokenRecord]:
        self._look_for(self._deleted_by_us())
        yield from list(self._models.values())
        yield from (BrokenRecord(f"{what}: {why}") for what, why in self._broken.items())

    def is_deleted(self, model_id: str) -> bool:
        found = self._models.get(model_id)
        return found is not None and found.is_deleted

    def points_of(self, run_id: str, named: Iterable[str]) -> Sequence[ModelPoint]:
        """Which points of a run measure a model: the model says it, not the run, which has *named*
        some."""
        self._look_for(named)
        return sorted(self._points.get(run_id, ()), key=_place)

    def leftovers(self) -> dict[str, str]:
        if not self._untold or not self._has_any:
            return {}
        named = ", ".join(sorted(self._untold)[:3])
        more = ", …" if len(self._untold) > 3 else ""
        why = f"the server does not tell them, which may have been deleted: {named}{more}"
        return {f"{len(self._untold):,} of the logged models that are named there": why}

    @cached_property
    def _models(self) -> dict[str, SourceModel]:
        """None, of a server that has no such thing: MLflow 1 and 2."""
        found: dict[str, SourceModel] = {}
        ids = [str(said["experiment_id"]) for said in self._homes]
        for start in range(0, len(ids), _EXPERIMENTS_AT_ONCE):
            some = ids[start : start + _EXPERIMENTS_AT_ONCE]
            try:
                found |= {model.model_id: model for model in self._models_of(some)}
            except _MALFORMED as exc:
                what = f"logged models of experiment {some[0]} and {len(some) - 1:,} others"
                self._broken[what] = f"{exc!s:.300}"
        return found

    def _models_of(self, experiment_ids: Sequence[str]) -> Iterator[SourceModel]:
        asked = {"experiment_ids": experiment_ids, "max_results": _MODELS_OF_PAGE}
        for said in self._rest.pages("logged-models/search", "models", asked):
            if (model := self._noted(said, is_deleted=False)) is not None:
                yield model

    def _deleted_by_us(self) -> Iterator[str]:
        for home in self._homes:
            for key, model_id in texts(home, "tags").items():
                if key.startswith(DELETED_MODEL):
                    yield model_id

    @cached_property
    def _homes(self) -> list[Json]:
        return list(self._experiments()) if self._has_any else []

    @cached_property
    def _has_any(self) -> bool:
        """Asked, as a proxy may pass its API and not say its version."""
        try:
            self._rest.post("logged-models/search", {"experiment_ids": ["0"], "max_results": 1})
        except NoSuchAddress:
            return False
        except BrokenRecord:
            pass  # it knows what is asked for
        return True

    def _look_for(self, model_ids: Iterable[str]) -> None:
        for model_id in model_ids:
            is_known = model_id in self._models or model_id in self._untold
            if not is_known and _named(model_id) not in self._broken:
                self._ask_for(model_id)

    def _ask_for(self, model_id: str) -> None:
        """It may also have been made since the others were."""
        for is_deleted in (False, True):
            asked = {"allow_deleted": "true"} if is_deleted else {}
            place = f"logged-models/{quote(model_id, safe='')}"
            try:
                said = self._rest.get(place, **asked)["model"]
            except (BrokenRecord, KeyError):
                continue
            if (model := self._noted(said, is_deleted=is_deleted, named=model_id)) is not None:
                self._models[model_id] = model
            return
        self._untold.add(model_id)

    def _noted(self, said: Json, *, is_deleted: bool, named: str = "") -> SourceModel | None:
        """With its points; None if it cannot be read, which is noted then."""
        try:
            model = _model(said, is_deleted=is_deleted)
            metrics = said.get("data", {}).get("metrics", ())
            points = [(str(each.get("run_id", "")), _point(model, each)) for each in metrics]
        except _MALFORMED as exc:
            why = f"what the server says of it cannot be read: {exc!r:.200}"
            self._broken[_named(named or _id_in(said))] = why
            return None
        for run_id, found in points:
            self._points.setdefault(run_id, []).append(found)
        return model


def _named(model_id: str) -> str:
    return f"logged model {model_id}"


def _id_in(said: object) -> str:
    try:
        return str(said["info"]["model_id"])  # type: ignore[index]  # it may be anything
    except (KeyError, TypeError, IndexError):
        return "without an id"


def _point(model: SourceModel, said: Json) -> ModelPoint:
    metric = point(said)
    return ModelPoint(
        model.model_id, metric.key, metric.value, metric.step,
        metric.timestamp, said.get("dataset_name"), said.get("dataset_digest"),
    )  # fmt: skip


def _model(said: Json, *, is_deleted: bool) -> SourceModel:
    info, data = said["info"], said.get("data", {})
    return SourceModel(
        model_id=str(info["model_id"]),
        experiment_id=str(info["experiment_id"]),
        name=str(info.get("name", "")),
        artifact_uri=str(info.get("artifact_uri", "")),
        status=_status(str(info.get("status", ""))),
        is_deleted=is_deleted,
        model_type=info.get("model_type"),
        source_run_id=info.get("source_run_id") or None,
        params=texts(data, "params"),
        tags=texts(info, "tags"),
    )


def _status(word: str) -> str:
    """LOGGED_MODEL_READY, as it says; one that is being made, or says nothing, is PENDING."""
    name = word.removeprefix("LOGGED_MODEL_").removeprefix("UPLOAD_")
    return name if name in LoggedModelStatus.__members__ and name != "UNSPECIFIED" else "PENDING"


def _place(found: ModelPoint) -> tuple[str, str, int, int]:
    return found.model_id, found.key, found.step, found.time
