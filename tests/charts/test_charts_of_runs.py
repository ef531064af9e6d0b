"""Charts of many runs: scatter, parallel coordinates, importance."""

from __future__ import annotations

import json
import math
import random

import pytest
from scipy.stats import spearmanr

from nbtrack.charts.columns import categories_of, numbers_of, offers_log
from nbtrack.charts.drawing import spec_of, whole_spec_of
from nbtrack.charts.importance import importance
from nbtrack.charts.parallel import parallel, scale_axis
from nbtrack.charts.ranks import rank_correlation, rank_dependence
from nbtrack.charts.scatter import scatter
from nbtrack.errors import InvalidValue
from nbtrack.records.views import RunValues


def values_of(n: int = 40, **columns) -> RunValues:
    return RunValues(
        run_ids=[f"{place:032x}" for place in range(n)],
        names=[f"run {place}" for place in range(n)],
        columns=columns,
    )


def search(n: int = 40, seed: int = 0) -> RunValues:
    """f1 falls with the rate, rises a little with one model, and knows nothing of the seed."""
    chance = random.Random(seed)
    rates = [10 ** chance.uniform(-4, -1) for _ in range(n)]
    models = [chance.choice(["SVC", "forest", "linear"]) for _ in range(n)]
    f1 = [
        0.5 - 0.1 * math.log10(rate) + 0.02 * (model == "forest") + chance.gauss(0, 0.005)
        for rate, model in zip(rates, models)
    ]
    columns = {
        "params.lr": [repr(rate) for rate in rates],
        "params.model": models,
        "params.seed": [str(chance.randint(0, 9)) for _ in range(n)],
        "params.same": ["1"] * n,
        "metrics.f1": f1,
        "metrics.loss": [1 - value for value in f1],
    }
    return values_of(n, **columns)


PARAMS = ["params.lr", "params.model", "params.seed", "params.same"]


@pytest.mark.parametrize(
    ("raw", "numbers"),
    [
        (["0.1", "2", None], [0.1, 2.0, None]),
        ([1, 2.5, math.nan], [1.0, 2.5, None]),
        (["0.1", "nan"], [0.1, None]),
        (["0.1", "auto"], None),
        (["True", "False"], None),
        ([True, False], None),
        ([None, None], None),
    ],
)
def test_params_are_numbers_only_if_all_are(raw, numbers):
    """One word among them makes a column categories; what is missing decides nothing."""
    assert numbers_of(raw) == numbers


def test_categories_are_in_the_order_of_people():
    """p2 before p10, in any case."""
    assert categories_of(["p10", "P2", None, "p1"]) == ["p1", "P2", "p10"]


@pytest.mark.parametrize(
    ("numbers", "offered"),
    [([0.001, 1.0], True), ([1.0, 50.0], False), ([0.0, 1000.0], False), ([-1, 1e9], False)],
)
def test_a_log_scale_is_offered_for_wide_spans(numbers, offered):
    """Over more than two decades, and only above 0."""
    assert offers_log(numbers) is offered


def test_scatter_has_a_brush_and_a_tooltip():
    """The brush is "picked"; the tooltip names the run and the values as text."""
    drawing = scatter(search(), x="params.lr", y="metrics.f1", colour_by="metrics.loss")
    spec = spec_of(drawing)

    assert {param["name"] for param in spec["params"]} == {"picked", "chosen"}
    assert [tip["title"] for tip in spec["encoding"]["tooltip"]] == ["run", "lr", "f1", "loss"]
    assert spec["encoding"]["x"]["scale"]["type"] == "log"
    assert drawing.rows[3]["run"] == "run 3"


def test_scatter_takes_categories():
    """A param of words is an axis of its words, and a colour for each."""
    spec = spec_of(scatter(search(), x="params.model", y="metrics.f1", colour_by="params.model"))

    assert spec["encoding"]["x"]["type"] == "nominal"
    assert spec["encoding"]["color"]["scale"]["domain"] == ["forest", "linear", "SVC"]


def test_scatter_says_what_it_leaves_out():
    """A run without one of the values cannot be shown, and is counted."""
    values = values_of(3, **{"params.lr": ["1", None, "2"], "metrics.f1": [1.0, 2.0, None]})
    drawing = scatter(values, x="params.lr", y="metrics.f1")

    assert len(drawing.rows) == 1
    assert spec_of(drawing)["title"]["subtitle"].startswith("2 runs lack")


def test_each_axis_of_parallel_coordinates_has_its_own_scale():
    """From the lowest to the highest, by powers of ten for wide spans, by name for categories."""
    assert scale_axis("f1", [1.0, 3.0, 2.0]).places == [0, 1, 0.5]
    assert scale_axis("lr", ["0.001", "0.1", "10"]).places == pytest.approx([0, 0.5, 1])
    assert scale_axis("lr", ["0.001", "0.1", "10"]).title == "lr (log)"
    assert scale_axis("model", ["b", "a", None]).places == [1, 0, None]
    assert scale_axis("same", ["5", "5"]).places == [0.5, 0.5]


def test_parallel_lines_are_coloured_by_the_last_axis():
    """One row per run and axis; the colour is the run's place on the last one."""
    values = values_of(3, **{"params.lr": ["1", "2", "3"], "metrics.f1": [1, 3, None]})
    drawing = parallel(values, axes=["params.lr", "metrics.f1"])

    assert len(drawing.rows) == 4
    assert {(row["run"], row["c"]) for row in drawing.rows} == {("run 0", 0), ("run 1", 1)}
    assert spec_of(drawing)["title"]["subtitle"] == "1 run without it is left out"


def test_a_param_that_a_run_lacks_has_a_place_on_its_axis():
    """Models of several kinds have params of their own: their lines go through "none"."""
    values = values_of(2, **{"params.C": ["1", None], "metrics.f1": [1, 2]})
    rows = parallel(values, axes=["params.C", "metrics.f1"]).rows
    place = next(row for row in rows if row["run"] == "run 1" and row["axis"] == "C")

    assert (place["text"], place["y"] < 0) == ("none", True)


def test_parallel_coordinates_need_two_columns():
    """One axis is none."""
    with pytest.raises(InvalidValue, match="two columns"):
        parallel(search(), axes=["metrics.f1"])


def test_rank_correlation_is_scipys():
    """Also with ties."""
    chance = random.Random(1)
    a = [chance.randint(0, 9) for _ in range(60)]
    b = [value + chance.gauss(0, 3) for value in a]

    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0


def test_two_categories_are_ranked_like_numbers():
    """Of two categories the measure is |Spearman| of 0 and 1."""
    a, b = ["x", "y", "x", "y", "y"], [1.0, 3.0, 2.0, 5.0, 4.0]

    assert rank_dependence(a, b) == pytest.approx(
        abs(spearmanr([each == "y" for each in a], b).statistic)
    )


def test_many_random_categories_explain_nothing():
    """More categories explain more by chance alone: that is taken off."""
    chance = random.Random(2)
    found = [
        rank_dependence([str(chance.randint(0, 20)) for _ in range(60)], list(range(60)))
        for _ in range(20)
    ]

    assert sum(found) / 20 < 0.3
    assert rank_dependence(["a", "b", "c", "d"], [1, 2, 3, 4]) == 0
    assert rank_dependence(["a", "a", "b", "b", "c", "c"], [1, 1, 2, 2, 3, 3]) == pytest.approx(1)


def test_importance_finds_what_matters():
    """The rate comes first, by both measures; a param of one value is not there."""
    found = importance(search(), params=PARAMS, metric="metrics.f1")

    assert found.params[0].param == "params.lr"
    assert [each.param for each in found.params if each.is_categorical] == ["params.model"]
    assert "params.same" not in {each.param for each in found.params}
    lr = found.params[0]
    rho = spearmanr([float(v) for v in search().columns["params.lr"]],
                    search().columns["metrics.f1"]).statistic  # fmt: skip
    assert lr.correlation == pytest.approx(abs(rho))
    if found.forest_r2 is not None:  # a busy machine may have left it out
        assert lr.permutation == max(each.permutation for each in found.params)


def test_importance_says_on_how_much_it_rests():
    """n is in the title, and too few runs for a forest are named as the reason for none."""
    found = importance(search(12), params=PARAMS, metric="metrics.f1")
    title = spec_of(found.drawing)["title"]

    assert "n = 12" in title["text"]
    assert "a forest needs 20 runs" in title["subtitle"]
    assert found.forest_r2 is None
    assert {each.permutation for each in found.params} == {None}


def test_importance_of_nothing_is_an_empty_chart():
    """No params, or none that differ."""
    found = importance(search(), params=["params.same"], metric="metrics.f1")

    assert found.params == []
    json.dumps(whole_spec_of(found.drawing))


def test_importance_needs_a_number():
    """A metric that no run has, or a param of words."""
    with pytest.raises(InvalidValue, match="model is no number"):
        importance(search(), params=PARAMS, metric="params.model")


def test_what_is_drawn_is_vega_lite():
    """By Altair's whole schema; the panel does not check that at every drawing."""
    values = search()
    every = [
        scatter(values, x="params.lr", y="metrics.f1", colour_by="params.model"),
        scatter(values, x="params.model", y="metrics.f1"),
        parallel(values, axes=["params.model", "params.lr", "params.seed", "metrics.f1"]),
        importance(values, params=PARAMS, metric="metrics.f1").drawing,
    ]
    for drawing in every:
        drawing.chart.to_dict(validate=True)
