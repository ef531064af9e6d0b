"""Why a run is different: each cause alone, several, none, and what is not known."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, NotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.provenance.differences.findings import Finding, Part
from nbtrack.provenance.differences.view import DifferenceView
from nbtrack.recording.session import current_session
from nbtrack.records.executions import ExecutionStatus, SeenFile
from tests.provenance.recorded_runs import (
    ENVIRONMENT,
    PATCH,
    Cell,
    Origin,
    module,
    record,
    with_cell,
    with_environment,
)
from tests.support.markup_check import HOSTILE, Page

pytestmark = pytest.mark.usefixtures("project")

LOAD = Cell(source="import sklearn\nX, y = load()", cell_id="load")
SCALE = Cell(source="X = scaled(X)", cell_id="scale")
OWN = Cell(source="model = Ridge(alpha).fit(X, y)", cell_id="own")


def diff(before: Origin, after: Origin) -> DifferenceView:
    return nbtrack.diff(record(before, name="first"), record(after, name="second"))


def parts(view: DifferenceView) -> list[Part]:
    return [each.part for each in view.causes]


def finding(view: DifferenceView, part: Part) -> Finding:
    return next(each for each in view.difference.findings if each.part == part)


# --- each cause alone


def reading(**file: object) -> Origin:
    return with_cell(Origin(), files_read=(SeenFile("/d/a.csv", **file),))  # type: ignore[arg-type]  # of the test


CAUSES: dict[Part, Callable[[], tuple[Origin, Origin]]] = {
    Part.SOURCE: lambda: (Origin(), Origin(cell=replace(OWN, source="model = Lasso().fit(X, y)"))),
    Part.UPSTREAM: lambda: (
        Origin(),
        Origin(upstream=[LOAD, replace(SCALE, source="X = scaled(X, 2)")]),
    ),
    Part.PARAMS: lambda: (Origin(), Origin(params={"alpha": 0.5})),
    Part.DATA: lambda: (Origin(), Origin(data={"X": "d2"})),
    Part.FILES: lambda: (reading(size=3, sha256="aa"), reading(size=3, sha256="bb")),
    Part.MODULES: lambda: (
        with_cell(Origin(), modules=(module("/p/own.py", "x = 1"),)),
        with_cell(Origin(), modules=(module("/p/own.py", "x = 2"),)),
    ),
    Part.PACKAGES: lambda: (Origin(), with_environment(packages={"numpy": "2.1"})),
    Part.PYTHON: lambda: (Origin(), with_environment(python_version="3.12.1")),
    Part.COMMIT: lambda: (Origin(), Origin(commit="d" * 40)),
    Part.SEEDS: lambda: (
        with_cell(Origin(), draws=("numpy",), seeds=("numpy",)),
        with_cell(Origin(), draws=("numpy",), unseeded=("numpy",)),
    ),
    Part.HARDWARE: lambda: (Origin(), with_environment(gpu_models=["a GPU"])),
}


@pytest.mark.parametrize("part", CAUSES)
def test_one_cause_is_told_alone(part: Part) -> None:
    """As text, as HTML and as plain values, and of nothing else is said that it differs."""
    view = diff(*CAUSES[part]())

    assert parts(view) == [part]
    assert f"1. {part.heading}" in str(view)
    assert part.heading in Page(view._repr_html_()).text
    assert [each["part"] for each in view.to_dict()["causes"]] == [part]


def test_every_part_has_a_case() -> None:
    assert set(CAUSES) == set(Part)


def test_several_causes_stand_in_the_order_of_likelihood() -> None:
    after = replace(
        with_environment(python_version="3.12.1"),
        params={"alpha": 1},
        data={"X": "d2"},
        cell=replace(OWN, source="model = Lasso().fit(X, y)"),
    )

    assert parts(diff(Origin(), after)) == [Part.SOURCE, Part.PARAMS, Part.DATA, Part.PYTHON]


def test_no_difference_is_said_plainly() -> None:
    """And what was compared."""
    view = diff(Origin(), Origin())

    assert view.causes == []
    assert "No difference was recorded." in str(view)
    assert "No difference was recorded." in Page(view._repr_html_()).text
    assert "3 packages" in view.to_dict()["same"]
    assert "NOT CAPTURED" not in str(view)


def test_what_was_not_captured_is_said_of_each_part() -> None:
    """Of a run that code opened, nobody knows any of it."""
    bare = Origin(cell=None, data=None, environment=None, commit=None, git=None, params={})
    view = diff(bare, bare)

    missing = {each.part for each in view.difference.findings if each.gaps}
    assert missing == set(Part) - {Part.PARAMS}
    assert all("in either run" in gap for f in view.difference.findings for gap in f.gaps)
    assert "not captured in B" in str(diff(Origin(), bare))
    assert view.to_dict()["not_captured"]["packages"] == ["not captured in either run"]


# --- metrics


def test_metrics_say_which_run_is_better() -> None:
    """By what their names mean; those that are equal are counted."""
    before = Origin(metrics={"f1": 0.5, "loss": 0.5, "seen": 1, "same": 2, "old": 1})
    view = diff(before, Origin(metrics={"f1": 0.75, "loss": 0.75, "seen": 3, "same": 2}))

    verdicts = {each.key: each.verdict for each in view.metrics}
    assert verdicts == {"f1": "better", "loss": "worse", "seen": "", "old": ""}
    assert "1 the same" in str(view)


def test_metrics_that_are_no_numbers_are_json_all_the_same() -> None:
    view = diff(Origin(metrics={"x": float("nan")}), Origin(metrics={"x": float("inf")}))

    told = json.loads(json.dumps(view.to_dict(), allow_nan=False))
    assert told["metrics"][0]["before"] == "nan"
    assert (
        diff(Origin(metrics={"x": float("nan")}), Origin(metrics={"x": float("nan")})).metrics == []
    )


# --- cells


def test_a_comment_cannot_have_moved_a_number() -> None:
    """Nor another name for the run: it is told, and is no cause."""
    before = Origin(cell=replace(OWN, source="%%track one\nx = 1"))
    view = diff(before, Origin(cell=replace(OWN, source="%%track two\nx = 1  # one")))

    assert view.causes == []
    assert [each.part for each in view.difference.harmless] == [Part.SOURCE]
    assert "CANNOT HAVE MOVED A NUMBER" in str(view)


@pytest.mark.parametrize("line", ["%time x = 1", "!curl x", "x = 2", "if x:"])
def test_what_may_do_something_else_is_a_cause(line: str) -> None:
    """Magics, shell lines, and what does not parse."""
    before = Origin(cell=replace(OWN, source="x = 1"))

    assert parts(diff(before, Origin(cell=replace(OWN, source=f"x = 1\n{line}")))) == [Part.SOURCE]


def test_upstream_cells_come_and_go() -> None:
    """The nearest first, edited ones before others."""
    new = Cell(source="X = X[:50]", cell_id="cut")
    edited = replace(SCALE, source="X = scaled(X, 2)")
    (found,) = diff(Origin(), Origin(upstream=[edited, new])).causes

    assert [(c.sign, c.key) for c in found.changes] == [
        ("~", "cell [1]"),
        ("+", "cell [2]"),
        ("-", "cell [1]"),
    ]
    assert found.changes[0].lines == [("~", "X = scaled(X)", "X = scaled(X, 2)")]


def test_cells_without_ids_are_told_by_their_words() -> None:
    """As notebooks are that no front end runs."""
    before = [replace(LOAD, cell_id=None), replace(SCALE, cell_id=None)]
    after = [before[0], replace(before[1], source="X = scaled(X, 2)")]
    (found,) = diff(Origin(upstream=before), Origin(upstream=after)).causes

    assert [(c.sign, c.note) for c in found.changes] == [("~", "1 line changed")]


def test_a_cell_that_ran_twice_is_told_as_such() -> None:
    """It may have changed something in place."""
    (found,) = diff(Origin(), Origin(upstream=[LOAD, SCALE, SCALE])).causes

    assert [(c.sign, c.note) for c in found.changes] == [
        ("+", "an earlier run of a cell, needed in B only")
    ]


def test_another_order_is_a_difference() -> None:
    (found,) = diff(Origin(), Origin(upstream=[SCALE, LOAD])).causes

    (change,) = found.changes
    assert (change.key, change.before, change.after) == ("order of the cells", "[2] [1]", "[1] [2]")


def test_a_cell_that_failed_did_only_a_part() -> None:
    failed = replace(SCALE, facts={"status": ExecutionStatus.ERROR})
    (found,) = diff(Origin(), Origin(upstream=[LOAD, failed])).causes

    assert (found.changes[0].before, found.changes[0].after) == ("ok", "error")


def test_gaps_of_cells_are_told_once() -> None:
    """And cells that were not recorded are counted."""
    told = replace(LOAD, facts={"gaps": ("!make was run.",)})
    lost = replace(SCALE, facts={"needs": (0, -7)})
    view = diff(Origin(upstream=[told, SCALE]), Origin(upstream=[told, lost]))

    assert finding(view, Part.UPSTREAM).gaps == [
        "cell [1]: !make was run.",
        "in B, 1 of the cells it needs were not recorded",
    ]


def test_a_child_has_the_cell_of_its_parent() -> None:
    parent = record(name="parent")
    client = nbtrack.MlflowClient()
    children = [
        client.create_run("0", tags={"mlflow.parentRunId": parent}).info.run_id for _ in range(2)
    ]
    client.log_param(children[1], "fold", 2)
    view = nbtrack.diff(*children)

    assert parts(view) == [Part.PARAMS]
    assert "2 upstream cells" in view.to_dict()["same"]


# --- data, files, packages, git, random numbers


def test_a_sampled_digest_proves_nothing() -> None:
    sampled = Origin(profile='{"num_rows": 90000, "sampled": true, "hashed_rows": 4096}')
    view = diff(sampled, sampled)

    assert view.causes == []
    assert "not every row was looked at" in str(view)
    assert "1 data set" not in view.to_dict()["same"]
    assert parts(diff(sampled, replace(sampled, data={"X": "d2"}))) == [Part.DATA]


def test_the_same_data_may_have_another_name() -> None:
    assert parts(diff(Origin(data={"X": "d1"}), Origin(data={"X2": "d1"}))) == []


def test_a_file_that_was_not_read_proves_nothing() -> None:
    """Its size may tell that it is another one."""
    view = diff(reading(size=3, mtime_ns=1), reading(size=3, mtime_ns=1))
    assert view.causes == []
    assert "their content not compared: a.csv" in str(view)

    assert parts(diff(reading(size=3), reading(size=4))) == [Part.FILES]


def test_the_source_of_a_module_is_no_file_of_data() -> None:
    """The first import reads it, a later one its compiled form."""
    own = module("/p/own.py", "x = 1")
    first = with_cell(Origin(), modules=(own,), files_read=(own,))

    assert parts(diff(first, with_cell(Origin(), modules=(own,)))) == []


def test_a_file_may_have_moved() -> None:
    """What is in it counts, where that is known."""
    moved = with_cell(Origin(), files_read=(SeenFile("/e/a.csv", 3, 1, "aa"),))

    assert parts(diff(reading(size=3, sha256="aa"), moved)) == []


def test_imported_packages_come_first() -> None:
    """`import sklearn` means scikit-learn."""
    packages = {name: "9" for name in ENVIRONMENT["packages"]}
    (found,) = diff(Origin(), with_environment(packages=packages)).causes

    assert [change.key for change in found.changes] == ["scikit-learn", "numpy", "tqdm"]
    assert found.changes[0].note == "imported by these cells"


def test_what_was_not_committed_is_compared_by_file() -> None:
    """A removed line that begins with "--" is a line all the same."""
    after = Origin(git={"commit": "c" * 40, "diff": PATCH.format(2), "diff_note": "cut"})
    view = diff(Origin(), after)

    (found,) = view.causes
    assert found.part == Part.COMMIT
    assert found.changes[0].key == "uncommitted in own.py"
    assert found.changes[0].lines == [
        ("=", "--- a comment in SQL", "--- a comment in SQL"),
        ("~", "+x = 1", "+x = 2"),
    ]
    assert "in B: cut" in str(view)


def test_a_generator_that_nobody_seeded_is_a_doubt() -> None:
    """Nothing recorded differs, and the metric may."""
    drawn = with_cell(Origin(), draws=("numpy",), unseeded=("numpy",))
    view = diff(drawn, drawn)

    assert view.causes == []
    assert "numpy: drawn from, and nothing had seeded it" in str(view)


def test_the_state_of_a_generator_counts_where_it_was_drawn_from() -> None:
    before, after = Origin(), Origin(seeds={"numpy": "other"})
    assert parts(diff(before, after)) == []

    assert parts(diff(*(with_cell(o, draws=("numpy",)) for o in (before, after)))) == [Part.SEEDS]
    fresh = (with_cell(o, draws=("numpy",), seeds=("numpy",)) for o in (before, after))
    assert parts(diff(*fresh)) == []


# --- which runs, and what they say


def test_runs_are_named_as_elsewhere() -> None:
    first, second = record(name="first"), record(Origin(params={"alpha": 2}), name="second")
    run = nbtrack.get_run(second)

    for ways in [(first, second), (first[:12], "second"), ("first", run)]:
        assert nbtrack.diff(*ways).to_dict()["after"]["run_id"] == second
    with pytest.raises(NotFound, match="neither an id nor a name"):
        nbtrack.diff("first", "nowhere")
    with pytest.raises(InvalidValue, match="give two runs"):
        nbtrack.diff("first", first)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_runs_stays_text(text: str) -> None:
    """In every field that a run has; nothing of it steers a terminal either."""
    text = text.encode("utf-8", "replace").decode()  # as a journal holds it
    cell = Cell(source=text, cell_id=text, facts={"gaps": (text,)})
    hostile = Origin(
        cell=cell,
        upstream=[replace(cell, source=f"{text}\n2"), Cell(source=f"3 {text}")],
        params={"x": text},
        data={text: text},
        environment={"python_version": text, "packages": {text: text}, "cpu_model": text},
        commit=text,
        git={"diff": f"--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+x", "diff_note": text},
        seeds={text: text},
    )
    hostile = with_cell(hostile, files_read=(SeenFile(text, 3, 1, text),), draws=(text,))
    run_id = record(hostile, name=text)
    for line in (lines.param_line(run_id, text, text, t=now_us()), metric_named(text, run_id)):
        current_session().store.append(line)  # nbtrack itself refuses such keys
    view = nbtrack.diff(run_id, record(name="plain"))
    page = Page(view._repr_html_())

    assert page.unwanted == []
    assert page.open == []
    assert not set(str(view)) & set("\x1b\x00\r\u202e")
    assert json.dumps(view.to_dict())


def metric_named(key: str, run_id: str) -> str:
    return lines.metric_line(run_id, key, 1.0, step=0, t=now_us())


def test_slices_of_thousands_of_cells_take_seconds_at_most() -> None:
    """Also where nothing tells which cell is which."""
    first, second = (
        record(
            Origin(
                upstream=[
                    Cell(source=f"{name}{n} = f({n})", facts={"needs": (max(0, n - 1),)})
                    for n in range(2_000)
                ]
            )
        )
        for name in "xy"
    )
    begun = time.process_time()
    (found,) = nbtrack.diff(first, second).causes

    assert len(found.changes) >= 2_000
    assert time.process_time() - begun < 15


def test_a_cell_of_ten_thousand_lines_takes_seconds_at_most() -> None:
    """Also where every line is another one."""
    old, new = ("\n".join(f"{name}{n} = {n}" for n in range(10_000)) for name in "xy")
    first, second = (
        record(Origin(cell=replace(OWN, source=text), upstream=[LOAD, replace(SCALE, source=text)]))
        for text in (old, new)
    )
    begun = time.process_time()
    view = nbtrack.diff(first, second)

    assert "10,000 lines changed" in str(view)
    assert len(view._repr_html_()) < 200_000
    assert time.process_time() - begun < 10
