"""What is known of a run, in sections of plain lines: the head of every export."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nbtrack.display.markup import visible
from nbtrack.display.number_format import format_moment, format_size
from nbtrack.provenance.exports.pins import unknown_modules
from nbtrack.provenance.exports.plain_python import plain_python
from nbtrack.provenance.upstream import Upstream
from nbtrack.records.executions import SeenFile

NEVER_CAPTURED = (
    "The order in which threads and processes finished, and the time of day.",
    "What services elsewhere answered: pages, databases, models behind an API.",
    "Hardware: other processors and numbers of threads may round sums differently.",
)


class Section(NamedTuple):
    title: str
    lines: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    title: str
    sections: tuple[Section, ...]

    def section(self, title: str) -> list[str]:
        return next((each.lines for each in self.sections if each.title == title), [])


def account_of(upstream: Upstream) -> Account:
    """Only sections that say something; every line is free of what could steer a terminal."""
    told = {
        "Where it came from": _origin(upstream),
        "Recorded metrics": _values(upstream.asked.data.metrics.items()),
        "Recorded params": _values(upstream.asked.data.params.items()),
        "Data": [_file(each, upstream.folder) for each in upstream.given_files],
        "Random generators": _generators(upstream),
        "Not captured": [*upstream.gaps, *_unplain(upstream), *_unknown(upstream), *NEVER_CAPTURED],
    }
    sections = (Section(title, [visible(line) for line in lines]) for title, lines in told.items())
    name = upstream.asked.info.run_name or upstream.asked.info.run_id
    return Account(
        title=visible(f"Run {name!r}, as nbtrack recorded it"),
        sections=tuple(each for each in sections if each.lines),
    )


def _origin(upstream: Upstream) -> list[str]:
    info, found = upstream.asked.info, upstream.environment
    cells = len(upstream.steps)
    python = f"{found.get('implementation', 'Python')} {found.get('python_version', '')}".strip()
    lines = [
        f"run {info.run_id}, started {format_moment(info.start_time)} UTC by {info.user_id}",
        f"{cells} cell{'' if cells == 1 else 's'} that its values came from, in the order they ran",
        f"{python} on {found['platform']}" if "platform" in found else "",
        f"notebook {upstream.own.execution.notebook}" if upstream.own.execution.notebook else "",
        f"commit {commit}" if (commit := upstream.run.data.tags.get(_COMMIT)) else "",
    ]
    return [line for line in lines if line]


_COMMIT = "mlflow.source.git.commit"


def _values(pairs: Iterable[tuple[str, object]]) -> list[str]:
    return [f"{key} = {value}" for key, value in sorted(pairs)]


def _file(file: SeenFile, folder: Path | None) -> str:
    path = Path(file.path)
    shown = path.relative_to(folder) if folder and path.is_relative_to(folder) else path
    digest = f"sha256 {file.sha256}" if file.sha256 else "not read in full: no digest"
    return f"{shown}, {format_size(file.size)}, {digest}"


def _generators(upstream: Upstream) -> list[str]:
    unseeded = dict.fromkeys(name for each in upstream.executions for name in each.unseeded)
    states = (f"{name}: state {digest[:16]}… before the run's cell"
              for name, digest in sorted(upstream.seeds.items()))  # fmt: skip
    told = "drawn from, and nothing had seeded it: it goes on from the recorded state"
    return [*(f"{name}: {told}" for name in unseeded), *states]


def _unplain(upstream: Upstream) -> list[str]:
    steps = [step for step in upstream.steps if plain_python(step.source).needs_ipython]
    return [f"{step.label} uses IPython's own commands, and runs in IPython only" for step in steps]


def _unknown(upstream: Upstream) -> list[str]:
    names = unknown_modules(upstream)
    return [f"Modules of no recorded package: {', '.join(names)}"] if names else []
