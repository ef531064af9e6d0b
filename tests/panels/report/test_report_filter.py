"""What is typed into a report means the same as in a panel, or is refused there."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.lookup.typed_filter.moved_values import moved_in
from nbtrack.lookup.typed_filter.names import names_in
from nbtrack.lookup.typed_filter.reading import typed_scope
from nbtrack.panels.report.data import runs_data
from nbtrack.panels.runs.reading import run_table_of
from nbtrack.panels.shared.assets import PANELS
from nbtrack.recording.session import Session
from nbtrack.records.runs import RunQuery
from nbtrack.stores.store import Store

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")

_PAGE = PANELS / "report" / "page"
_ASK = f"""
import {{ readFileSync }} from "node:fs";
import {{ runsIn }} from "{_PAGE / "report_data.js"}";
import {{ filterOf }} from "{_PAGE / "report_filter.js"}";
const {{ runs, filters }} = JSON.parse(readFileSync(0, "utf8"));
const known = runsIn(runs);
const meant = (text) => {{
  try {{
    const test = filterOf(text, known);
    return known.ids.filter((_, place) => test(place));
  }} catch (error) {{
    return String(error.message);
  }}
}};
console.log(JSON.stringify(filters.map(meant)));
"""
NUMBERS = ["0.5", "1", "0", "-3", "1e-3", ".25", "7.", "+2", "1E3", "inf", "nan", "00.5"]
TEXTS = [
    *("adam", "Adam", "sgd", " 0.5 ", "1e-3", "inf", "-Infinity", "nan", "1_000", "0x10", "Ölçek"),
    *("ΣΊΣΥΦΟΣ", "it's", 'say "hi"', "50%", "a_b", "x" * 300, "", "true", "\t1", "1 2"),
]
WORDS = [
    *("adam", "calm", "otter-1", "50%", "ölçek", "σίσυφος", '"it\'s"', "'a_b'", "zzz", "red"),
    *("0.5", "note", "is", "null", "metrics", "constructor", "__proto__", "lr."),
]
KEYS = [
    *("metrics.f1", "f1", "metric.`val loss`", "`val loss`", "lr", "params.lr", "param.opt", "opt"),
    *("team", "tags.team", "both", "params.both", "metrics.both", "name", "status", "user", "id"),
    *("duration", "nope", "metrics.nope", "run_name", "attributes.status", "started", "Status"),
    *("mlflow.user", "constructor", "params.__proto__", "experiment"),
]
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "==", "<>", " like ", " in ", " is "]
VALUES = [
    *(*NUMBERS, "adam", "'adam'", "'0.5'", '"sgd"', "FINISHED", "failed", "calm-otter-1"),
    *("2 min", "null", "('adam')", "red", "0.5x", "''"),
]
REFUSED = [
    *("lr like 'a%'", "opt in ('adam')", "ended is null", "started > yesterday"),
    *("duration > 2 min", "metrics.f1", "f1 >", "don't", "(adam", "adam)", "0.5 < f1", "f1 > high"),
    *("both > 1", "nope = 1", "opt < 'b'", "\x00", "x" * 3000, "experiment = churn", "and", "not"),
]
USUAL = [
    *("adam", "f1 > 0.4", "lr != 0.5 opt != adam", "status = failed", "not otter"),
    *("metrics.`val loss` < 0.9 and team = red", "name = calm-otter-1", "duration >= 0", ""),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    patch = pytest.MonkeyPatch()
    patch.setenv("NBTRACK_DIR", str(tmp_path_factory.mktemp("project")))
    session = Session()
    patch.setattr("nbtrack.recording.session._current", session)
    chance = random.Random(3)
    for n in range(36):
        run = session.start_run(name=f"calm-otter-{n}" if n % 9 else chance.choice(TEXTS))
        run.log_param("lr", chance.choice(NUMBERS))
        if n % 3:
            run.log_params({"opt": chance.choice(TEXTS), "both": chance.choice(NUMBERS)})
            run.set_tag("team", chance.choice(["red", "Blue", "0.5"]))
        if n % 4:
            values = [0.5, 1.0, float("nan"), float("inf"), -3.0, 1e-3]
            run.log_metrics({"f1": chance.choice(values), "val loss": chance.random(), "both": n})
        if n % 7 == 0:
            run.set_tag("mlflow.note.content", "a note\nthat is long")
        run.end(status="FAILED" if n % 5 == 0 else "FINISHED")
    session.store.flush()
    yield session.store
    patch.undo()
    session.close()


def in_page(store: Store, filters: list[str]) -> list[list[str] | str]:
    """Ids of runs, or what the page says."""
    table = run_table_of(store, experiment_ids=None, filter_string=None, sort=None, top=None)
    found = re.fullmatch(r"<script [^>]*>(.*)</script>", runs_data(table), re.S)
    assert found is not None
    asked = json.dumps({"runs": found[1], "filters": filters})
    command = ["node", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--input-type=module"]
    ran = subprocess.run([*command, "-e", _ASK], input=asked, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told: list[list[str] | str] = json.loads(ran.stdout)
    return told


def in_panel(store: Store, text: str) -> set[str] | None:
    """None: it is refused."""
    try:
        scope = typed_scope(text, None, names_in(store, None), moved=moved_in(store, None))
    except InvalidFilter:
        return None
    query = RunQuery(filter_string=scope.filter_string, view_type=scope.view_type)
    return {run.info.run_id for run in store.search_runs(query)}


def differing(store: Store, filters: list[str]) -> list[str]:
    pages = in_page(store, filters)
    return [
        f"{text!r}: {len(page)} in the page, {meant if meant is None else len(meant)}"
        for text, page in zip(filters, pages, strict=True)
        if not isinstance(page, str) and set(page) != (meant := in_panel(store, text))
    ]


def test_each_comparison_means_the_same(store: Store) -> None:
    """Of every key with every operator and some values; much of it is answered."""
    chance = random.Random(1)
    filters = [
        f"{key} {operator} {value}"
        for key in KEYS
        for operator in OPERATORS
        for value in chance.sample(VALUES, 1)
    ]

    assert differing(store, filters) == []
    assert sum(not isinstance(page, str) for page in in_page(store, filters)) > 60


def test_what_is_joined_means_the_same(store: Store) -> None:
    """Words, comparisons and what joins them, also where it makes no sense."""
    chance = random.Random(2)
    filters = [joined(chance) for _ in range(200)]

    assert differing(store, filters) == []
    assert sum(not isinstance(page, str) for page in in_page(store, filters)) > 50


def joined(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.randint(1, 4)):
        word = chance.choice(WORDS)
        key, value = chance.choice(KEYS[:14]), chance.choice(VALUES)
        test = f"{key} {chance.choice(OPERATORS[:6])} {value}"
        parts.append(chance.choice([word, word, test, f"not {word}", f"({word} or {test})"]))
        parts.append(chance.choice(["and", "or", "", "", "", "not", ")", "("]))
    return " ".join(parts[:-1] if chance.random() < 0.9 else parts)


def test_what_it_does_not_know_it_refuses(store: Store) -> None:
    """With a reason, and an example."""
    for text, told in zip(REFUSED, in_page(store, REFUSED), strict=True):
        assert isinstance(told, str), text
        assert "such as loss < 0.5" in told, (text, told)


def test_what_is_usual_is_answered(store: Store) -> None:
    """Not only refused alike."""
    for text, told in zip(USUAL, in_page(store, USUAL), strict=True):
        assert not isinstance(told, str), (text, told)
        assert told, text
        assert set(told) == in_panel(store, text), text


def test_hostile_texts_stay_in_their_element(store: Store) -> None:
    """Nothing that a run says ends the element that the data stand in."""
    table = run_table_of(store, experiment_ids=None, filter_string=None, sort=None, top=None)
    row = table.rows[0]
    evil = "</script><!--<script>alert(1)</script>]]>\u2028"
    hostile = type(table)(
        rows=[type(row)(run_id=evil, name=evil, status=evil, params={evil: evil})],
        param_keys=[evil],
    )
    text = runs_data(hostile)

    assert text.count("<") == 2
    assert json.loads(text[text.index(">") + 1 : text.rindex("<")])["ids"] == [evil]
