from types import SimpleNamespace

import pytest

from nbtrack.cells.arguments import (
    USAGE,
    UsageError,
    expand,
    parse_arguments,
    read_arguments,
)
from nbtrack.errors import InvalidValue

NAMES = {
    "d": 4,
    "loss": 0.123456,
    "width": 8,
    "who": "Ann Lee",
    "sneaky": "--quiet lr=9 'x",
    "cfg": SimpleNamespace(lr=0.1),
    "table": {"lr": 0.5, "a b": 1},
    "xs": [3, 1, 2],
}


def problem_of(line):
    with pytest.raises(UsageError) as caught:
        parse_arguments(line)
    message, _, usage = str(caught.value).rpartition("\n")
    assert usage == USAGE
    return message


def expanded(text, assigned_here=()):
    return expand(text, NAMES, assigned_here=frozenset(assigned_here))


def expansion_problem(text, assigned_here=()):
    with pytest.raises(UsageError) as caught:
        expanded(text, assigned_here)
    return str(caught.value).partition("\n")[0]


def test_an_empty_line_says_nothing():
    """Every part of the line is optional."""
    arguments = parse_arguments("  ")

    assert (arguments.name, arguments.params, arguments.experiment) == (None, {}, None)
    assert (arguments.tags, arguments.note, arguments.metrics) == ({}, None, ())
    assert (arguments.artifacts, arguments.quiet) == ((), False)


def test_a_line_with_everything():
    """Words, params and every flag have their own field."""
    arguments = parse_arguments(
        "first fit lr=0.1 -e churn -t stage=dev by=Ann -m 'why not' --metrics acc,f1 "
        "--quiet --artifacts *.png out/*.csv depth=3"
    )

    assert arguments.name == "first fit"
    assert arguments.params == {"lr": "0.1", "depth": "3"}
    assert arguments.experiment == "churn"
    assert arguments.tags == {"stage": "dev", "by": "Ann"}
    assert arguments.note == "why not"
    assert arguments.metrics == ("acc", "f1")
    assert arguments.artifacts == ("*.png", "out/*.csv")
    assert arguments.quiet


@pytest.mark.parametrize(
    "text",
    [
        "is it better?",
        "don't know, isn't it",
        "rock 'n'roll",
        "'tis the season",
        'a 5" pipe',
        "1 - 2, (a) [b",
        "-5 degrees",
        "a – b",
        "naïve 模型 🙂",
        "100% of $5 & #3",
    ],
)
def test_a_name_is_free_text(text):
    """Punctuation and apostrophes inside words are just text."""
    assert parse_arguments(text).name == text


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('"lr=0.1 was bad"', "lr=0.1 was bad"),
        ("'--quiet' please", "--quiet please"),
        (r'"a \"b\" c"', 'a "b" c'),
        (r"'C:\new\data'", r"C:\new\data"),
        ("a   b\tc", "a b c"),
    ],
)
def test_quotes_make_anything_a_name(line, name):
    """A quote that opens a word takes = and - their meaning, and is not kept."""
    assert parse_arguments(line).name == name


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e-3", "1e-3"),
        ("[64, 64]", "[64, 64]"),
        ("(1, 2)", "(1, 2)"),
        ("{'a': 1, 'b': [1, 2]}", "{'a': 1, 'b': [1, 2]}"),
        ("{'a)': '}', \"b\": \"it's\"}", "{'a)': '}', \"b\": \"it's\"}"),
        ("np.array([1, 2])[0]", "np.array([1, 2])[0]"),
        ('"a b"', "a b"),
        ("'a b'", "a b"),
        ('""', ""),
        ("don't", "don't"),
        ("a=b", "a=b"),
        ("-5", "-5"),
        ("--x", "--x"),
        ("1)", "1)"),
        ("{cfg['a b']:.3f}", "{cfg['a b']:.3f}"),
    ],
)
def test_values_keep_their_text(typed, value):
    """Brackets group, a quoted value loses its quotes, everything else stays as typed."""
    arguments = parse_arguments(f"fit x={typed} y=2")

    assert arguments.params == {"x": value, "y": "2"}
    assert arguments.name == "fit"


@pytest.mark.parametrize("key", ["lr", "a.b/c-d_e:f", "größe", "3d"])
def test_keys_may_have_these_characters(key):
    """Letters, digits and _ - . : / ; need no quotes."""
    assert parse_arguments(f"{key}=1").params == {key: "1"}


def test_a_key_with_a_space_is_quoted():
    """Quotes around the key alone let it contain spaces."""
    assert parse_arguments('"my key"=1').params == {"my key": "1"}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("--experiment=churn fit", {"experiment": "churn", "name": "fit"}),
        ('--note="a b" fit', {"note": "a b", "name": "fit"}),
        ("-e=churn", {"experiment": "churn"}),
        ("--tag=a=1 b=2", {"tags": {"a": "1"}, "params": {"b": "2"}}),
        ("--artifacts=*.png fit", {"artifacts": ("*.png",), "name": "fit"}),
        ("--metrics=a,b,a", {"metrics": ("a", "b")}),
        ("--metrics rt:min,ok:max,a:b", {"metrics": ("rt", "ok", "a:b")}),
        ("--metrics rt:min,ok:max", {"directions": {"rt": "lower", "ok": "higher"}}),
        ("--artifacts a b -- fit", {"artifacts": ("a", "b"), "name": "fit"}),
        ("-t a=1 -t b=2", {"tags": {"a": "1", "b": "2"}}),
        ("--live deep fit", {"name": "deep fit", "live": True, "quiet": False}),
        ("-- --quiet -x=1", {"name": "--quiet", "params": {"-x": "1"}, "quiet": False}),
        ("-m lr=0.1", {"note": "lr=0.1", "params": {}}),
    ],
)
def test_flags(line, fields):
    """`--flag=value` takes one value, `--flag a b` what fits, and `--` ends flags."""
    arguments = parse_arguments(line)

    assert {name: getattr(arguments, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fit --metric acc", "Unknown flag '--metric'. Did you mean --metrics?"),
        ("--loud", "Unknown flag '--loud'."),
        ("-v2", "Unknown flag '-v2'. A word that begins with - goes in quotes."),
        ("lr=1 lr=2", "param 'lr' comes twice, the second time as 'lr=2'."),
        ("-t a=1 a=2", "tag 'a' comes twice"),
        ("-e a -e b", "'-e' comes twice: a run has one experiment."),
        ("=5", "No key before '=5'"),
        ("lr = 5", "No key before '='"),
        ("lr= 5", "No value after 'lr='"),
        ("lr=", "No value after 'lr='"),
        ("acc==1", "'acc==' compares"),
        ("acc>=1", "The param 'acc>' may hold"),
        ("(lr=1)", "The param '(lr' may hold"),
        (f"{'k' * 251}=1", "has 251 characters; shorten it to 250"),
        ("-e", "'-e' needs a value after it"),
        ("-e --quiet", "'-e' needs a value after it"),
        ('-m ""', "'-m' needs a value that is not empty"),
        ("--note=", "No value after '--note='"),
        ("-t stage", "'-t' needs something like stage=dev after it, not 'stage'"),
        ("--artifacts", "'--artifacts' needs something like '*.png' after it"),
        ("--metrics a, b", "An empty name in --metrics 'a,'"),
        ("--metrics a?", "The metric 'a?' may hold"),
        ("--quiet=1", "'--quiet' takes no value"),
        ("--live=100", "'--live' takes no value"),
        ("x=[1, 2", "'[' in '[1, 2' is never closed"),
        ('note="a b', "The quote that opens '\"a b' is never closed"),
        ('"a b', "The quote that opens '\"a b' is never closed"),
        ("x='a'+'b'", "\"+'b'\" is glued to the closing quote of 'a'"),
    ],
)
def test_a_wrong_line_names_the_word(line, said):
    """Each mistake has a message with the word in it, then the usage."""
    assert said in problem_of(line)


def test_a_usage_error_is_an_invalid_value():
    """Callers catch one tree."""
    assert issubclass(UsageError, InvalidValue)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("depth={d}", "depth=4"),
        ("{loss:.3f}", "0.123"),
        ("{loss:{width}.2f}|", "    0.12|"),
        ("{cfg.lr}", "0.1"),
        ("{table['lr']}", "0.5"),
        ("{table['a b']}", "1"),
        ("{xs[1:]}", "[1, 2]"),
        ("{who!r:>10}", " 'Ann Lee'"),
        ("{d != 4}", "False"),
        ("{max(x + d for x in xs)}", "7"),
        ("{(lambda d: d)(1)}", "1"),
        ("{2 ** 5}", "32"),
        ("[{d}, {width}]", "[4, 8]"),
        ("{{d}} {{}}", "{d} {}"),
        ("$d, $cfg.lr.", "4, 0.1."),
        ("$$d costs $5 or US$", "$d costs $5 or US$"),
        ("", ""),
    ],
)
def test_names_and_expressions_are_filled_in(text, value):
    """Braces hold any expression, with conversion and format as in an f-string."""
    assert expanded(text) == value


@pytest.mark.parametrize(
    "text", ["{'a': 1}", "{}", "{1, 2}", "{'a': {'d': [1]}}", "{'a': '{d}'}", "{'x'}"]
)
def test_dict_and_set_literals_are_kept(text):
    """Braces around nothing but literals are a value, not an expression."""
    assert expanded(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{dd}", "{dd}: dd is not defined. Did you mean d?"),
        ("{nothing_like_it:.2f}", "As plain text it is {{nothing_like_it:.2f}}."),
        ("$region", "$region: region is not defined. As plain text it is $$region."),
        ("{cfg.lrr}", "{cfg.lrr} failed with AttributeError"),
        ("{table['x']}", "{table['x']} failed with KeyError: 'x'"),
        ("{1 / 0}", "{1 / 0} failed with ZeroDivisionError: division by zero"),
        ("{who:.2f}", "{who:.2f} failed with ValueError"),
        ("{d +}", "{d +} is no Python expression"),
        ("{d", "A single '{' in '{d'"),
        ("d}", "A single '}' in 'd}'"),
        ("{import os}", "is no Python expression"),
    ],
)
def test_a_failing_expansion_is_named(text, said):
    """Undefined names, failing expressions and stray braces are errors, never text."""
    assert said in expansion_problem(text)


@pytest.mark.parametrize("text", ["{d}", "{d + 1:.1f}", "$d", "{[x + d for x in xs]}"])
def test_a_name_the_cell_assigns_is_an_error(text):
    """The value from before the cell would be recorded for one that the cell changes."""
    assert "this cell assigns d itself" in expansion_problem(text, assigned_here={"d"})


def test_names_of_a_comprehension_are_its_own():
    """A loop variable inside the braces is not the cell's variable of that name."""
    assert expanded("{[d for d in xs]}", assigned_here={"d"}) == "[3, 1, 2]"


def test_an_expression_cannot_assign():
    """Evaluating leaves the user's variables alone."""
    namespace = {"d": 1}

    assert expand("{(d := 5)}", namespace, assigned_here=frozenset()) == "5"
    assert namespace == {"d": 1}


def test_an_interrupt_goes_through():
    """Only errors are renamed; stopping the kernel still stops it."""

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        expand("{stop()}", {"stop": stop}, assigned_here=frozenset())


def test_filled_in_text_never_becomes_syntax():
    """A value with spaces, quotes or flags in it stays the one value it is."""
    arguments = read_arguments(
        "run {sneaky} by={who} s={sneaky} d={'a': 1} -t t={d} -m 'n {d}' -e {who}",
        NAMES,
        assigned_here=frozenset(),
    )

    assert arguments.name == f"run {NAMES['sneaky']}"
    assert arguments.params == {"by": "Ann Lee", "s": NAMES["sneaky"], "d": "{'a': 1}"}
    assert (arguments.tags, arguments.note) == ({"t": "4"}, "n 4")
    assert (arguments.experiment, arguments.quiet) == ("Ann Lee", False)
