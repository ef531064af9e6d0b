"""The logged models of MLflow 3: each with a folder of its own, linked to the run that made it."""

from __future__ import annotations

from collections.abc import Mapping

from nbtrack.artifact_store.opening import open_local
from nbtrack.errors import LoggedModelNotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.experiments import default_artifact_root
from nbtrack.recording.logged_models import file_lines
from nbtrack.recording.measured import is_model_id
from nbtrack.records.logged_models import LoggedModel
from nbtrack.records.runs import LifecycleStage
from nbtrack.stores.store import Store
from nbtrack.transfer.imports.digests import files_digest, texts_digest
from nbtrack.transfer.imports.experiment_homes import Home
from nbtrack.transfer.imports.marks import MARK, Mark, mark_in, without_mark
from nbtrack.transfer.imports.outcome import Outcome
from nbtrack.transfer.sources.source_files import Copied, copy_files, stamp_of
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    SourceFile,
    SourceModel,
    SourceReader,
)


def import_logged_models(
    reader: SourceReader, store: Store, homes: Mapping[str, Home], outcome: Outcome
) -> None:
    """Those of runs that came over, and those of no run."""
    for model in reader.logged_models():
        if isinstance(model, BrokenRecord):
            outcome.note_broken(model)
            continue
        try:
            _check(model, homes, outcome)
            missing = _bring(model, reader, store, homes[model.experiment_id].experiment_id)
        except BrokenRecord as exc:
            outcome.broken[f"logged model {model.model_id}"] = str(exc)
            continue
        outcome.models += 1
        if missing:
            outcome.incomplete[f"logged model {model.model_id}"] = "; ".join(missing)


def _check(model: SourceModel, homes: Mapping[str, Home], outcome: Outcome) -> None:
    if not is_model_id(model.model_id):
        raise BrokenRecord("its id is none of a logged model")
    if model.experiment_id not in homes:
        raise BrokenRecord(f"its experiment {model.experiment_id!r} did not come over")
    if model.source_run_id and model.source_run_id not in outcome.source.digests:
        raise BrokenRecord(f"its run {model.source_run_id!r} did not come over")


def _bring(
    model: SourceModel, reader: SourceReader, store: Store, experiment_id: str
) -> tuple[str, ...]:
    """What of its files is missing."""
    known = _known(store, model.model_id)
    mark = mark_in(known.tags.get(MARK)) if known else None
    place = reader.files(model.artifact_uri, model.model_id)
    found = place.files or {}
    facts = texts_digest(_facts(model, ""), model.params, model.tags)
    stamp = place.stamp or stamp_of(found)
    if mark is not None and (mark.facts, mark.stamp) == (facts, stamp) and not mark.missing:
        return ()
    copied = _copied(store, model.model_id, found, is_known=known is not None)
    missing = (*((place.trouble,) if place.trouble else ()), *_missing(copied))
    new = Mark(facts=facts, files=_digest(copied), stamp=stamp, missing=missing, origin=reader.kind)
    if new != mark:
        is_same = mark is not None and mark.facts == facts
        store.append(_text(model, experiment_id, copied, new, with_facts=not is_same))
    return missing


def _known(store: Store, model_id: str) -> LoggedModel | None:
    try:
        return store.look_up_model(model_id).model
    except LoggedModelNotFound:
        return None


def _copied(
    store: Store, model_id: str, found: Mapping[str, SourceFile], *, is_known: bool
) -> Copied:
    target = open_local(f"{default_artifact_root(store)}/{model_id}", run_id=model_id)
    known = store.list_model_files(model_id) if is_known else {}
    return copy_files(found, target, known=known)


def _missing(copied: Copied) -> list[str]:
    return [f"{path}: {why}" for path, why in copied.missing.items()]


def _digest(copied: Copied) -> str:
    return files_digest({file.path: str(file.sha256) for file in copied.files.values()})


def _text(
    model: SourceModel, experiment_id: str, copied: Copied, mark: Mark, *, with_facts: bool
) -> str:
    """Its mark comes last: a model without one came over in part."""
    t, model_id = now_us(), model.model_id
    text = file_lines(model_id, {f.path: str(f.sha256) for f in copied.written}, t=t)
    if with_facts:
        text += lines.model_line(model_id, t=t, **_facts(model, experiment_id))
        texts = [("param", model.params), ("tag", without_mark(model.tags))]
        text += "".join(
            lines.model_value_line(model_id, of, key, value, t=t)
            for of, values in texts
            for key, value in values.items()
        )
    return text + lines.model_value_line(model_id, "tag", MARK, mark.text(), t=t)


def _facts(model: SourceModel, experiment_id: str) -> dict[str, object]:
    facts = {
        "name": model.name,
        "experiment_id": experiment_id,
        "source_run_id": model.source_run_id,
        "model_type": model.model_type,
        "status": model.status,
        "path": "",
        "lifecycle_stage": LifecycleStage.DELETED if model.is_deleted else LifecycleStage.ACTIVE,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}
