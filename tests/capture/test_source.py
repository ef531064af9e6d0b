"""What is read from the text of a cell."""

from __future__ import annotations

import random
import warnings

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from nbtrack.capture.inference import inferred_metrics, inferred_params
from nbtrack.capture.naming import run_name
from nbtrack.capture.secrets import mask_secrets
from nbtrack.capture.source import CellSource, How, names_read, names_written, parse_cell
from nbtrack.capture.words import split_words


def cell(typed: str) -> CellSource:
    return parse_cell(TransformerManager().transform_cell(typed), typed)


@pytest.mark.parametrize(
    ("typed", "how"),
    [
        ("x = 0.1", How.LITERAL),
        ("x = -1", How.LITERAL),
        ("x: float = 0.1", How.LITERAL),
        ("x = [64, 64]", How.LITERAL),
        ("x = None", How.LITERAL),
        ("w, x = 1, 2", How.LITERAL),
        ("x = y = 3", How.LITERAL),
        ("x = ...", How.OTHER),
        ("x = 2 * 32", How.OTHER),
        ("x = {[]: 1}", How.OTHER),
        ("x = f'{y}'", How.OTHER),
        ("x = fit(X)", How.CALL),
        ("x = await fit(X)", How.CALL),
        ("x = 1 - accuracy_score(a, b)", How.CALL),
        ("loss, x = model.evaluate(X, y)", How.CALL),
        ("import x", How.OTHER),
        ("from m import y as x", How.OTHER),
        ("def x(): pass", How.OTHER),
        ("print(x := 3)", How.OTHER),
        ("with open(f) as x: pass", How.OTHER),
    ],
)
def test_a_name_bound_once_knows_how(typed: str, how: How) -> None:
    """A binding is a literal, the result of a call, or something else."""
    binding = cell(typed).bindings["x"]

    assert (binding.how, binding.once) == (how, True)


@pytest.mark.parametrize(
    "more",
    [
        "x = 2",
        "x += 1",
        "del x",
        "for x in range(3): pass",
        "if big:\n    x = 2",
        "while True:\n    x = 2",
        "try:\n    x = 2\nexcept E: pass",
        "try: f()\nexcept E as x: pass",
        "with f() as (x, y): pass",
        "import x",
        "[(x := i) for i in r]",
        "def f():\n    global x\n    x = 2",
        "class C:\n    global x\n    x = 2",
        "x.append(3)",
        "x[0] = 3",
        "x.a.b = 3",
        "del x[0]",
        "def f():\n    x.update(a=1)",
        "match v:\n    case [1, *x]: pass",
        "match v:\n    case {'a': 1, **x}: pass",
        "def x(): pass",
    ],
)
def test_a_name_bound_or_changed_again_is_not_bound_once(more: str) -> None:
    """Every second binding and every change in place counts."""
    assert not cell(f"x = [1]\n{more}").bindings["x"].once


@pytest.mark.parametrize(
    "more",
    [
        "def f():\n    x = 2",
        "def f(x): x.append(1)",
        "[x for x in r]",
        "f(lambda x: x + 1)",
        "class C:\n    x = 2",
        "y = x",
        "f(x=3)",
        "a.x = 3",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2",
    ],
)
def test_a_local_of_the_same_name_is_another_variable(more: str) -> None:
    """Functions, classes and comprehensions have names of their own."""
    assert cell(f"x = [1]\n{more}").bindings["x"].once


@pytest.mark.parametrize("block", ["if a:", "for i in r:", "while a:", "with a:"])
def test_a_binding_in_a_block_is_not_at_the_top(block: str) -> None:
    """What may not run, or run often, is no setting of the cell."""
    assert not cell(f"{block}\n    x = 1").bindings["x"].at_top


@pytest.mark.parametrize(
    ("typed", "reads"),
    [
        ("y = x + 1", {"x"}),
        ("x = 1\ny = x", set()),
        ("x += 1", {"x"}),
        ("if a:\n    x = 1\nf(x)", {"a", "f", "x"}),
        ("def f():\n    return x + y\ny = 1", {"x"}),
        ("[i * k for i in data if i]", {"k", "data"}),
        ("df['a'] = z", {"df", "z"}),
        ("def f(a, b=c): return a", {"c"}),
        ("for i in r:\n    i", {"r"}),
        ("import numpy as np\nnp.mean(x)", {"x"}),
        ("class A(B):\n    v = w\n    def m(self): return v", {"B", "w", "v"}),
        ("try:\n    f()\nexcept E as e:\n    e", {"f", "E"}),
        ("lambda a: a + b", {"b"}),
    ],
)
def test_names_read_are_those_from_before_the_cell(typed: str, reads: set[str]) -> None:
    """A name is read when the cell may use it before giving it a value itself."""
    assert names_read(cell(typed)) == reads


def test_names_written_are_bound_changed_or_deleted() -> None:
    """Writing is binding, changing in place and deleting."""
    typed = "a = 1\nb.append(2)\ndel c\nd['x'] = 1\nfrom m import *\nimport e.f"

    assert names_written(cell(typed)) == {"a", "b", "c", "d", "e"}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("accuracy_score(y, p)", "accuracy_score"),
        ("metrics.accuracy_score(y, p)", "accuracy_score"),
        ("model.score(X, y)", "score"),
        ("round(accuracy_score(y, p), 3)", "accuracy_score"),
        ("float(loss.detach().cpu())", "loss"),
        ("acc", "acc"),
        ("search.best_score_", "best_score_"),
        ("history.history['val_loss'][-1]", "val_loss"),
        ("df.loc[0, 'auc']", "auc"),
        ("cross_val_score(m, X, y).mean()", "cross_val_score.mean"),
        ("np.mean(scores)", "scores.mean"),
        ("(acc := f(x))", "acc"),
        ("await evaluate()", "evaluate"),
        ("1  -  acc", "1 - acc"),
        ("round(right / total, 2)", "right / total"),
        ("build()(x)", "build"),
        ("42", None),
        ("-1", None),
        ("x = 3", None),
        ("%matplotlib inline", None),
        ("!ls", None),
        ("", None),
    ],
)
def test_the_last_value_is_called_by_its_expression(typed: str, key: str | None) -> None:
    """The key is the function, attribute, item or variable; else the expression itself."""
    assert cell(typed).last_key == key


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%time\n%%capture"])
def test_cells_under_time_and_capture_are_read(magic: str) -> None:
    """These magics run their cell in the notebook, so its names count."""
    source = cell(f"{magic}\n%track depth=3\nlr = 0.1\n!ls\nmodel.score(X, y)")

    assert source.bindings["lr"].literal == 0.1
    assert source.last_key == "score"


@pytest.mark.parametrize("magic", ["%%bash", "%%timeit", "%%writefile a.py"])
def test_cells_of_other_magics_bind_nothing(magic: str) -> None:
    """A cell in another language, or run in a function, leaves no names behind."""
    assert not names_written(cell(f"{magic}\nlr = 0.1"))


@pytest.mark.parametrize(
    "typed", ["def f(:", "x = (", "\0", "x = 1 +", "'", "%%", "(" * 300, "1" + "+1" * 20_000, "\\"]
)
def test_a_cell_that_cannot_be_read_gives_nothing(typed: str) -> None:
    """No text raises; what does not parse is empty."""
    assert parse_cell(typed, typed) == CellSource(typed=typed)


def test_reading_a_cell_warns_of_nothing() -> None:
    """The cell's own warnings come once, from Python, not a second time from here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_cell("x = '\\d' if 1or 2 else 3\ny = '\\d'", "").bindings["y"].literal == "\\d"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("val_rocAUC", ["val", "roc", "auc"]),
        ("F1Score", ["f1", "score"]),
        ("r2_score", ["r2", "score"]),
        ("APIKey", ["api", "key"]),
        ("X-Auth-Token", ["x", "auth", "token"]),
        ("größe_key", ["größe", "key"]),
        ("__", []),
    ],
)
def test_names_split_into_words(name: str, words: list[str]) -> None:
    """Words end at an underscore, at a sign and at a capital."""
    assert split_words(name) == words


PIECES = [
    *"()[]{}:=,.'\"\\\n\t#%!?@*+-$&|~é€\0\r\x0c",
    *[
        "    ",
        '"""',
        "'''",
        "lr = 0.1",
        "password = 'x'",
        "%env KEY=v",
        "!ls",
        "%%time\n",
        "f'{a}'",
    ],
    *["def f(", "lambda ", "if x:", "for i in", "await ", "x.append(1)", "class A:", "token", "=="],
    *["match x:\n case ", "import ", "global x", "λ", "\ud800", "0x", "1e999", "try:\n", "yield"],
]


def test_no_text_makes_the_reading_of_a_cell_fail() -> None:
    """Whatever stands in a cell: it is read, masked and named without an error."""
    source_of_chance = random.Random(7)
    for _ in range(1500):
        text = "".join(source_of_chance.choices(PIECES, k=source_of_chance.randint(1, 25)))
        source = parse_cell(text, text)
        inferred_params(source, {"lr": 0.1})
        inferred_metrics(source, {"x": 1.0}, 0.5)
        assert len(run_name(source, params={}, execution_count=1)) <= 60
        assert mask_secrets(text).count("\n") == text.count("\n")
