"""Of any program, the slice alone gives what all of it gave."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.provenance.run_cells import UNTOLD, Ran, run_notebooks

PROGRAMS, CELLS = 12, 14
NAMES = ("a", "b", "c", "d")
START = "a, b, c, d = [3, 1], [2], [], {'k': [5]}\nn = 0\nout = []"
STATEMENTS = (
    "{x} = [{i}, n]",
    "{x} = {y}",
    "{x} = list({y})",
    "{x} = [{y}, {i}]",
    "{x}.append({i})",
    "{x}.append({y}[:1])",
    "{x} += [{i}]",
    "{x}, {y} = {y}, {x}",
    "{x}[0].append({i})",
    "{x}[-1:] = {y}",
    "d = {{'k': {x}, 'n': n}}",
    "d['k'].append({i})",
    "n += {i}",
    "n = len(repr({x}))",
    "if n % 2: {x} = [n]",
    "for i in {x}[:2]: n += i if type(i) is int else 1",
    "def f(v):\n    v.append({i})\n    return [v, n]",
    "{x} = f({y})",
    "f({x})",
    "def g():\n    global n\n    n += len({x})\n    {y}.append(n)",
    "g()",
    "h = lambda v={x}: v.append(n)",
    "h()",
    "class C:\n    w = {x}\n    def go(self):\n        self.w.append(f({y}))",
    "o = C()",
    "o.go()",
    "o.w = [{i}]",
    "{x} = o.w",
    "it = iter({x})",
    "{x} = [next(it)]",
    "gen = (v for v in {x})",
    "n = len(repr(next(gen)))",
    "del {x}",
    "{x} = [v for v in {y} if v != n]",
    "exec('{x} = [{i}]')",
    "globals()['{x}'] = {y}",
    "out.append(repr({x}))",
    "{x}.clear()",
    "1 / 0; {x} = 1",
    "n = {i}\n{x} = n / 0",
    "s = {{n, {i}}}",
    "s.add({i})",
)


def program(seed: int) -> list[str]:
    chance = random.Random(seed)
    cells = [START]
    for _ in range(CELLS):
        cell = [_statement(chance) for _ in range(chance.choice((1, 1, 2)))]
        cells.append("\n".join(cell))
    return [*cells, f"r = repr(({chance.choice(NAMES)}, n))"]


def _statement(chance: random.Random) -> str:
    x, y = chance.sample(NAMES[:3], 2)
    return chance.choice(STATEMENTS).format(x=x, y=y, i=chance.randrange(9))


def run_alone(cells: list[str], numbers: set[int]) -> str:
    """In a fresh namespace; cells that fail, fail here as they did there."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number in sorted(numbers):
        try:
            exec(cells[number], namespace)
        except Exception:  # noqa: BLE001 - programs of chance fail in any way
            continue
    return repr(namespace.get("r"))


@pytest.fixture(scope="module")
def ran() -> list[Ran]:
    return run_notebooks([program(seed) for seed in range(PROGRAMS)], **{UNTOLD: "1"})


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_slice_alone_gives_the_same(ran: list[Ran], seed: int) -> None:
    cells = program(seed)
    expected = run_alone(cells, set(range(len(cells))))
    if expected != repr(None):  # it did not fail
        assert run_alone(cells, ran[seed].slice) == expected, sorted(ran[seed].slice)


def test_programs_get_to_their_end(ran: list[Ran]) -> None:
    """Most of them; and slices are shorter than programs."""
    ended = [seed for seed in range(PROGRAMS) if ran[seed].value not in (None, "NameError")]
    kept = [len(ran[seed].slice) for seed in ended]

    assert len(ended) > PROGRAMS / 2
    assert sum(kept) / len(kept) < CELLS
