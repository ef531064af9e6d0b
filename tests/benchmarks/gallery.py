"""Scikit-learn's gallery as notebooks: how many tracked cells can be had again, and at what cost.

    python -m tests.benchmarks.gallery --cache FOLDER [--scripts 60] [--minutes 30] [--plain]

Each script runs cell by cell in a kernel with `%%track` over the cells that fit or score; then
each of its runs is reproduced in a kernel of its own. With --plain it also runs without nbtrack,
and with nbtrack loaded but nothing tracked: what these two take, and show, is compared.
"""

from __future__ import annotations

import argparse
import queue
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.errors import NotCaptured
from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.upstream import upstream_of
from tests.support.gallery import cells_of, gallery, offline_scripts, tracked
from tests.support.kernel import TIMEOUT, Kernel

FEWEST_CELLS = 3  # of one cell there is nothing to leave out
MOST_CHARACTERS = 12_000  # the longer ones train for minutes
# Addresses, temporary files and folders, and times, in any kernel others.
_OF_THE_PROCESS = re.compile(r"0x[0-9a-fA-F]+|/tmp/[\w/]+|\d+\.\d+ ?(s|sec|min|seconds)\b")
_CPU = "__import__('time').process_time()"


@dataclass
class Tally:
    scripts: int = 0
    cells: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kept: int = 0  # cells of all slices
    before: int = 0  # cells up to each target
    whole: int = 0  # cells of the notebook, once for each target
    warned: Counter[str] = field(default_factory=Counter)
    plain: float = 0.0  # seconds of processor time
    loaded: float = 0.0
    unlike: int = 0  # cells that showed something else

    def lines(self) -> list[str]:
        runs = sum(self.outcomes.values())
        exact = self.outcomes["exactly"]
        lines = [
            f"{self.scripts} scripts, {self.cells} cells, {runs} tracked runs",
            f"reproduced exactly: {exact} of {runs} ({exact / max(runs, 1):.1%}); "
            f"others: {dict(self.outcomes - Counter(exactly=exact))}",
            f"kept cells: {self.kept} of {self.before} up to the target "
            f"({self.kept / max(self.before, 1):.1%}), of {self.whole} in all "
            f"({self.kept / max(self.whole, 1):.1%})",
            f"warnings: {dict(self.warned)}",
        ]
        if self.plain:
            more = self.loaded / self.plain - 1
            lines += [
                f"processor time: {self.plain:.1f} s without nbtrack, {self.loaded:.1f} s with it "
                f"loaded ({more:+.1%}); cells that showed something else: {self.unlike}"
            ]
        return lines


def main() -> None:
    arguments = _arguments()
    scripts = [s for s in offline_scripts(gallery(Path(arguments.cache))) if _is_taken(s)]
    end = time.monotonic() + arguments.minutes * 60
    tally = Tally()
    for script in scripts[arguments.skip : arguments.skip + arguments.scripts]:
        if time.monotonic() > end:
            break
        _measure(script, tally, is_plain=arguments.plain)
    print("", *tally.lines(), sep="\n", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--scripts", type=int, default=60)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--plain", action="store_true")
    return parser.parse_args()


def _is_taken(script: Path) -> bool:
    cells = cells_of(script)
    is_short = script.stat().st_size < MOST_CHARACTERS
    return is_short and len(cells) >= FEWEST_CELLS and tracked(cells) != cells


def _measure(script: Path, tally: Tally, *, is_plain: bool) -> None:
    try:
        _run_and_judge(script, tally, is_plain=is_plain)
    except queue.Empty:
        print(f"{script.name}: a cell takes more than {TIMEOUT} s", flush=True)


def _run_and_judge(script: Path, tally: Tally, *, is_plain: bool) -> None:
    cells = cells_of(script)
    with tempfile.TemporaryDirectory() as place:
        kernel = Kernel(Path(place))
        try:
            if any(kernel.run(cell).status != "ok" for cell in tracked(cells)):
                print(f"{script.name}: fails by itself", flush=True)
                return
            told = _judge(kernel, tally, len(cells))
        except Exception as exc:  # noqa: BLE001 - one script must not cost the others
            told = f"{type(exc).__name__}: {exc}"[:200]
        finally:
            kernel.close()
    tally.scripts += 1
    tally.cells += len(cells)
    if is_plain:
        _compare_loaded(cells, tally)
    print(f"{script.name}: {len(cells)} cells, {told}", flush=True)


def _judge(kernel: Kernel, tally: Tally, cells: int) -> str:
    told = []
    for run in kernel.runs():
        if run.data.tags.keys() & {"mlflow.parentRunId", "nbtrack.reproduces"}:
            continue
        tally.warned.update(_warnings(run.data.tags))
        try:
            upstream = upstream_of(kernel.store, run)
            verdict = reproduce_run(kernel.store, run, timeout=TIMEOUT * 3)
        except NotCaptured as exc:
            tally.outcomes["not captured"] += 1
            told.append(str(exc))
            continue
        tally.outcomes[str(verdict.outcome)] += 1
        tally.kept += len(upstream.steps)
        tally.whole += cells
        tally.before += upstream.own.execution.number  # the first one loads nbtrack
        told.append(
            f"{len(upstream.steps)}/{upstream.own.execution.number} {verdict.outcome}"
            if verdict.is_reproduced
            else verdict.headline
        )
    return "; ".join(told)


def _warnings(tags: dict[str, str]) -> list[str]:
    prefix = "nbtrack.warning."
    return [key.removeprefix(prefix) for key in tags if key.startswith(prefix)]


def _compare_loaded(cells: list[str], tally: Tally) -> None:
    plain, shown = _run(cells, load=False)
    loaded, shown_too = _run(cells, load=True)
    tally.plain += plain
    tally.loaded += loaded
    tally.unlike += sum(a != b for a, b in zip(shown, shown_too))


def _run(cells: list[str], *, load: bool) -> tuple[float, list[list[str]]]:
    """Seconds of processor time in the kernel, and what each cell showed, but for random draws
    that nothing seeds: both kernels begin with the same state."""
    with tempfile.TemporaryDirectory() as place:
        kernel = Kernel(Path(place), load=load)
        try:
            kernel.run("import numpy, random; numpy.random.seed(0); random.seed(0)")
            began = float(kernel.value(_CPU))
            shown = [_shown(kernel, cell) for cell in cells]
            return float(kernel.value(_CPU)) - began, shown
        finally:
            kernel.close()


def _shown(kernel: Kernel, cell: str) -> list[str]:
    """What is printed comes in pieces, whose ends are a matter of time."""
    reply = kernel.run(cell)
    printed = "".join(each["text"] for each in reply.of("stream"))
    results = [each["data"] for each in reply.of("display_data", "execute_result")]
    return [_OF_THE_PROCESS.sub("…", str(each)) for each in (printed, *results)]


if __name__ == "__main__":
    main()
