"""Changes of what no name of the notebook holds, or that an extension keeps to itself: the slice
alone gives what all of it gave."""

from __future__ import annotations

import pytest

from tests.provenance.run_cells import Ran, run_notebooks

PATCH = "def patch():\n    json.dumps = lambda value: 'mine'"
OF_LIBRARIES = {
    "a class of another metaclass": [
        "from fractions import Fraction",
        "Fraction.limit_denominator = lambda self: 4",
        "r = Fraction(1, 3).limit_denominator()",
    ],
    "a class that is imported otherwise": [
        "import fractions",
        "fractions.Fraction.limit_denominator = lambda self: 4",
        "from fractions import Fraction",
        "r = Fraction(1, 3).limit_denominator()",
    ],
    "by a function": ["import json", PATCH, "patch()", "r = json.dumps(1)"],
    "by a function that imports": [
        "def patch():\n    import json as j\n    setattr(j, 'dumps', lambda value: 'mine')",
        "patch()",
        "from json import dumps",
        "r = dumps(1)",
    ],
    "by its dictionary": [
        "import json",
        "vars(json)['dumps'] = lambda value: 'mine'",
        "r = json.dumps(1)",
    ],
    "by an update of its dictionary": [
        "import json",
        "json.__dict__.update(dumps=lambda value: 'mine')",
        "r = json.dumps(1)",
    ],
    "a mock": [
        "import json\nfrom unittest.mock import patch",
        "_ = patch('json.dumps', lambda value: 'mine').start()",
        "r = json.dumps(1)",
    ],
    "one of two mocks is stopped": [
        "import json\nfrom unittest.mock import patch",
        "_ = patch('json.dumps', lambda value: 'mine').start()",
        "other = patch('json.loads'); _ = other.start()",
        "other.stop()",
        "r = json.dumps(1), json.loads('3')",
    ],
    "a module made by hand": [
        "import sys, types",
        "made = types.ModuleType('made_up'); made.x = 3; sys.modules['made_up'] = made",
        "import made_up\nr = made_up.x",
    ],
    "decimal": [
        "from decimal import Decimal, getcontext",
        "getcontext().prec = 3",
        "r = Decimal(1) / 3",
    ],
    "recursion": ["import sys", "sys.setrecursionlimit(5000)", "r = sys.getrecursionlimit()"],
    "warnings": [
        "import warnings\nimport numpy as np",
        "warnings.simplefilter('error')",
        "try:\n    r = float(np.float64(1) / 0)\nexcept RuntimeWarning:\n    r = 'raised'",
    ],
    "matplotlib": [
        "import matplotlib.pyplot as plt",
        "plt.rcParams['lines.linewidth'] = 7",
        "r = plt.rcParams['lines.linewidth']",
    ],
}
OF_EXTENSIONS = {
    "array": ["import array\na = array.array('i', [1, 2]); b = a", "b.append(5)", "r = a[-1]"],
    "context variable": [
        "from contextvars import ContextVar\nv = ContextVar('v')",
        "_ = v.set(3)",
        "r = v.get()",
    ],
    "thread's own": ["import threading\nt = threading.local()", "t.x = 1", "r = t.x"],
    "namespace": ["import types\nn = types.SimpleNamespace()", "n.x = 3", "r = n.x"],
    "mask": [
        "import numpy as np\na = np.ma.array([1, 2, 3]); b = a",
        "b[1] = np.ma.masked",
        "r = int(a.sum())",
    ],
    "name of an index": [
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]}); i = df.index",
        "i.name = 'q'",
        "r = df.index.name",
    ],
    "names of levels": [
        "import pandas as pd\ndf = pd.DataFrame({'a': [1], 'b': [2]}).set_index(['a', 'b'])",
        "df.index.names = ['x', 'y']",
        "r = list(df.index.names)",
    ],
    "attributes of a frame": [
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})",
        "df.attrs['unit'] = 'm'",
        "r = df.attrs",
    ],
}
STATE = "state = []\nn = 0\n"
ADD = "def add():\n    global n\n    n += 1\n    state.append(n)\n"
OWN = "class Own:\n    made = 0\n    def __init__(self): Own.made += 1\n"
HELPERS = f"""import sys; sys.path.insert(0, '.')
_ = open('helpers.py', 'w').write({STATE + ADD + OWN!r} + 'def get(): return n, list(state)')"""
OF_PROJECT = {
    "state of a module": [HELPERS, "import helpers", "helpers.add()", "r = helpers.state"],
    "state behind functions": [HELPERS, "from helpers import add, get", "add()", "r = get()"],
    "of a class": [HELPERS, "from helpers import Own", "own = Own()", "r = Own.made"],
}
OF_OBJECTS = {
    "another class": [
        "class A: v = 1\nclass B: v = 2\na = A()",
        "a.__class__ = B",
        "r = a.v",
    ],
    "an order": [
        "from collections import OrderedDict\nd = OrderedDict(a=1, b=2)",
        "d.move_to_end('a')",
        "r = list(d)",
    ],
    "memory": ["import ctypes\nb = (ctypes.c_int * 3)()", "b[1] = 4", "r = list(b)"],
    "a subclass by decree": [
        "from abc import ABC\nclass A(ABC): pass",
        "_ = A.register(int)",
        "r = isinstance(1, A)",
    ],
    "a level": [
        "import logging",
        "logging.getLogger('own').setLevel(10)",
        "r = logging.getLogger('own').level",
    ],
}
OF_DATABASES = {
    "connection": [
        "import sqlite3\nc = sqlite3.connect(':memory:')",
        "_ = c.execute('create table t (a)')",
        "_ = c.execute('insert into t values (4)')",
        "r = c.execute('select * from t').fetchall()",
    ],
    "cursor": [
        "import sqlite3\nc = sqlite3.connect(':memory:'); u = c.cursor()",
        "_ = u.execute('create table t (a)')",
        "r = c.execute('select * from t').fetchall()",
    ],
    "of a module": [
        "import duckdb",
        "_ = duckdb.sql('create table t as select 4 a')",
        "r = duckdb.sql('select * from t').fetchall()",
    ],
    "a file that is asked for": [
        "import os",
        "open('flag', 'w').close()",
        "k = 1",
        "r = os.path.exists('flag')",
    ],
}
FLAG = "open('flag', 'w').close()"
OF_FILES = {
    "by a path": ["from pathlib import Path\np = Path('flag')", FLAG, "k = 1", "r = p.exists()"],
    "by a path made there": ["from pathlib import Path", FLAG, "r = Path('flag').is_file()"],
    "by an attribute": [
        "from pathlib import Path\nclass A: p = Path('flag')",
        FLAG,
        "r = A().p.exists()",
    ],
    "by many paths": [
        "from pathlib import Path\nps = [Path('flag')]; p = 3",
        FLAG,
        "r = [p.exists() for p in ps]",
    ],
    "by a name": ["from os.path import exists", FLAG, "r = exists('flag')"],
    "given on": ["import os", FLAG, "r = list(map(os.path.isfile, ['flag']))"],
    "by a function": [
        "import os\ndef there(): return os.stat('flag').st_size",
        FLAG,
        "r = there()",
    ],
    "by a function that imports": [
        "def there():\n    from os.path import exists\n    return exists('flag')",
        FLAG,
        "r = there()",
    ],
    "by a function that is given a path": [
        "from pathlib import Path\ndef there(path): return path.exists()",
        FLAG,
        "r = there(Path('flag'))",
    ],
}
OF_MODULE = {
    "dunder": ["__version__ = '1'", "k = 1", "r = __version__"],
    "through the module": [
        "ab = 6",
        "import __main__",
        "setattr(__main__, 'a' + 'b', 7)",
        "r = ab",
    ],
}
NOTEBOOKS = (
    OF_LIBRARIES | OF_EXTENSIONS | OF_DATABASES | OF_PROJECT | OF_OBJECTS | OF_MODULE | OF_FILES
)
IN_VAIN = {
    "words of others": [
        "class R:\n    stat = 3\n    def exists(self): return True\nresult = R()",
        FLAG,
        "r = result.stat, result.exists()",
    ],
    "words of others in a function": [
        "class R: stat = 3\nresult = R()\ndef of(x): return x.stat, result.stat",
        FLAG,
        "r = of(result)",
    ],
    "calls": [
        "from numpy import exp, dot, dtype\nkind = dtype('i4')",
        "x = exp(1), dot(1, 2), str(kind)",
        "r = float(exp(dot(0, 1))), kind.itemsize",
    ],
    "warnings that are not shown": [
        "import math\nimport warnings",
        "warnings.simplefilter('ignore')",
        "r = math.sqrt(4)",
    ],
    "trees": [
        "from sklearn.tree import DecisionTreeClassifier\n"
        "model = DecisionTreeClassifier(random_state=0).fit([[0], [1]], [0, 1])",
        "p = model.predict([[1]])",
        "r = model.predict([[0]]).tolist()",
    ],
}


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return dict(zip(NOTEBOOKS, run_notebooks(list(NOTEBOOKS.values()))))


def test_slices_alone_give_the_same(ran: dict[str, Ran]) -> None:
    slices = [[NOTEBOOKS[name][at] for at in sorted(each.slice)] for name, each in ran.items()]
    alone = dict(zip(ran, (each.value for each in run_notebooks(slices))))

    assert alone == {name: each.value for name, each in ran.items()}


def test_what_is_only_used_is_no_change() -> None:
    """A ufunc, a type of numbers, the tree in a model; and words that others have for files."""
    found = dict(zip(IN_VAIN, run_notebooks(list(IN_VAIN.values()))))

    assert {name: each.slice for name, each in found.items()} == {key: {0, 2} for key in IN_VAIN}


def test_names_read_off_the_module_are_said_not_to_be_captured() -> None:
    (ran,) = run_notebooks([["ab = 6", "import __main__ as m", "r = getattr(m, 'a' + 'b')"]])

    assert "reads the notebook as a module" in ran.gaps
