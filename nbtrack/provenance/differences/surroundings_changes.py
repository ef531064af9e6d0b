"""What changed around a run: packages, Python, commit, random numbers, hardware."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from nbtrack.capture.cell_text import parse_quietly, without_magics
from nbtrack.lookup.difference import GIT_COMMIT_TAG, HARDWARE_FACTS, PYTHON_FACTS, stated
from nbtrack.lookup.line_difference import signed_lines
from nbtrack.provenance.differences.data_changes import value_change, value_changes
from nbtrack.provenance.differences.findings import Change, Finding, Part, absence, not_captured
from nbtrack.provenance.differences.patches import patched_lines
from nbtrack.provenance.differences.run_record import RunRecord
from nbtrack.provenance.differences.text_changes import line_words

_DISTRIBUTIONS = {  # where it is not the name that is imported
    "sklearn": "scikit-learn", "skimage": "scikit-image", "cv2": "opencv-python", "PIL": "pillow",
    "yaml": "pyyaml", "bs4": "beautifulsoup4", "dateutil": "python-dateutil",
}  # fmt: skip
_IMPORTED = "imported by these cells"


def packages_finding(before: RunRecord, after: RunRecord) -> Finding:
    """Those that the cells import first: another one moves a number only through them."""
    old, new = _packages(before), _packages(after)
    if not (old and new):
        return not_captured(Part.PACKAGES, old, new)
    changes = value_changes(old, new)
    imported = _imported(before) | _imported(after) if changes else set()
    changes = [_noted(change, imported) for change in changes]
    changes.sort(key=lambda change: change.note != _IMPORTED)
    return Finding(part=Part.PACKAGES, changes=changes, same=f"{len(new):,} packages")


def python_finding(before: RunRecord, after: RunRecord) -> Finding:
    found = _facts_finding(Part.PYTHON, PYTHON_FACTS, before, after)
    return replace(found, same=f"Python {after.environment.get('python_version')}")


def hardware_finding(before: RunRecord, after: RunRecord) -> Finding:
    return _facts_finding(Part.HARDWARE, HARDWARE_FACTS, before, after)


def _facts_finding(
    part: Part, names: Iterable[str], before: RunRecord, after: RunRecord
) -> Finding:
    old, new = (stated(record.environment, names) for record in (before, after))
    if not (old and new):
        return not_captured(part, old, new)
    return Finding(part=part, changes=value_changes(old, new), same=part.heading.lower())


def _packages(record: RunRecord) -> dict[str, str]:
    found = record.environment.get("packages")
    named = found if isinstance(found, dict) else {}
    return {str(name): str(version) for name, version in named.items()}


def _noted(change: Change, imported: set[str]) -> Change:
    note = _IMPORTED if _plain(change.key) in imported else ""
    return value_change(change.key, change.before or None, change.after or None, note=note)


def _imported(record: RunRecord) -> set[str]:
    """Distributions that the cells of the slice and the modules of the project import."""
    texts = [*record.texts.values(), record.source or ""]
    modules = {name.partition(".")[0] for text in texts for name in _imports(text)}
    return {_plain(_DISTRIBUTIONS.get(name, name)) for name in modules}


def _imports(text: str) -> Iterator[str]:
    tree = parse_quietly(without_magics(text)[0]) if "import" in text else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# --- git


def commit_finding(before: RunRecord, after: RunRecord) -> Finding:
    """Of what was not committed, files whose changes are others."""
    old, new = (record.run.data.tags.get(GIT_COMMIT_TAG) or record.git.get("commit")
                for record in (before, after))  # fmt: skip
    if not (old and new):
        return not_captured(Part.COMMIT, old, new, why="no git repository, or no commit in it")
    committed = [value_change("commit", old[:10], new[:10])] if old != new else []
    patches = [patched_lines(str(each.git.get("diff") or "")) for each in (before, after)]
    return Finding(
        part=Part.COMMIT,
        changes=[*committed, *_patch_changes(*patches)],
        gaps=_git_gaps(before.git, after.git),
        same=f"commit {new[:10]}",
    )


def _patch_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for path in sorted({*before, *after}):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new:
            yield _patch_change(path, old, new)


def _patch_change(path: str, old: str, new: str) -> Change:
    lines = signed_lines(old, new)
    return Change(sign="~", key=f"uncommitted in {path}", lines=lines, note=line_words(lines))


def _git_gaps(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    missing = [] if before and after else [absence(before, after, "what was not committed")]
    noted = (("A", before.get("diff_note")), ("B", after.get("diff_note")))
    return missing + [f"of what was not committed in {run}: {note}" for run, note in noted if note]


# --- random numbers


def seeds_finding(before: RunRecord, after: RunRecord) -> Finding:
    """By generator: whether it was seeded, and its state when the cell began, where that counts."""
    states = [_states(record) for record in (before, after)]
    if not (before.executions and after.executions):
        if not all(states):
            return not_captured(Part.SEEDS, *states)
        changes = value_changes(*(_short(each) for each in states))
        return Finding(part=Part.SEEDS, changes=changes, same="state of the random generators")
    drawn = sorted(_drawn(before) | _drawn(after))
    changes = [change for name in drawn for change in _seed_changes(name, before, after)]
    return Finding(
        part=Part.SEEDS,
        changes=changes,
        doubts=[f"{name}: {_UNSEEDED}" for name in drawn if _any_unseeded(name, before, after)],
        same="seeding of random numbers" if drawn else "no random number was drawn",
    )


_UNSEEDED = "drawn from, and nothing had seeded it: that alone can move a metric"


def _seed_changes(name: str, before: RunRecord, after: RunRecord) -> Iterator[Change]:
    seeded = [_seeding(name, record) for record in (before, after)]
    if seeded[0] != seeded[1]:
        yield value_change(name, *seeded)
    states = [_states(record).get(name) for record in (before, after)]
    if _counts(name, before) and _counts(name, after) and states[0] != states[1]:
        words = [state[:10] if state else None for state in states]
        yield value_change(name, *words, note="its state when the cell began")


def _seeding(name: str, record: RunRecord) -> str:
    if name not in _drawn(record):
        return "not drawn from"
    return "not seeded" if _is_unseeded(name, record) else "seeded"


def _counts(name: str, record: RunRecord) -> bool:
    """Whether the run's own cell drew from it as it found it."""
    own = record.executions[-1]
    return name in own.draws and name not in own.seeds


def _drawn(record: RunRecord) -> set[str]:
    return {name for each in record.executions for name in each.draws}


def _is_unseeded(name: str, record: RunRecord) -> bool:
    return any(name in each.unseeded for each in record.executions)


def _any_unseeded(name: str, *records: RunRecord) -> bool:
    return any(_is_unseeded(name, record) for record in records)


def _states(record: RunRecord) -> dict[str, str]:
    try:
        found = json.loads(record.cell.get("seeds") or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _short(states: Mapping[str, str]) -> dict[str, str]:
    return {f"state of {name}": digest[:10] for name, digest in states.items()}
