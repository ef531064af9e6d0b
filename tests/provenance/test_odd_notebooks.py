"""Whatever cells are made of: the slice is right or says what it does not know, and none of the
user's code is called."""

from __future__ import annotations

import pytest

from tests.provenance.run_cells import LOAD, Ran, run_notebooks

HOSTILE = """
calls = []
def note(*args, **named):
    calls.append(args)
    raise RuntimeError("called")
NAMES = ("eq ne lt hash len bool repr str getattr getattribute iter next contains getitem format"
         " index int float call dir sizeof reduce reduce_ex copy deepcopy get set_name").split()
OWN = {f"__{name}__": note for name in NAMES} | {"__class__": property(note)}
Meta = type("Meta", (type,), {"__eq__": note, "__hash__": note, "__getattribute__": note})
Hostile = type("Hostile", (), OWN | {"__dict__": property(note), "value": property(note)})
Held = type("Held", (dict,), OWN)
Listed = type("Listed", (list,), OWN)
Odd = type.__call__(Meta, "Odd", (), {})
objects = [object.__new__(Hostile), dict.__new__(Held), list.__new__(Listed), object.__new__(Odd)]
key = object.__new__(type("Key", (), {n: note for n in ("__eq__",)} | {"__hash__": lambda s: 1}))
table = {key: objects}
one, two, three, four = objects
"""
HOSTILE_LIBRARIES = """
import numpy as np, pandas as pd
calls = []
def noted(base, name):
    return lambda *given, **named: calls.append(name) or getattr(base, name)(*given, **named)
def told(base, name):
    return property(lambda self: calls.append(name) or getattr(base, name).__get__(self))
class Frame(pd.DataFrame):
    __getattribute__ = noted(pd.DataFrame, "__getattribute__")
class Format:
    __repr__ = noted(object, "__repr__")
    __call__ = str
Random = np.random.RandomState
State = type("State", (Random,), {"get_state": noted(Random, "get_state")})
Bits = type("Bits", (np.random.PCG64,), {"state": told(np.random.PCG64, "state")})
ARRAYS = ("dtype", "size", "base", "flags")
Array = type("Array", (np.ndarray,), {n: told(np.ndarray, n) for n in ARRAYS})
array, frame, state = np.ndarray.__new__(Array, (4,), float), Frame({"a": [1]}), State(0)
bits = Bits(0)
generator = np.random.Generator(bits)
pd.options.display.float_format = Format()
np.set_printoptions(formatter={"int": Format()})
calls.clear()
"""
USED_LIBRARIES = "n = (id(array), id(frame), id(state), id(bits), id(generator))"

USED = "n = (id(one), id(two), id(three), id(four), id(table))\nfor each in (1,): objects"

NOTEBOOKS: dict[str, list[str]] = {
    "hostile": [HOSTILE, USED, USED, "del one", "r = len(calls)"],
    "hostile libraries": [HOSTILE_LIBRARIES, USED_LIBRARIES, USED_LIBRARIES, "r = len(calls)"],
    "let go of": [
        "import weakref\nclass Big: pass\ndef g():\n    big = Big(); w = weakref.ref(big)\n"
        "    yield w\n    del big\n    yield w\ng = g()",
        "w = next(g)",
        "_ = next(g)\nr = w()",
    ],
    "generator of text": [
        "def g():\n    s = ''\n    while True:\n        s += 'a'; yield s\ng = g()",
        "next(g)",
        "next(g)",
        "r = next(g)",
    ],
    "folder that is gone": [
        "import os\nos.mkdir('d'); os.chdir('d'); os.rmdir(os.getcwd())",
        "import contextlib, io\nwith contextlib.redirect_stderr(io.StringIO()) as told:\n"
        "    try: open('rel.txt')\n    except FileNotFoundError: pass",
        "r = told.getvalue()",
    ],
    "syntax error": ["x = 1", "x = = 2", "r = x"],
    "return at the top": ["x = 1", "x = 2\nreturn", "r = x"],
    "failing": ["l = [1]", "l.append(2)\n1 / 0", "r = l"],
    "interrupted": ["l = [1]", "l.append(2)\nraise KeyboardInterrupt", "r = l"],
    "exit": ["l = [1]", "l.append(2)\nraise SystemExit", "r = l"],
    "capture": ["x = 1", "%%capture\nprint(x)\ny = x + 1", "r = y"],
    "inner": ["x = 1", "get_ipython().run_cell('y = x + 1')", "r = y"],
    "bash": ["open('a.txt', 'w').write('1')", "%%bash\ncp a.txt b.txt", "r = open('b.txt').read()"],
    "writefile": [
        "%%writefile own.py\nk = 3",
        "import sys; sys.path.insert(0, '.')",
        "import own",
        "r = own.k",
    ],
    "exec": ["s = 'q = 4'", "exec(s)", "r = q"],
    "star": ["from math import *", "from cmath import *", "r = sqrt(4)"],
    "iterator": ["i = iter([1, 2, 3])", "next(i)", "k = 1", "r = next(i)"],
    "csv reader": ["import csv\nc = csv.reader(['a', 'b'])", "next(c)", "r = next(c)"],
    "open file": ["open('a', 'w').write('ab')", "f = open('a')", "f.read(1)", "r = f.read(1)"],
    "monkeypatched": [
        "from collections import Counter\nold = Counter.total",
        "Counter.total = lambda self: 7",
        "r = Counter().total()",
    ],
    "method changed": [
        "class A:\n    def go(self): return 1\na = A()",
        "A.go = lambda self: k",
        "k = 5",
        "r = a.go()",
    ],
    "thread": [
        "import threading, time\nl = []",
        "t = threading.Thread(target=lambda: (time.sleep(2), l.append(1)))\nt.start()",
        "l",
        "_ = [time.sleep(0.1) for _ in range(30)]",
        "r = len(l)",
    ],
    "loaded late": [
        "x = [1]",
        "x.append(2)",
        "def f(): return x",
        "from math import *",
        "import random",
        "random.seed(3)",
        "z = 0",
        LOAD,
        "r = (f(), sqrt(4), random.random())",
    ],
    "huge list": ["l = list(range(1_000_000))", "l[77] = 5", "r = l[77]"],
    "huge array": [
        "import numpy as np\nA = np.zeros(40_000_000, 'u1')",
        "B = np.zeros(40_000_000)",
        "def f(a): a[3] = 1",
        "f(B)",
        "r = B.sum()",
    ],
    "shuffled array": [
        "import numpy as np\nA = np.arange(1_000_000.)",
        "A[:] = A[::-1].copy()",
        "r = A[0]",
    ],
    "pickled": ["a = [1]", "import pickle\ns = pickle.dumps(a)", "a.append(2)", "r = s"],
    "module of the project": [
        "open('mine.py', 'w').write('def f(): return 3')",
        "import sys; sys.path.insert(0, '.')",
        "import mine",
        "r = mine.f()",
    ],
    "unseeded": ["import random", "random.random()", "r = random.random()"],
    "secret": ["password = 'hunter22'", "r = len(password)"],
    "stand-in": [
        "from sklearn.metrics import r2_score, top_k_accuracy_score as other",
        "from nbtrack.hooks.closure_cells import rebind, swap_wrapped\n"
        "def around(function, _, given, named): return function(*given, **named)\n"
        "undo = swap_wrapped(r2_score, around), rebind(other, around)",
        "n = r2_score([1, 2], [1, 2])",
        "r = (r2_score([1, 2], [1, 2]), other.__name__)",
    ],
}
NEEDED = {
    "hostile": {0, 4},
    "generator of text": {0, 1, 2, 3},
    "syntax error": {0, 2},
    "return at the top": {1, 2},
    "failing": {0, 1, 2},
    "interrupted": {0, 1, 2},
    "exit": {0, 1, 2},
    "capture": {0, 1, 2},
    "inner": {0, 1, 2},
    "writefile": {0, 1, 2, 3},
    "exec": {0, 1, 2},
    "star": {1, 2},
    "iterator": {0, 1, 3},
    "csv reader": {0, 1, 2},
    "open file": {0, 1, 2, 3},
    "monkeypatched": {0, 1, 2},
    "method changed": {0, 1, 2, 3},
    "thread": {0, 1, 4},
    "loaded late": {0, 1, 2, 3, 4, 5, 8},
    "huge list": {0, 1, 2},
    "huge array": {1, 2, 3, 4},
    "shuffled array": {0, 1, 2},
    "pickled": {0, 1, 3},
    "module of the project": {0, 1, 2, 3},
    "unseeded": {0, 2},
    "secret": {0, 1},
}
# Sentences that the record of one of the cells must hold.
GAPS = {
    "thread": "thread",
    "loaded late": "before nbtrack was loaded",
    "bash": "started a process",
    "syntax error": "not Python",
    "exec": "does not spell",
    "huge list": "Not looked at in full: l",
    "huge array": "Not looked at in full: B",
    "secret": "secret",
}


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return dict(zip(NOTEBOOKS, run_notebooks(list(NOTEBOOKS.values()))))


@pytest.mark.parametrize("name", NEEDED)
def test_nothing_needed_is_missed(ran: dict[str, Ran], name: str) -> None:
    """And at most one cell too many."""
    kept = ran[name].slice

    assert kept >= NEEDED[name]
    assert len(kept - NEEDED[name]) <= 1


@pytest.mark.parametrize("name", GAPS)
def test_what_is_not_captured_is_said(ran: dict[str, Ran], name: str) -> None:
    assert GAPS[name] in ran[name].gaps


def test_what_nbtrack_puts_around_functions_is_no_change(ran: dict[str, Ran]) -> None:
    """By whichever name they are called: else all that measures needs the cell that it began in."""
    assert ran["stand-in"].slice == {0, 3}


def test_no_code_of_the_users_is_called(ran: dict[str, Ran]) -> None:
    assert ran["hostile"].value == "0"
    assert [each.status for each in ran["hostile"].executions] == ["ok"] * 5


def test_no_code_that_replaces_a_librarys_is_called(ran: dict[str, Ran]) -> None:
    assert ran["hostile libraries"].value == "0"
    assert [each.status for each in ran["hostile libraries"].executions] == ["ok"] * 4


def test_what_a_generator_lets_go_of_is_gone(ran: dict[str, Ran]) -> None:
    assert ran["let go of"].value == "None"


def test_a_folder_that_is_gone_costs_no_note(ran: dict[str, Ran]) -> None:
    assert ran["folder that is gone"].value == "''"


def test_a_generator_that_nothing_seeded(ran: dict[str, Ran]) -> None:
    last = ran["unseeded"].executions[-1]

    assert (last.draws, last.unseeded) == (("random",), ("random",))
    assert ran["loaded late"].executions[-1].unseeded == ()


def test_a_generator_that_is_seeded_as_its_library_is_imported() -> None:
    """By a function that seeds them all, as Keras's and transformers' do."""
    pytest.importorskip("torch")
    code = "def set_random_seed(n):\n    import torch\n    torch.manual_seed(n)"
    (ran,) = run_notebooks(
        [
            [
                f"import sys\nsys.path.insert(0, '.')\nopen('own.py', 'w').write({code!r})",
                "import own\nown.set_random_seed(0)",
                "import torch\nr = torch.rand(2)",
            ]
        ]
    )

    assert [each.draws for each in ran.executions] == [(), (), ("torch",)]
    assert ran.executions[-1].unseeded == ()


def test_modules_of_the_project_are_kept(ran: dict[str, Ran]) -> None:
    """With the cell that imports one and those that use it."""
    for each in ran["module of the project"].executions[2:]:
        assert "mine.py" in [file.path.rpartition("/")[2] for file in each.modules]


def test_outputs_are_those_without_a_record() -> None:
    """Byte for byte, errors and numbers of outputs among them."""
    cells = [source for name in PRINTING for source in NOTEBOOKS[name]]
    (on,) = run_notebooks([cells])
    (off,) = run_notebooks([cells], NBTRACK_PROVENANCE="0")

    assert (on.printed, on.value) == (off.printed, off.value)
    assert (len(on.executions), len(off.executions)) == (len(cells), 0)


PRINTING = ("syntax error", "failing", "exit", "capture", "iterator", "star")


def test_a_fault_of_ours_is_said_and_costs_one_cell() -> None:
    """A fault of our own in one cell: what it may have changed counts as changed."""
    broken = (
        "from nbtrack.provenance.executions import recorder\n"
        "kept = recorder.settled\nrecorder.settled = None"
    )
    cells = ["x = [1]", broken, "x.append(2)", "recorder.settled = kept", "z = 0", "r = x"]
    (ran,) = run_notebooks([cells])

    assert [each.number for each in ran.executions] == list(range(6))
    assert "not captured in full" in ran.executions[2].gaps[-1]
    assert ran.slice >= {0, 2, 5}
