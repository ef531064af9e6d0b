"""Other projects' examples as notebooks: how many tracked cells can be had again, at what cost.

    python -m tests.benchmarks.gallery --cache FOLDER [--of statsmodels] [--scripts 60]
        [--minutes 30] [--plain [TIMES]] [--unjudged] [--values]

Each of scikit-learn's gallery, or of statsmodels' notebooks, runs cell by cell in a kernel with
`%%track` over the cells that fit or score; then each of its runs is reproduced in a kernel of its
own. With --values each tracked cell logs a digest of what it bound, too. With --plain it also runs
without nbtrack, with nbtrack loaded but nothing tracked, and with cells tracked, TIMES times each:
what these take, and show, is compared.
"""

from __future__ import annotations

import argparse
import queue
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.errors import NotCaptured
from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.upstream import upstream_of
from tests.benchmarks.with_and_without import Costs
from tests.support.gallery import cells_of, offline_notebooks, offline_scripts, telling, tracked
from tests.support.kernel import TIMEOUT, Kernel
from tests.support.source_packages import examples_of

FEWEST_CELLS = 3  # of one cell there is nothing to leave out
MOST_CHARACTERS = 12_000  # the longer ones train for minutes


@dataclass
class Tally:
    scripts: int = 0
    cells: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kept: int = 0  # cells of all slices
    before: int = 0  # cells up to each target
    whole: int = 0  # cells of the notebook, once for each target
    warned: Counter[str] = field(default_factory=Counter)
    costs: Costs = field(default_factory=Costs)

    def lines(self) -> list[str]:
        runs = sum(self.outcomes.values())
        exact = self.outcomes["exactly"]
        return [
            f"{self.scripts} scripts, {self.cells} cells, {runs} tracked runs",
            f"reproduced exactly: {exact} of {runs} ({exact / max(runs, 1):.1%}); "
            f"others: {dict(self.outcomes - Counter(exactly=exact))}",
            f"kept cells: {self.kept} of {self.before} up to the target "
            f"({self.kept / max(self.before, 1):.1%}), of {self.whole} in all "
            f"({self.kept / max(self.whole, 1):.1%})",
            f"warnings: {dict(self.warned)}",
            *self.costs.lines(),
        ]


def main() -> None:
    arguments = _arguments()
    scripts = [each for each in _scripts(arguments) if _is_taken(each)]
    end = time.monotonic() + arguments.minutes * 60
    tally = Tally()
    for script in scripts[arguments.skip :: arguments.every][: arguments.scripts]:
        if time.monotonic() > end:
            break
        try:
            told = _measure(script, tally, arguments)
        except queue.Empty:
            told = f"a cell takes more than {TIMEOUT} s"
        except Exception as exc:  # noqa: BLE001 - one script must not cost the others
            told = f"{type(exc).__name__}: {exc}"[:200]
        print(f"{script.name}: {told}", flush=True)
    print("", *tally.lines(), sep="\n", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--of", choices=["scikit-learn", "statsmodels"], default="scikit-learn")
    parser.add_argument("--scripts", type=int, default=60)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="take each so-manieth")
    parser.add_argument("--only", default="", help="words in the names of scripts")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--plain", type=int, nargs="?", const=3, default=0)
    parser.add_argument("--values", action="store_true")
    parser.add_argument("--unjudged", action="store_true")
    return parser.parse_args()


def _scripts(arguments: argparse.Namespace) -> list[Path]:
    examples = examples_of(arguments.of, Path(arguments.cache))
    list_offline = offline_notebooks if arguments.of == "statsmodels" else offline_scripts
    words = arguments.only.split(",")
    return [each for each in list_offline(examples) if any(word in each.name for word in words)]


def _is_taken(script: Path) -> bool:
    cells = cells_of(script)
    is_short = sum(map(len, cells)) < MOST_CHARACTERS
    return is_short and len(cells) >= FEWEST_CELLS and tracked(cells) != cells


def _measure(script: Path, tally: Tally, arguments: argparse.Namespace) -> str:
    cells = cells_of(script)
    told = [f"{len(cells)} cells"]
    if not arguments.unjudged:
        told.append(_run_and_judge(cells, tally, tells=arguments.values))
    if arguments.plain:
        told.append(tally.costs.add(script.stem, cells, times=arguments.plain))
    tally.scripts += 1
    tally.cells += len(cells)
    return ", ".join(told)


def _run_and_judge(cells: list[str], tally: Tally, *, tells: bool) -> str:
    with tempfile.TemporaryDirectory() as place:
        kernel = Kernel(Path(place))
        try:
            typed = map(telling, tracked(cells)) if tells else tracked(cells)
            failed = [cell for cell in typed if kernel.run(cell).status != "ok"]
            return (f"{len(failed)} fail by themselves; " if failed else "") + _judge(
                kernel, tally, len(cells)
            )
        finally:
            kernel.close()


def _judge(kernel: Kernel, tally: Tally, cells: int) -> str:
    told = []
    for run in kernel.runs():
        if run.data.tags.keys() & {"mlflow.parentRunId", "nbtrack.reproduces"}:
            continue
        warnings = _warnings(run.data.tags)
        tally.warned.update(warnings.keys())
        told += [f"WARNED {kind}: {sentence}" for kind, sentence in warnings.items()]
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


def _warnings(tags: dict[str, str]) -> dict[str, str]:
    """The sentences, by kind."""
    prefix = "nbtrack.warning."
    return {key.removeprefix(prefix): tags[key] for key in tags if key.startswith(prefix)}


if __name__ == "__main__":
    main()
