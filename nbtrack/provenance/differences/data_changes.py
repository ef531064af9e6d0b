"""What changed in what a run took in: params, data, files, modules of the project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePath

from nbtrack.display.number_format import format_size
from nbtrack.lookup.difference import compared
from nbtrack.lookup.line_difference import Sign
from nbtrack.provenance.differences.findings import Change, Finding, Part, not_captured
from nbtrack.provenance.differences.matched_names import matched_names
from nbtrack.provenance.differences.run_record import RunRecord
from nbtrack.provenance.differences.text_changes import text_change
from nbtrack.records.executions import Execution, SeenFile
from nbtrack.records.runs import Dataset, DatasetInput, Run, read_in_part


def params_finding(before: RunRecord, after: RunRecord) -> Finding:
    params = [record.run.data.params for record in (before, after)]
    count = len(params[1])
    same = f"{count:,} param{'' if count == 1 else 's'}"
    return Finding(part=Part.PARAMS, changes=value_changes(*params), same=same)


def value_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    lines = [each for each in compared([before, after]) if each.differs]
    return [value_change(each.key, *each.values) for each in lines]


def value_change(key: str, before: str | None, after: str | None, *, note: str = "") -> Change:
    sign: Sign = "+" if before is None else "-" if after is None else "~"
    return Change(sign=sign, key=key, before=before or "", after=after or "", note=note)


# --- data sets


def data_finding(before: RunRecord, after: RunRecord) -> Finding:
    """A digest of a part of the rows proves a difference, and never that there is none."""
    old, new = _datasets(before.run), _datasets(after.run)
    if not (old and new):
        return not_captured(Part.DATA, old, new, why="no data set was recorded")
    pairs = matched_names(old, new, digest=lambda each: each.digest)
    same = [(key, x) for key, x, y in pairs if x and y and x.digest == y.digest]
    doubts = [f"{key}: {_SAMPLED}" for key, each in same if read_in_part(each.profile)]
    changes = [
        value_change(key, *(None if each is None else _words(each) for each in (x, y)))
        for key, x, y in pairs
        if not (x and y and x.digest == y.digest)
    ]
    words = f"{len(pairs):,} data set{'' if len(pairs) == 1 else 's'}"
    return Finding(part=Part.DATA, changes=changes, doubts=doubts, same=words)


_MOST_NAMED = 5  # files
_MOST_OF_A_PATH = 58  # characters
_SAMPLED = "the digests are equal, but sampled: not every row was looked at"


def _datasets(run: Run) -> dict[str, Dataset]:
    """By context and name."""
    return {input_label(each): each.dataset for each in run.inputs.dataset_inputs}


def input_label(entry: DatasetInput) -> str:
    context = next((tag.value for tag in entry.tags if tag.key == "mlflow.data.context"), "")
    return f"{context} {entry.dataset.name}".strip()


def _words(dataset: Dataset) -> str:
    rows = _profile(dataset).get("num_rows")
    return f"{dataset.digest} · {rows:,} rows" if isinstance(rows, int) else dataset.digest


def _profile(dataset: Dataset) -> Mapping[str, object]:
    try:
        found = json.loads(dataset.profile or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# --- files


def files_finding(before: RunRecord, after: RunRecord) -> Finding:
    """Without the sources of modules, which an import reads, and only when they are new to it."""
    sources = {file.path for r in (before, after) for e in r.executions for file in e.modules}

    def data_of(each: Execution) -> list[SeenFile]:
        return [file for file in each.files_read if file.path not in sources]

    return _file_finding(Part.FILES, before, after, of=data_of)


def modules_finding(before: RunRecord, after: RunRecord) -> Finding:
    return _file_finding(Part.MODULES, before, after, of=lambda each: each.modules)


def _file_finding(
    part: Part, before: RunRecord, after: RunRecord, of: Callable[[Execution], Iterable[SeenFile]]
) -> Finding:
    if not (before.executions and after.executions):
        return not_captured(part, before.executions, after.executions)
    old, new = (_files(record, of) for record in (before, after))
    pairs = matched_names(
        old, new, digest=lambda each: each.sha256, moved=lambda path: PurePath(path).name
    )
    texts = {**before.texts, **after.texts}
    changes = [change for key, x, y in pairs if (change := _file_change(key, x, y, texts))]
    return Finding(
        part=part,
        changes=changes,
        doubts=_unread([key for key, x, y in pairs if _may_differ(x, y)]),
        same=f"{part.heading.lower()} ({len(pairs):,})" if pairs else "",
    )


def _files(record: RunRecord, of: Callable[[Execution], Iterable[SeenFile]]) -> dict[str, SeenFile]:
    """By path, from the folder the cells worked in; each as it was seen last."""
    folder = f"{record.executions[-1].folder}/"
    files = (file for each in record.executions for file in of(each))
    return {_tail(file.path.removeprefix(folder)): file for file in files}


def _tail(path: str) -> str:
    return path if len(path) <= _MOST_OF_A_PATH else f"…{path[-_MOST_OF_A_PATH:]}"


def _unread(paths: Sequence[str]) -> list[str]:
    """One sentence for all files of which only the sizes are known to be equal."""
    named = ", ".join(PurePath(path).name for path in paths[:_MOST_NAMED])
    more = ", …" if len(paths) > _MOST_NAMED else ""
    return [f"as large as before, and their content not compared: {named}{more}"] if paths else []


def _file_change(
    key: str, old: SeenFile | None, new: SeenFile | None, texts: Mapping[str, str]
) -> Change | None:
    if old and new and not _differ(old, new):
        return None
    known = [texts.get(each.sha256 or "") for each in (old, new) if each]
    if old and new and known[0] is not None and known[1] is not None:
        return text_change(key, known[0], known[1])
    return value_change(key, *(None if each is None else _file_words(each) for each in (old, new)))


def _differ(old: SeenFile, new: SeenFile) -> bool:
    if old.sha256 and new.sha256:
        return old.sha256 != new.sha256
    return old.size != new.size


def _may_differ(old: SeenFile | None, new: SeenFile | None) -> bool:
    """One that was gone when its cell ended said nothing that lasts."""
    if not (old and new) or _differ(old, new) or old.size is None:
        return False
    return not (old.sha256 and new.sha256)


def _file_words(file: SeenFile) -> str:
    digest = (file.sha256 or "")[:10]
    return " · ".join(filter(None, [format_size(file.size) or "gone", digest]))
