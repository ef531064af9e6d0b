"""What a page may ask of a comparison; the runs panel and the compare panel answer alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.lookup.difference import MOST_RUNS, LinePair, line_pairs
from nbtrack.lookup.meant_runs import stamp_of
from nbtrack.panels.compare.content import Comparison, Section, comparison, head_of
from nbtrack.panels.shared.panel import Handler, Panel
from nbtrack.panels.shared.requests import text_of, texts_of
from nbtrack.stores.store import Store

_MOST_CHARACTERS = 1000  # of a line of source
_MOST_PICTURES = 60  # artifact paths
_SIGNS = {"equal": "=", "changed": "~", "removed": "-", "added": "+"}
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".vl.json")


def compare_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """With a stamp; whoever sends it again hears no more than that while nothing has changed.

    Raises RunNotFound, InvalidValue.
    """
    run_ids, baseline = texts_of(arguments, "runs"), text_of(arguments, "baseline") or None
    stamp = stamp_of(panel.store, run_ids[: MOST_RUNS + 1])
    if text_of(arguments, "stamp") == stamp:
        return {"stamp": stamp}
    return {"stamp": stamp, **as_message(comparison(panel.store, run_ids, baseline=baseline))}


def source_answer(panel: Panel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of two runs line by line: [sign, before, after], with signs = ~ - +.

    Raises RunNotFound; InvalidValue for a run that no cell made.
    """
    before = _source(panel.store, text_of(arguments, "before"))
    after = _source(panel.store, text_of(arguments, "after"))
    cut = [head_of(before), head_of(after)]
    return {
        "lines": [_pair(pair) for pair in line_pairs(*cut)],
        "isCut": cut != [before, after],
    }


def pictures_answer(panel: Panel, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pictures that several of the runs have under one path: {path, runs}."""
    run_ids = texts_of(arguments, "runs")
    owners: dict[str, list[str]] = {}
    for run_id in dict.fromkeys(run_ids):
        for path in _pictures_of(panel.store, run_id):
            owners.setdefault(path, []).append(run_id)
    shared = {path: ids for path, ids in sorted(owners.items()) if len(ids) > 1}
    return [{"path": path, "runs": shared[path]} for path in list(shared)[:_MOST_PICTURES]]


COMPARE_HANDLERS: Mapping[str, Handler] = {
    "compare": compare_answer,
    "compare_source": source_answer,
    "compare_pictures": pictures_answer,
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


def _source(store: Store, run_id: str) -> str:
    source = (store.read_cell(run_id) or {}).get("source")
    if source is None:
        name = store.get_run(run_id).info.run_name  # RunNotFound for no run at all
        raise InvalidValue(f"No cell made the run {name or run_id!r}: there is no source.")
    return str(source)


def _pair(pair: LinePair) -> tuple[str, str | None, str | None]:
    return _SIGNS[pair.kind], _clipped(pair.before), _clipped(pair.after)


def _clipped(line: str | None) -> str | None:
    return line if line is None or len(line) <= _MOST_CHARACTERS else line[:_MOST_CHARACTERS] + "…"


def _pictures_of(store: Store, run_id: str) -> Sequence[str]:
    paths = (file.path for file in store.list_artifact_records(run_id))
    return [path for path in paths if path.lower().endswith(_PICTURES)]
