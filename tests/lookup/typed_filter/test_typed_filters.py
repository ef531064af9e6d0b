"""What people type comes out as a filter of the store's grammar, or says what is wrong where."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.lookup.typed_filter.names import Names
from nbtrack.lookup.typed_filter.reading import filter_of, typed_scope
from nbtrack.records.runs import ViewType
from nbtrack.stores.filters.clauses import run_filter

NAMES = Names(
    params={"C", "lr", "solver", "both", "val.depth", "user"},
    metrics={"accuracy", "f1 score", "val/loss", "both"},
    tags={"team", "mlflow.user", "odd`key"},
    experiments={"churn": "1", "breast cancer": "2"},
)
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
MIDNIGHT = 1_772_668_800_000  # of that day
DAY = 86_400_000
HOUR = 3_600_000


def typed(text: str) -> str:
    return filter_of(text, lambda: NAMES, now=NOW)


def like(word: str) -> str:
    return f"any_text ILIKE '%{word}%'"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("forest", like("forest")),
        ('"grid search"', like("grid search")),
        ("forest svm", f"{like('forest')} and {like('svm')}"),
        ("forest or svm", f"{like('forest')} or {like('svm')}"),
        ("not forest", f"not ({like('forest')})"),
        ("forest (svm or 42)", f"{like('forest')} and ({like('svm')} or {like('42')})"),
        ("forest accuracy > 0.9", f"{like('forest')} and metrics.accuracy > 0.9"),
        ("accuracy>0.9 and forest", f"metrics.accuracy > 0.9 and {like('forest')}"),
        ("status", like("status")),
        ("is null in like", " and ".join(map(like, ("is", "null", "in", "like")))),
        ("calm-otter-91 a+b 50% ada@home", None),
        ('"it\'s"', 'any_text ILIKE "%it\'s%"'),
    ],
)
def test_words_are_text(text, means):
    """All of them must match; what no operator follows is a word, whatever it is."""
    assert typed(text) == means or (means is None and typed(text).count("any_text") == 4)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("status = failed", "status = 'failed'"),
        ("Status != Failed", "status != 'Failed'"),
        ("name = forest", "run_name = 'forest'"),
        ("name = 42", "run_name = '42'"),
        ("name like forest", "run_name LIKE '%forest%'"),
        ("name like 'f%'", "run_name LIKE 'f%'"),
        ("user = ada", "user_id = 'ada'"),
        ("id = ab12", "run_id = 'ab12'"),
        ("ended is null", "end_time IS NULL"),
        ("experiment = churn", "experiment_id = '1'"),
        ("experiment in ('breast cancer', churn)", "experiment_id IN ('2', '1')"),
        ("lifecycle_stage = deleted", "lifecycle_stage = 'deleted'"),
        ("duration > 90", "duration > 90"),
        ("duration > 2 min", "duration > 120"),
        ("duration < 1h 30min forest", f"duration < 5400 and {like('forest')}"),
        ("duration >= '1.5 hours'", "duration >= 5400"),
        ("started > yesterday", f"start_time > {MIDNIGHT - DAY}"),
        ("started = today", f"start_time >= {MIDNIGHT} and start_time < {MIDNIGHT + DAY}"),
        ("started < 2h", f"start_time > {MIDNIGHT + 10 * HOUR}"),
        ("started > 2 hours ago", f"start_time > {MIDNIGHT + 10 * HOUR}"),
        ("started = 2026-02-28", "start_time >= '2026-02-28' and start_time < '2026-03-01'"),
        ("ended > 2026-02-28 12:00", "end_time > '2026-02-28T12:00'"),
        ("start_time > 5", "start_time > 5"),
    ],
)
def test_the_names_of_the_header_work(text, means):
    """In any case and without quotes; times as people say them."""
    assert typed(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("accuracy > 0.9", "metrics.accuracy > 0.9"),
        ("C = 0.1", "params.C = 0.1"),
        ("solver = lbfgs", "params.solver = 'lbfgs'"),
        ("solver in (lbfgs, saga)", "params.solver IN ('lbfgs', 'saga')"),
        ("solver is not null", "params.solver IS NOT NULL"),
        ("team = red", "tags.team = 'red'"),
        ("`f1 score` > 0.5", "metrics.`f1 score` > 0.5"),
        ("val.depth = 3", "params.val.depth = 3"),
        ("val/loss < inf", "metrics.val/loss < inf"),
        ("mlflow.user = ada", "tags.mlflow.user = 'ada'"),
        ("params.both = x forest", f"params.both = 'x' and {like('forest')}"),
        ("metrics.nope > 1 lr > 1", "metrics.nope > 1 and params.lr > 1"),
    ],
)
def test_a_key_that_one_kind_has_needs_no_prefix(text, means):
    """Numbers compare as numbers, words as text."""
    assert typed(text) == means


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("x and acuracy > 1", "acuracy", "No run has a metric, a param or a tag 'acuracy'. Did"),
        ("acuracy > 1", "acuracy", "Did you mean accuracy?"),
        ("acc > 1", "acc", "Did you mean accuracy?"),
        ("c = 1", "c", "Did you mean C?"),
        ("score > 1", "score", "Did you mean `f1 score`?"),
        ("statsu = failed", "statsu", "Did you mean status?"),
        ("metrcis.accuracy > 1", "metrcis", "Did you mean metrics.accuracy?"),
        ("bot > 1", "bot", "Did you mean metrics.both?"),
        ("zzzz > 1", "zzzz", "there are name, status"),
        ("both > 1", "both", "write metrics.both or params.both"),
        ("experiment = chrn", "chrn", "Did you mean 'churn'?"),
        ("experiment like churn", "like", "=, != or IN"),
        ("accuracy >", "", "Expected a value; found the end"),
        ("accuracy > high", "high", "is a number"),
        ("metrics.accuracy", "", "an operator and a value"),
        ("forest and", "", "a word to look for"),
        ("and forest", "and", "a word to look for"),
        ("0.9 < accuracy", "0.9", "a key such as"),
        ("don't", "'t", "never closed"),
        ("started > gestern", "gestern", "is not a time"),
        ("started = 2h", "2h", "started < 2h"),
        ("started < 999999d", "999999d", "before any calendar"),
        ("started < 99999999999d", "99999999999d", "before any calendar"),
        ("duration > soon", "soon", "2 min"),
        ("(forest", "", "a closing )"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text, at, says):
    """Proposed is only what exists, as it has to be written."""
    with pytest.raises(InvalidFilter) as caught:
        typed(text)

    assert says in str(caught.value)
    assert (caught.value.text, text[caught.value.position :][: len(at)]) == (text, at)
    assert caught.value.position < len(text) or not at


def test_the_header_is_proposed_however_many_other_names_there_are():
    """Only the first of many names are looked at, and the header's are among them."""
    draw = random.Random(0)
    keys = [f"{draw.getrandbits(400):x}" for _ in range(5000)]
    many = Names(params={*keys[:2500]}, metrics={*keys[2500:]}, experiments={})

    with pytest.raises(InvalidFilter, match="Did you mean status"):
        filter_of("statsu = failed", lambda: many)
    with pytest.raises(InvalidFilter, match="No run has"):
        filter_of(f"{keys[0][::-1]} = 1", lambda: many)


def test_names_are_not_read_for_words_and_prefixes():
    """In a large project that takes half a second."""

    def unread() -> Names:
        raise AssertionError("read")

    assert filter_of("forest metrics.f1 > 1 status = failed", unread)


def test_only_a_filter_about_them_looks_at_deleted_runs():
    """All others look at those that are alive, as before."""
    found = {
        text: typed_scope(text, ("1",), lambda: NAMES, moved=tuple).view_type
        for text in ("lifecycle_stage = deleted", "'lifecycle_stage'", "accuracy > 1", "", None)
    }

    assert list(found.values()) == [ViewType.ALL] + [ViewType.ACTIVE_ONLY] * 4


PIECES = [
    *("forest", "accuracy", "both", "lr", "metrics.", "metrics.x", "`f1 score`", "status", "C"),
    *("started", "ended", "duration", "experiment", "name", "lifecycle_stage", "any_text", "nope"),
    *("and", "or", "not", "in", "is", "null", "like", "ago", "(", ")", ",", "=", "!=", ">", "<="),
    *("'a'", '"b c"', "'", '"', "`", "\\", "\\'", "'\\'", "1", "-1e-3", "nan", "2 min", "2h", "9d"),
    *("yesterday", "2026-03-01", "2026-99-99", "9999-12-31", "12:00", "%", "\0", "\n", "é", "💥"),
    *("\ud800", "--", ";", "$f0", "99999999999999999999 d", "1e999", "churn", "?", "{like}"),
]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_typed_is_a_filter_or_invalid(seed):
    """What comes out is in the store's grammar; what is refused points into what was typed."""
    dice = random.Random(seed)
    glued = ["", " ", " "]
    texts = [
        dice.choice(glued).join(dice.choices(PIECES, k=dice.randrange(9))) for _ in range(2500)
    ]
    refusals = [refusal_of(text) for text in texts]

    for refusal in filter(None, refusals):
        assert 0 <= refusal.position <= len(refusal.text)
        assert str(refusal).encode()
    assert 300 < refusals.count(None) < 2300


def refusal_of(text: str) -> InvalidFilter | None:
    try:
        run_filter(typed(text))
    except InvalidFilter as exc:
        return exc
    return None
