"""What a page may ask of a comparison; the runs panel and the compare panel answer alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbtrack.api.client import client_of
from nbtrack.errors import InvalidValue
from nbtrack.lookup.difference import MOST_RUNS
from nbtrack.lookup.meant_runs import stamp_of
from nbtrack.panels.compare.causes import causes_message
from nbtrack.panels.compare.content import Comparison, Section, comparison
from nbtrack.panels.compare.file_changes import file_changes
from nbtrack.panels.compare.shared_files import shared_files
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.provenance.differences.difference import read_run_difference
from nbtrack.stores.store import Store


def compare_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With a stamp; whoever sends it again hears no more than that while nothing has changed.

    Raises RunNotFound, InvalidValue.
    """
    run_ids, baseline = texts_of(arguments, "runs"), text_of(arguments, "baseline") or None
    stamp = stamp_of(panel.store, run_ids[: MOST_RUNS + 1])
    if text_of(arguments, "stamp") == stamp:
        return {"stamp": stamp}
    return {"stamp": stamp, **as_message(comparison(panel.store, run_ids, baseline=baseline))}


def causes_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What explains that one run is different from another. Raises RunNotFound, InvalidValue."""
    before, after = text_of(arguments, "before"), text_of(arguments, "after")
    return causes_message(read_run_difference(panel.store, before, after))


def files_answer(panel: Panel, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What several of the runs have under one path."""
    return [
        {"path": each.path, "kind": each.kind, "runs": each.runs, "isSame": each.is_same}
        for each in shared_files(panel.store, texts_of(arguments, "runs"))
    ]


def file_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What differs between the files of two runs. Raises RunNotFound, ArtifactNotFound."""
    path = text_of(arguments, "path")
    before, after = (
        _file(panel.store, text_of(arguments, name), path) for name in ("before", "after")
    )
    return file_changes(before, after)


def _file(store: Store, run_id: str, path: str) -> Path:
    found = client_of(store).artifacts_of(run_id).download(path)
    if found.is_dir():
        raise InvalidValue(f"{path!r} is a folder; only files are compared.")
    return found


COMPARE_HANDLERS: Mapping[str, Handler] = {
    "compare": compare_answer,
    "compare_causes": causes_answer,
    "compare_files": files_answer,
    "compare_file": file_answer,
}


def as_message(content: Comparison) -> dict[str, Any]:
    """Values are [text, change, verdict, differs]."""
    return {
        "runs": [asdict(head) for head in content.runs],
        "baseline": content.baseline,
        "isShort": content.is_short,
        "sections": [section_message(section) for section in content.sections],
    }


def section_message(section: Section) -> dict[str, Any]:
    lines = [{"key": x.key, "values": x.values, "differs": x.differs} for x in section.lines]
    named = {"name": section.name, "title": section.title, "isFolded": section.is_folded}
    return {**named, "lines": lines, "more": section.more}
