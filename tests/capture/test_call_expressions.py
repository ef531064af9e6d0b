"""The source of a running call is known wherever Python has the source, and never guessed."""

from __future__ import annotations

import doctest
import linecache
import sys
from functools import partial

import pytest
from IPython.core.interactiveshell import InteractiveShell

from nbtrack.capture.argument_names import ArgumentName, Parameter, argument_name
from nbtrack.capture.call_expressions import call_of
from nbtrack.capture.readable_names import readable_name


def texts(*args, **kwargs):
    return dict(call_of(sys._getframe(1)).arguments)


class Model:
    def predict(self, X, **options):
        return argument_name(sys._getframe(1), X, Parameter("predict", 0, "X"))


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # a shell takes it
    made = InteractiveShell()
    made.user_ns["texts"] = texts
    return made


def run_as_file(source, path, **names):
    """Execute *source* as Python does a script that lies at *path*."""
    path.write_text(source)
    exec(compile(source, str(path), "exec"), names)
    return names


def test_arguments_are_found_by_position_and_keyword():
    """Each argument has its text as typed."""
    y, p = [1], [2, 3]

    found = texts(y, p[:1], weight=len(y) + 1)  # pytest 8.3 takes the places of calls in assert

    assert found == {0: "y", 1: "p[:1]", "weight": "len(y) + 1"}


def test_a_call_over_several_lines_is_one_line_of_text():
    """Line ends inside of an argument become spaces."""
    X = 1

    found = texts(
        X
        + 1,
        name="ä, ö",
    )  # fmt: skip

    assert found == {0: "X + 1", "name": '"ä, ö"'}


def test_each_call_of_a_line_has_its_own_text():
    """Two calls on one line, and a call inside of another, are told apart."""
    a, b, c = 1, 2, 3

    found = [texts(a), texts(b), texts(texts(c), b)]

    assert found == [{0: "a"}, {0: "b"}, {0: "texts(c)", 1: "b"}]


def test_after_a_starred_argument_positions_are_unknown():
    """How many values `*args` holds is not in the text."""
    first, rest, last = 1, [2], 3

    found = texts(first, *rest, last, **{"k": 1})

    assert found == {0: "first"}


def test_code_without_source_has_no_texts():
    """`exec` of a string leaves nothing to read."""
    names = {"texts": texts}
    exec("found = texts(found_nowhere := 1)", names)

    assert names["found"] == {}


def test_a_file_changed_since_its_import_gives_nothing_wrong(tmp_path):
    """Text that is no call any more is not taken for one."""
    path = tmp_path / "script.py"
    source = "def late():\n    return texts(value)\nvalue = 1\n"
    names = run_as_file(source, path, texts=texts)
    path.write_text("#\n#\n")
    linecache.checkcache(str(path))

    assert names["late"]() == {}


def test_a_notebook_cell_has_its_text(shell):
    """IPython gives its cells to linecache, also with magics in them."""
    shell.run_cell("X_test = 1\n%pwd\nfound = texts(X_test, k=X_test * 2)")

    assert shell.user_ns["found"] == {0: "X_test", "k": "X_test * 2"}


def test_a_doctest_has_its_text(capsys):
    """Examples in documentation are lines like others."""
    example = ">>> X = 1\n>>> texts(X)\n{0: 'X'}\n"
    test = doctest.DocTestParser().get_doctest(example, {"texts": texts}, "example", None, 0)

    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_callee_is_named():
    """So a reader can see that the text is of another call: `map` here."""
    functions = list(map(lambda _: call_of(sys._getframe(1)).function, [1]))

    assert functions == ["list"]


def test_cells_with_equal_code_are_not_mixed_up(shell):
    """Two code objects that compare equal may stand in different texts."""
    shell.run_cell("X = 1; a = texts(X)")
    shell.run_cell("X = 1; a = texts( X )")

    assert shell.user_ns["a"] == {0: "X"}


def test_code_that_takes_the_place_of_other_code_has_its_own_text(tmp_path):
    """A code object may get the address of one that is gone."""
    for number in range(50):
        names = {"texts": texts, f"x{number}": 1}
        run_as_file(f"found = texts(x{number})", tmp_path / f"{number}.py", **names)
        found = run_as_file(f"found = texts(x{number})", tmp_path / f"{number}.py", **names)

        assert found["found"] == {0: f"x{number}"}


# --- names


def test_a_variable_is_its_own_name():
    """The plain case."""
    X_test = [1]

    assert Model().predict(X_test) == ArgumentName("X_test", is_variable=True)
    assert Model().predict(X=X_test) == ArgumentName("X_test", is_variable=True)


def test_in_a_helper_function_the_name_is_the_callers():
    """As in MLflow: `evaluate(model, X_test)` measures X_test, whatever the helper calls it."""

    def evaluate(model, X, *, times=1):
        return inner(X, model=model)

    def inner(data, **options):
        return options["model"].predict(data)

    X_test, model = [1], Model()

    doubled = evaluate(model, X_test * 2)

    assert evaluate(model, X_test).name == "X_test"
    assert partial(evaluate, model)(X_test).name == "X_test"
    assert doubled.name == "X_test_times_2"


def test_without_text_a_variable_that_holds_the_value_is_found():
    """`map` and `exec` have no text of the call, but the namespace has the object."""
    X_test = [1]
    names = {"X_hidden": X_test, "model": Model()}
    exec("found = model.predict(X_hidden)", names)

    assert next(map(Model().predict, [X_test])).name == "X_test"
    assert names["found"].name == "X_hidden"


def test_a_value_without_any_name_has_none():
    """A literal is called nothing."""
    assert Model().predict([[1, 2]]) is None
    hidden = {"@py_assert1": [1], "model": Model()}
    exec("found = model.predict(*[globals()['@py_assert1']])", hidden)
    assert hidden["found"] is None  # what pytest calls a part of an assert


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("X_test[:50]", "X_test_:50"),
        ("X[10:-5]", "X_10:minus_5"),
        ("X_test.values", "X_test.values"),
        ("df[['age', 'sex']]", "df_age_sex"),
        ("df['a/b-c']", "df_a_b_c"),
        ("X[y != 1]", "X_y_ne_1"),
        ("X[~mask]", "X_not_mask"),
        ("scaler.transform(X_test)", "scaler.transform_X_test"),
        ("X / 255", "X_over_255"),
        ("pd.read_sql('select 1', 'postgres://me:pw@host')", "pd.read_sql"),
        ("{'a': X}", None),
        ("[1, 2]", None),
        ("X +", None),
        ("X[:, None]", "X"),
    ],
)
def test_an_expression_has_a_name_that_is_legal_in_a_key(text, name):
    """Readable, without folders in it, and without texts that were given to functions."""
    assert readable_name(text) == name


def test_a_long_expression_has_a_short_name():
    """A key holds 250 characters, and a reader fewer."""
    assert len(readable_name(" + ".join(["column"] * 100))) <= 80
