"""The runs panel, asked as its page asks it."""

from __future__ import annotations

import csv
import io
import json
import re
import sys

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.lookup.typed_filter.keys import HEADERS
from nbtrack.panels.runs.table_state import ATTRIBUTES
from nbtrack.panels.shared import live_updates
from nbtrack.panels.shared.assets import PANELS
from nbtrack.recording.session import Session, current_session
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, origins_text
from tests.support.filled_project import fill_project
from tests.support.naming import naming
from tests.support.panel_page import Page, names, runs_page


def three_runs():
    for n, (name, f1, lr) in enumerate((("a", 0.5, "0.1"), ("b", 0.9, "0.01"), ("c", 0.7, "0.1"))):
        run = current_session().start_run(name=name)
        run.log_params({"lr": lr, "model": "SVC" if n else "forest"})
        for step in range(4):
            run.log_metric("loss", 1 / (step + 1), step=step)
        run.log_metric("f1", f1)
        run.end()


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    monkeypatch.setattr("nbtrack.recording.session._current", made)
    fill_project(tmp_path / "project", three_runs)
    yield made
    live_updates.stop()
    made.close()


@pytest.fixture
def page(session):
    return runs_page(session.store)


def id_of(page, name):
    return next(row["id"] for row in page.show()["rows"] if row["name"] == name)


def family(session):
    with session.start_run(name="parent") as parent:
        session.start_run(name="child", nested=True).end()
    return parent


def columns(shown, group):
    return [column["label"] for column in shown["columns"] if column["group"] == group]


def test_a_page(page):
    """Newest first, with the columns in their groups and the best value of each metric marked."""
    shown = page.show()

    assert names(shown) == ["c", "b", "a"]
    assert columns(shown, "Run") == ["name", "status", "started", "experiment", "duration"]
    assert (columns(shown, "Params"), columns(shown, "Metrics")) == (
        ["lr", "model"],
        ["f1", "loss"],
    )
    assert [row["best"] for row in shown["rows"]] == [[], ["metrics.f1"], []]
    assert (shown["all"], shown["matching"], shown["pages"]) == (3, 3, 1)


def test_long_numbers_of_a_param_are_rounded_alike(session, page):
    """With the same decimals, so that one can compare them; the title has the whole."""
    for name, value in (("long", "0.123456789123"), ("short", "0.5")):
        with session.start_run(name=name) as run:
            run.log_param("lr", value)
    shown = page.show(columns=["params.lr"])
    rows = {row["name"]: (row["cells"][1], row["titles"][1]) for row in shown["rows"]}

    assert rows["long"] == ("0.1235", "0.123456789123")
    assert rows["short"] == ("0.5000", "0.5")


def test_a_column_says_whose_it_is(session, page):
    """What nobody wrote down by that name is marked, with where it came from."""
    with session.start_run() as run:
        run.log_params({"C": "1.0", "own": "2"})
        run.note_origins(Origins(params={"C": Origin.DEFAULT}))
    shown = page.show(columns=["params.C", "params.own", "status"])
    marks = {c["id"]: (c["isOwn"], c["origin"]) for c in shown["columns"]}

    assert marks["params.C"] == (False, "the estimator's default")
    assert marks["params.own"] == (True, "logged by you")
    assert marks["status"] == (True, "")


ORDERS_AND_FILTERS = [
    ({"sort": [["metrics.f1", True]]}, "bca"),
    ({"sort": [["params.lr", False], ["metrics.f1", False]]}, "bac"),
    ({"filter": "metrics.f1 > 0.6"}, "cb"),
    ({"filter": "forest f1 > 0.4"}, "a"),
    ({"filter": "svc", "quick": {"params.lr": "0.1"}}, "c"),
    ({"quick": {"params.model": "sv", "metrics.f1": "> 0.8"}}, "b"),
    ({"filter": "metrics.f1 < 0.8 or metrics.f1 > 5", "quick": {"params.lr": "0.1"}}, "ca"),
    ({"page": 7}, "cba"),
]


def test_sorting_and_filtering(session):
    """In the store, query and fields together; a page past the end is the last one."""
    for changes, shown in ORDERS_AND_FILTERS:
        with naming(changes):
            assert "".join(names(runs_page(session.store).show(**changes))) == shown


def test_what_is_shown_comes_back(page):
    """`df`, `sql` and `selected` are what the page shows and ticks."""
    import nbtrack

    shown = page.show(filter="metrics.f1 > 0.6", sort=[["metrics.f1", True]])
    page.ask("select", runs=[shown["rows"][0]["id"]])
    panel = page.panel

    assert panel.df["metrics.f1"].tolist() == [0.9, 0.7]
    assert nbtrack.sql(panel.sql)["metrics.f1"].tolist() == [0.9, 0.7]
    assert panel.selected == [shown["rows"][0]["id"]]


def test_a_panel_begins_with_what_was_typed(session):
    """In its box; the page is of what that means."""
    page = runs_page(session.store, filter_string="forest f1 > 0.4")
    state = page.ask("start")["state"]

    assert state["filter"] == "forest f1 > 0.4"
    assert names(page.show(**state)) == ["a"]


def test_filters_and_the_box_know_the_names_of_the_header():
    """Every column of the runs themselves, as it is called there."""
    script = (PANELS / "runs/page/completion.js").read_text()
    offered = re.search(r"const HEADERS = (\[.*\]);", script)

    assert set(HEADERS) == set(ATTRIBUTES.values())
    assert offered
    assert set(json.loads(offered[1])) == set(HEADERS)


def test_quick_filters_see_what_the_table_shows(session, page):
    """Not on a parent what moved to its child."""
    for name, origins in (("cell", Origins(params={"lr": Origin.MOVED})), ("fit", Origins())):
        with session.start_run(name=name) as run:
            run.log_params({"lr": "7"})
            run.set_tag(ORIGINS_TAG, origins_text(origins))

    assert names(page.show(quick={"params.lr": "7"})) == ["fit"]
    assert names(page.show(filter="params.lr = 7")) == ["fit"]
    assert len(session.store.search_runs(page.panel.query)) == 1


def test_a_failed_run_says_why(session, page):
    """The first line of what ended its cell; a run that was no cell has nothing to say."""
    for name, status in (("cell", "FAILED"), ("script", "FAILED"), ("well", "FINISHED")):
        run = session.start_run(name=name)
        if name != "script":
            told = {"source": "", "error": "ValueError: no kernel\nlinaer"}
            session.store.append(lines.cell_line(run.run_id, t=now_us(), **told))
        run.end(status)

    errors = {row["name"]: row["error"] for row in page.show()["rows"]}
    assert errors["cell"] == "ValueError: no kernel …"
    assert (errors["script"], errors["well"]) == ("", "")


def test_words_are_the_same_in_sql(page):
    """Over the public views, for a user to change."""
    import nbtrack

    page.show(filter="svc f1 > 0.8")

    assert page.panel.df["metrics.f1"].tolist() == [0.9]
    assert nbtrack.sql(page.panel.sql)["metrics.f1"].tolist() == [0.9]


def test_top_cuts_the_frame(session):
    """`runs(top=2)` is two runs, in the panel too."""
    assert len(runs_page(session.store, top=2).panel.df) == 2


def test_a_wrong_query_leaves_the_page_as_it_is(page):
    """The error goes under the box, and `df` stays what is on the screen."""
    page.show(filter="metrics.f1 > 0.6")
    answer = page.show(filter="metrics.f1 >")

    assert "found the end" in answer["wrong"]["filter"]
    assert "rows" not in answer
    assert len(page.panel.df) == 2


def test_a_key_that_no_run_has_is_why_nothing_is_shown(page):
    """With its prefix it is a filter as any other; said is what there is instead."""
    why = {text: page.show(filter=text)["whyNothing"] for text in ("metrics.f2 > 0", "f1 > 9")}

    assert why["metrics.f2 > 0"] == "No run has metrics.f2. Did you mean metrics.f1?"
    assert why["f1 > 9"] == ""


def test_a_large_project_shows_a_filter_s_rows_before_its_keys(page, monkeypatch):
    """With the keys of all runs; the page asks again, and gets those of the runs that match."""
    monkeypatch.setattr("nbtrack.panels.runs.glance.MANY_RUNS", 2)
    page.show(), page.show()
    first, again = page.show(filter="forest"), page.show(filter="forest")

    assert (first["isGlance"], names(first), again["isGlance"], names(again)) == (
        True, ["a"], False, ["a"],
    )  # fmt: skip
    assert [known["runs"] for known in first["keys"]["params"]] == [3, 3]
    assert [known["runs"] for known in again["keys"]["params"]] == [1, 1]


def test_a_wrong_field_is_left_out(page):
    """The others still count."""
    shown = page.show(quick={"metrics.f1": "> x", "params.model": "SVC"})

    assert "'x' is no number" in shown["wrong"]["quick"]["metrics.f1"]
    assert names(shown) == ["c", "b"]


def test_groups(page):
    """Mean and spread of each metric, and the filter that leaves only the group."""
    shown = page.show(group="params.lr", sort=[["metrics.f1", True]])
    group = next(each for each in shown["groups"] if each["value"] == "0.1")

    assert (group["runs"], group["condition"]) == (2, "params.`lr` = '0.1'")
    assert group["cells"][0] == {"mean": "0.6", "std": "0.14", "count": 2}
    assert names(page.show(filter=group["condition"], group="")) == ["c", "a"]


def test_the_group_of_a_cell_has_the_name_of_its_newest_run(session, page):
    """Nobody knows a cell by its hash."""

    run = session.start_run(name="fit")
    session.store.append(lines.cell_line(run.run_id, t=now_us(), lineage="5eca6ea4"))
    run.end()

    labels = [group["label"] for group in page.show(group="cell")["groups"]]

    assert labels == ["fit", None]


def test_what_few_runs_have_is_not_shown_by_itself(session, page):
    """One autologged search must not push model and lr out of sight; it can be chosen."""
    for n in range(4):
        with session.start_run(name=f"more {n}") as run:
            run.log_params({"lr": str(n), "model": "SVC"})
    with session.start_run(name="searched") as run:
        run.log_params({f"a{n}": "1" for n in range(9)})

    assert columns(page.show(), "Params") == ["lr", "model"]
    assert columns(page.show(columns=["params.a3"]), "Params") == ["a3"]


def test_the_best_child_stands_first(session, page):
    """Unless the view has an order of its own; and the parent says of how many it is the best."""
    with session.start_run(name="parent") as parent:
        for name, loss in (("far", 3), ("near", 1), ("middle", 2)):
            with session.start_run(name=name, nested=True) as child:
                child.log_metric("loss", loss)
        parent.set_tags({"nbtrack.best_of": "3", "nbtrack.best_by": "loss"})
    unfolded = page.show(unfolded={parent.run_id: 100})
    by_name = page.show(unfolded={parent.run_id: 100}, sort=[["run_name", True]])
    at = names(by_name).index("parent")

    assert names(unfolded)[:4] == ["parent", "near", "middle", "far"]
    assert names(by_name)[at + 1 : at + 4] == ["near", "middle", "far"]
    assert [row["bestOf"] for row in unfolded["rows"][:2]] == [3, 0]


def test_what_was_moved_is_not_shown(session, page):
    """It is a child's; the store keeps it."""
    with session.start_run(name="parent") as parent:
        parent.log_params({"lr": "0.5"})
        parent.log_metric("f1", 0.1)
        moved = {"f1": Origin.MOVED}
        parent.note_origins(Origins(params={"lr": Origin.MOVED}, metrics=moved))
    shown = page.show(columns=["params.lr", "metrics.f1"])

    assert shown["rows"][0]["cells"][1:] == ["–", "–"]
    assert shown["rows"][1]["cells"][1:] == ["0.1", "0.7"]


def test_children_stand_under_their_parent(session, page):
    """Folded with their number; unfolded they follow it, one level deeper."""
    parent = family(session)

    folded = page.show()
    unfolded = page.show(unfolded={parent.run_id: 100})

    assert (names(folded)[0], folded["rows"][0]["children"]) == ("parent", 1)
    assert [(row["name"], row["depth"]) for row in unfolded["rows"][:2]] == [
        ("parent", 0),
        ("child", 1),
    ]


def test_all_children_can_be_reached(session, page):
    """As many as are asked for."""
    with session.start_run(name="parent") as parent:
        for n in range(5):
            session.start_run(name=f"child {n}", nested=True).end()

    assert names(page.show(unfolded={parent.run_id: 2}))[1:4] == ["child 4", "child 3", "c"]
    assert len(names(page.show(unfolded={parent.run_id: 5}))) == 3 + 1 + 5
    assert len(page.ask("children", runs=[parent.run_id])["ids"]) == 5


def test_a_family_is_read_in_one_look_a_level(session, page, monkeypatch):
    """Parents first, and the children of several as their parents stand; however many there are."""
    grown = [grandparent(session, name) for name in ("x", "y")]
    reads = count_reads(session.store, monkeypatch)
    whole = page.ask("delete", runs=grown)["ids"]

    assert len(reads) == 3  # the last finds that there are no more
    assert named(session, whole) == [
        *("x", "y", "x1", "x0", "y1", "y0"),
        *("x1 below", "x0 below", "y1 below", "y0 below"),
    ]


def grandparent(session, name):
    """Of two children with one each."""
    with session.start_run(name=name) as run:
        for n in range(2):
            with session.start_run(name=f"{name}{n}", nested=True):
                session.start_run(name=f"{name}{n} below", nested=True).end()
    return run.run_id


def named(session, ids):
    return [session.store.get_run(run_id).info.run_name for run_id in ids]


def count_reads(store, monkeypatch):
    """What is asked of the store for runs from now on."""
    reads = []
    for name in ("read_run_page", "read_child_runs", "get_run"):
        real = getattr(type(store), name)

        def counted(self, *args, _real=real, **options):
            reads.append(args)
            return _real(self, *args, **options)

        monkeypatch.setattr(type(store), name, counted)
    return reads


FLAT_OR_NOT = [
    ({}, ["parent", "c"], False),
    ({"sort": [["metrics.f1", True]]}, ["child", "b"], True),
    ({"sort": [["metrics.f1", True]], "flat": False}, ["b", "c"], False),
    ({"sort": [["params.lr", True]]}, ["parent", "c"], False),
    ({"flat": True}, ["child", "parent"], True),
]


def test_an_order_by_a_metric_is_flat(session):
    """So that the best run is seen, whoever its parent is; one may have it otherwise."""
    with session.start_run(name="parent") as parent:
        parent.log_param("lr", "9")
        session.start_run(name="child", nested=True).log_metric("f1", 1.0)
    for changes, first, is_flat in FLAT_OR_NOT:
        with naming(changes):
            shown = runs_page(session.store).show(**changes)

            assert shown["hasFamilies"]
            assert (names(shown)[:2], shown["isFlat"]) == (first, is_flat)


def test_top_is_how_many_rows_there_are(session):
    """On one page or several; the count says of how many."""
    shown = runs_page(session.store, top=2).show()

    assert names(shown) == ["c", "b"]
    assert (shown["total"], shown["matching"], shown["all"], shown["pages"]) == (2, 2, 3, 1)


def test_the_bin(session, page):
    """What was deleted, children under their parents; restored with them, it is gone from there."""
    parent = family(session)
    page.ask("delete", runs=[parent.run_id])
    shown = page.show(deleted=True, unfolded={parent.run_id: 9})

    assert [(row["name"], row["depth"]) for row in shown["rows"]] == [("parent", 0), ("child", 1)]
    assert (shown["matching"], shown["all"], shown["isBin"]) == (2, 2, True)
    assert len(page.ask("restore", ids=[parent.run_id])["ids"]) == 2
    assert names(page.show(deleted=True)) == []
    assert names(page.show(deleted=False))[0] == "parent"


def test_a_deletion_can_be_undone_from_a_cell(session, page):
    """As long as nobody did it in the panel."""
    ids = [id_of(page, "a"), id_of(page, "b")]
    page.ask("delete", runs=ids)
    assert [each.ids for each in session.deletions] == [ids]

    page.ask("restore", ids=ids)
    assert session.deletions == []


def test_a_tag_on_several_runs(page):
    ids = [id_of(page, "a"), id_of(page, "b")]
    page.ask("tag", runs=ids, key="team", text="red")
    wrong = page.send("tag", runs=ids, key="mlflow.user", text="me")

    assert names(page.show(filter="tags.team = 'red'")) == ["b", "a"]
    assert "keeps itself" in wrong["error"]


def test_ticked_runs_as_a_file(page):
    """In the order of the ticks, what matters first."""
    file = page.ask("csv", runs=[id_of(page, "b"), id_of(page, "a")])
    head, *lines = csv.reader(io.StringIO(file["text"]))

    assert file["name"] == "runs.csv"
    assert head[:4] == ["run_id", "run_name", "status", "start_time"]
    assert head[6:] == ["metrics.f1", "metrics.loss", "params.lr", "params.model"]
    assert [line[1] for line in lines] == ["b", "a"]
    assert lines[0][6:] == ["0.9", "0.25", "0.01", "SVC"]


def test_a_file_of_many_runs_is_read_at_once(session, page, monkeypatch):
    """The bin's too; a run that is not there is an error."""
    ids = [id_of(page, name) for name in "abc"]
    page.ask("delete", runs=ids[:1])
    reads = count_reads(session.store, monkeypatch)
    file = page.ask("csv", runs=ids)

    assert sum("run_id IN" in (query.filter_string or "") for query, *_ in reads) == 1
    assert [line.split(",")[1] for line in file["text"].splitlines()[1:]] == ["a", "b", "c"]
    assert "No run 'gone'" in page.send("csv", runs=[*ids, "gone"])["error"]


CELLS_OF_A_FILE = [
    ("=1+1", "'=1+1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("+cmd|x", "'+cmd|x"),
    ("-2+3", "'-2+3"),
    ("\t=1", "'\t=1"),
    ("-0.5", "-0.5"),
    ("+1e-3", "+1e-3"),
    ("a=b", "a=b"),
]


def test_no_cell_of_a_file_is_a_formula(session, page):
    """Whoever logged it; negative numbers are none."""
    for text, cell in CELLS_OF_A_FILE:
        with naming(text):
            with session.start_run(name="hostile") as run:
                run.log_param("lr", text)
            file = page.ask("csv", runs=[run.run_id])
            head, line = csv.reader(io.StringIO(file["text"], newline=""))

            assert line[head.index("params.lr")] == cell


EDITS = [
    ("rename", {"text": "new name"}, ("name", "new name")),
    ("note", {"text": "two\nlines"}, ("note", "two\nlines")),
    ("set_tag", {"key": "team", "text": "red"}, ("tags", {"team": "red"})),
    ("pin", {"on": True}, ("pinned", True)),
    ("baseline", {"on": True}, ("baseline", True)),
]


def test_edits(page):
    """Are in the record when the answer comes."""
    run_id = id_of(page, "a")
    for what, more, fact in EDITS:
        with naming(what):
            page.ask("edit", run=run_id, what=what, **more)

            assert page.ask("details", run=run_id)[fact[0]] == fact[1]


@pytest.mark.parametrize(("what", "fact"), [("pin", "pinned"), ("baseline", "baseline")])
def test_what_is_off_may_be_put_off_again(page, what, fact):
    """Another panel, which still shows it, was a little later."""
    run_id = id_of(page, "a")
    for on in (True, False, False):
        page.ask("edit", run=run_id, what=what, on=on)

    assert not page.ask("details", run=run_id)[fact]


def test_own_tags_are_not_edited(page):
    """They say where a run came from."""
    answer = page.send("edit", run=id_of(page, "a"), what="set_tag", key="mlflow.user", text="x")

    assert "keeps itself" in answer["error"]


def test_pinned_runs_stand_first(page):
    """Whatever the order."""
    page.ask("edit", run=id_of(page, "a"), what="pin", on=True)

    assert names(page.show()) == ["a", "c", "b"]
    assert names(page.show(sort=[["metrics.f1", True]])) == ["a", "b", "c"]


def test_a_deleted_run_comes_back_with_its_children(session, page):
    """What `delete` answers is what `restore` takes."""
    parent = family(session)
    gone = page.ask("delete", runs=[parent.run_id])["ids"]
    without = page.show()["all"]
    page.ask("restore", ids=gone)

    assert (len(gone), without, page.show()["all"]) == (2, 3, 5)


def test_deleted_runs_are_shown_where_they_are_asked_for(session, page):
    """With their children, and in the code for a cell too."""
    parent = family(session)
    page.ask("delete", runs=[parent.run_id])
    shown = page.show(filter="lifecycle_stage = deleted", unfolded={parent.run_id: 100})
    names_of = {}
    exec(page.ask("code", what="frame")["source"], names_of)

    assert (names(shown), shown["isBin"]) == (["parent", "child"], True)
    assert sorted(names_of["runs"]["tags.mlflow.runName"]) == ["child", "parent"]
    assert "parent" not in names(page.show(filter=""))


def test_code_for_a_cell(page):
    """It runs as it is."""
    run_id = id_of(page, "b")
    page.show(filter="metrics.f1 > 0.6")
    names_of = {}
    exec(page.ask("code", what="frame")["source"], names_of)
    again = page.ask("code", what="rerun", run=run_id)["source"]

    assert names_of["runs"]["metrics.f1"].tolist() == [0.7, 0.9]
    assert again.splitlines()[0] == "%%track b"
    assert {"lr = 0.01", "model = 'SVC'"} < set(again.splitlines())
    assert "no model" in page.send("code", what="model", run=run_id)["error"]


def test_curves(page):
    """Of metrics with a history; a single point has none."""
    run_id = id_of(page, "a")

    found = page.ask("sparklines", runs=[run_id], keys=["loss", "f1"])
    assert list(found[run_id]) == ["loss"]


def test_each_view_is_told_its_own_page(session, page):
    """Two views of one panel show two things, and both are kept up to date."""
    other = Page(page.panel, view="two")
    page.show(filter="metrics.f1 > 0.8")
    other.show(filter="")
    page.panel.refresh()

    told = {each["view"]: names(each) for each in page.pushes("page")}
    assert told == {"one": ["b"], "two": ["c", "b", "a"]}


LIES = [
    {"columns": ["nothing"]},
    {"sort": [["metrics.f1; drop table runs", True, 1]]},
    {"quick": {"x": "1"}},
    {"page": "1"},
    {"experiments": [3]},
    {"group": "params"},
]


def test_a_page_that_lies_gets_an_error(page):
    """What comes from a browser is checked."""
    for changes in LIES:
        with naming(changes):
            assert page.send("page", **{**page.ask("start")["state"], **changes})["error"]


def test_the_table_needs_neither_pandas_nor_altair(tmp_path):
    """They take a second to import, and the table of runs would wait for them."""
    import subprocess

    code = (
        "import sys\n"
        "from tests.support.panel_page import runs_page\n"
        "from nbtrack.recording.session import Session\n"
        "session = Session(); session.start_run(name='a').end()\n"
        "runs_page(session.store).show(); session.close()\n"
        "assert not {'pandas', 'altair'} & set(sys.modules)"
    )
    environment = {"NBTRACK_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)
