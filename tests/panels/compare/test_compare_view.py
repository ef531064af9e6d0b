"""`nbtrack.compare` without a kernel: which runs are meant, and what is said of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, NotFound
from nbtrack.journal.lines import environment_line, now_us, run_line
from nbtrack.recording.session import current_session
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, all_of, origins_text
from tests.support.markup_check import HOSTILE, Page

pytestmark = pytest.mark.usefixtures("project")


def run_with(name=None, *, params=None, metrics=None, tags=None):
    with nbtrack.start_run(run_name=name, tags=tags) as run:
        nbtrack.log_params(params or {})
        nbtrack.log_metrics(metrics or {})
    return run.info.run_id


def section(view, name):
    return next(each for each in view.content.sections if each.name == name)


def line(view, name, key):
    return next(each for each in section(view, name).lines if each.key == key)


def fitted(name, *, told, defaults, metrics):
    """A run as autolog records it."""
    run_id = run_with(name, params={**told, **defaults}, metrics=metrics)
    origins = Origins(
        params={**all_of(told, Origin.CHANGED), **all_of(defaults, Origin.DEFAULT)},
        metrics={key: Origin.TRAINING for key in metrics if key.startswith("training_")},
    )
    nbtrack.MlflowClient().set_tag(run_id, ORIGINS_TAG, origins_text(origins))
    return run_id


# --- which runs


def test_runs_are_named_in_many_ways():
    """By id, its beginning, name, as a run, a row, a frame, or lists of these; each once."""
    ids = [run_with("first"), run_with("second"), run_with("third")]
    frame = nbtrack.search_runs(order_by=["start_time asc"])
    ways = [
        ids,
        [each[:12] for each in ids],
        ["first", "second", "third"],
        [nbtrack.get_run(each) for each in ids],
        [nbtrack.get_run(each).info for each in ids],
        [frame],
        [frame.iloc[0], frame.iloc[1], frame.iloc[2]],
        [frame.run_id],
        [[ids[0], "second"], frame],
        [nbtrack.runs(sort="start_time asc")],
        [SimpleNamespace(selected=ids)],
    ]

    assert [nbtrack.compare(*way).run_ids for way in ways] == [ids] * len(ways)


def test_an_open_run_can_be_compared():
    """As `start_run` gives it."""
    before = run_with()
    with nbtrack.start_run() as run:
        assert nbtrack.compare(before, run).run_ids == [before, run.info.run_id]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "0 runs to compare"),
        ((SimpleNamespace(selected=[]),), "No run is ticked"),
        ((42,), "42 is no run"),
        ((b"abc",), "b'abc' is no run"),
        (({"run_id": "x"},), "is no run"),
        (([None],), "None is no run"),
        (([f"run {n}" for n in range(21)],), "21 runs to compare; choose 2 to 20"),
    ],
)
def test_what_cannot_be_compared(given, words):
    """The error names the value and says what to give instead."""
    with pytest.raises(InvalidValue, match=words):
        nbtrack.compare(*given)


@pytest.mark.parametrize("name", ["nowhere", "') or (1=1", "x'; drop table runs"])
def test_an_unknown_run_is_said_to_be(name):
    """A name is no filter."""
    with pytest.raises(NotFound, match="neither an id nor a name"):
        nbtrack.compare(run_with(), name)


def test_one_run_is_not_compared_with_itself():
    """Whatever it is called."""
    only = run_with("only")

    with pytest.raises(InvalidValue, match="1 runs to compare"):
        nbtrack.compare(only, "only", only[:9])


# --- the baseline


def test_the_baseline_is_the_first_run():
    """Unless an experiment has one, or it is given; a given one joins the runs."""
    ids = [run_with("a"), run_with("b"), run_with("c")]
    assert nbtrack.compare(*ids).baseline == ids[0]
    assert nbtrack.compare(*ids, baseline="c").baseline == ids[2]
    assert nbtrack.compare(ids[0], baseline="c").run_ids == [ids[2], ids[0]]

    nbtrack.set_experiment_tag("nbtrack.baseline", ids[1])
    assert nbtrack.compare(*ids).baseline == ids[1]


def test_a_baseline_is_one_run():
    """Two of them are an error that shows what was given."""
    ids = [run_with(), run_with()]

    with pytest.raises(InvalidValue, match="2 runs in"):
        nbtrack.compare(*ids, baseline=ids)


# --- what is said


def test_a_metric_is_better_or_worse_than_the_baseline():
    """Where its better side is known; arrow and sign say where it went in any case."""
    view = nbtrack.compare(
        run_with(metrics={"f1": 0.5, "loss": 0.5, "seen": 1}),
        run_with(metrics={"f1": 0.75, "loss": 0.75, "seen": 3}),
    )

    changes = {m.key: m.values[1][1:3] for m in section(view, "metrics").lines}
    assert changes == {
        "f1": ("▲ +0.25", "better"),
        "loss": ("▲ +0.25", "worse"),
        "seen": ("▲ +2", ""),
    }


def test_what_cannot_be_measured_has_no_delta():
    """A missing value is a dash, NaN is NaN, and equal numbers are no change."""
    nan = float("nan")
    view = nbtrack.compare(
        run_with(metrics={"a": nan, "b": 0.5, "c": 0.5}),
        run_with(metrics={"a": 0.5, "b": 0.5}),
        run_with(metrics={"a": nan, "b": float("inf")}),
    )

    assert [value.change for value in line(view, "metrics", "a").values] == ["", "", ""]
    assert [value.differs for value in line(view, "metrics", "a").values] == [False, True, False]
    assert line(view, "metrics", "c").values[1].text == "–"
    assert line(view, "metrics", "b").values[1].verdict == ""
    assert line(view, "metrics", "b").values[2].change == ""


def test_a_declared_direction_counts():
    """As `--metrics rt:min` declares it."""
    nbtrack.set_experiment_tag("nbtrack.better.rt", "lower")
    view = nbtrack.compare(run_with(metrics={"rt": 2}), run_with(metrics={"rt": 1}))

    assert line(view, "metrics", "rt").values[1].verdict == "better"


def test_data_and_memory_are_readable():
    """Rows instead of a profile in JSON, gibibytes instead of bytes."""
    import pandas as pd

    ids = []
    for rows in ([1, 2], [1, 3, 4]):
        with nbtrack.start_run() as run:
            nbtrack.log_input(nbtrack.data.from_pandas(pd.DataFrame({"x": rows}), name="t"))
        ids.append(run.info.run_id)
    store = current_session().store
    store.append(environment_line("d", {"memory_bytes": 3 << 30}, t=now_us()))
    store.append(run_line(ids[0], t=now_us(), environment="d"))
    view = nbtrack.compare(*ids)

    (data,) = section(view, "data").lines
    assert [value.text.split(" · ")[1] for value in data.values] == ["2 rows", "3 rows"]
    memory = line(view, "environment", "memory")
    assert [value.text for value in memory.values] == ["3.0 GiB", "–"]
    assert not memory.differs  # of the other run nobody noted it


def test_runs_of_one_name_are_told_apart():
    """Their columns, here and in the DataFrame, carry the beginning of the id too."""
    ids = [run_with("same"), run_with("same")]
    view = nbtrack.compare(*ids)

    assert [head.label for head in view.content.runs] == [f"same · {each[:8]}" for each in ids]
    assert list(view.df.columns) == [f"same · {each[:8]}" for each in ids]


def test_the_frame_has_every_value():
    """Numbers stay numbers, and what a run has not is None."""
    view = nbtrack.compare(
        run_with("a", params={"lr": 0.1}, metrics={"f1": 0.5}), run_with("b", params={"lr": 0.2})
    )

    assert view.df.loc[("params", "lr")].to_dict() == {"a": "0.1", "b": "0.2"}
    assert view.df.loc[("metrics", "f1")].to_dict() == {"a": 0.5, "b": None}
    assert view.df.loc[("run", "run_id"), "b"] == view.run_ids[1]


# --- on paper


def test_equal_lines_are_left_out_of_a_long_comparison():
    """And counted; a handful is shown as it is."""
    many = {f"p{n}": n for n in range(8)}
    long, short = (
        nbtrack.compare(
            run_with("a", params={**others, "lr": 1}), run_with("b", params={**others, "lr": 2})
        )
        for others in (many, {"c": 1})
    )

    for text in (repr(long), long._repr_html_()):
        assert "8 the same" in text
        assert "p3" not in text
    assert "the same" not in repr(short).split("ENVIRONMENT")[0]


def test_what_explains_it_stands_below_two_runs():
    """Seen from the baseline; of more runs nobody knows which two are meant."""
    ids = [run_with(str(lr), params={"lr": lr}) for lr in (1, 2, 3)]
    two, three = nbtrack.compare(*ids[:2]), nbtrack.compare(*ids)
    back = nbtrack.compare(*ids[:2], baseline=ids[1])

    for view, arrow in ((two, "1 → 2"), (back, "2 → 1")):
        for text in (repr(view), Page(view._repr_html_()).text):
            assert arrow in text.partition("WHAT EXPLAINS IT")[2]
    assert "WHAT EXPLAINS IT" not in repr(three) + three._repr_html_()


def test_the_text_is_no_wider_than_a_terminal():
    """Runs that do not fit are counted."""
    ids = [run_with(f"a run with a long name {n}", params={"x": "y" * n}) for n in range(12)]
    text = repr(nbtrack.compare(*ids))

    assert max(map(len, text.splitlines())) <= 120
    assert "more, to fit 120" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_runs_stays_text(text):
    """In names, values and tags."""
    clean = text.encode("utf-8", "replace").decode()
    view = nbtrack.compare(
        run_with(clean, params={"p": clean}, tags={"t": clean}), run_with(clean + "2")
    )

    page = Page(view._repr_html_())
    assert page.unwanted == []
    assert page.open == []
    assert "\x1b" not in repr(view)


# --- kinds of estimators


def test_params_of_one_kind_are_one_line():
    """What was set of them is named, the defaults counted, the whole folded away."""
    scores = {"accuracy": 0.9, "training_score": 1.0}
    svc = fitted("SVC", told={"C": 10}, defaults={"gamma": "scale", "tol": 1}, metrics=scores)
    forest = fitted("forest", told={}, defaults={"max_depth": None, "tol": 1}, metrics=scores)
    view = nbtrack.compare(svc, forest)

    assert [each.key for each in section(view, "params").lines] == ["of its kind", "tol"]
    told = line(view, "params", "of its kind").values
    assert [value.text for value in told] == ["C=10 · 1 default", "1 default"]
    folded = section(view, "kinds")
    assert folded.is_folded
    assert {each.key for each in folded.lines} == {"C", "gamma", "max_depth"}


def test_what_was_measured_comes_before_params():
    """And scores of the training data are folded behind both."""
    scores = {"training_score": 1.0, "accuracy": 0.9}
    ids = [fitted(n, told={"C": n}, defaults={}, metrics=scores) for n in ("1", "2")]
    view = nbtrack.compare(*ids)

    names = [each.name for each in view.content.sections]
    assert names[:3] == ["metrics", "training", "params"]
    assert [each.key for each in section(view, "metrics").lines] == ["accuracy"]
    assert "training_score" not in repr(view)
