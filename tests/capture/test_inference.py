"""Params and metrics found in a cell."""

from __future__ import annotations

import datetime
import math
import os
import random
import statistics
import subprocess
import time
from collections import Counter, OrderedDict
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.capture.inference import inferred_metrics, inferred_params, requested_metrics
from nbtrack.capture.numbers import as_number
from nbtrack.capture.source import parse_cell
from nbtrack.errors import InvalidValue


def params_of(typed: str, **namespace: object) -> dict[str, object]:
    """Params of a cell that is run for real, in a namespace it leaves behind."""
    exec(typed, namespace)
    return inferred_params(parse_cell(typed, typed), namespace)


def metrics_of(typed: str, last: object = None, **namespace: object) -> dict[str, float]:
    return inferred_metrics(parse_cell(typed, typed), namespace, last)


@pytest.mark.parametrize(
    ("typed", "params"),
    [
        ("lr = 0.01", {"lr": 0.01}),
        ("sizes = [64, 64]", {"sizes": [64, 64]}),
        ("a, b = 1, 'x'", {"a": 1, "b": "x"}),
        ("lr: float = -0.5", {"lr": -0.5}),
        ("grid = {'C': [1, 10]}", {"grid": {"C": [1, 10]}}),
        ("seed = None\nshuffle = True", {"seed": None, "shuffle": True}),
        ("top = {1, 2}", {"top": {1, 2}}),
        ("name = ''", {"name": ""}),
        ("größe = 3", {"größe": 3}),
        ("q = 'x' * 3", {}),
        ("lr = 0.01\nlr = 0.02", {}),
        ("lr = 0.01\nlr *= 2", {}),
        ("a = [1]\na.append(2)", {}),
        ("a = [1]\na.append(2)\na.pop()", {}),
        ("a = {'b': 1}\ndef f(d): d['b'] = 2\nf(a)", {}),
        ("a = [1]\nb = a\nb[0] = True", {}),
        ("a = 1\nglobals()['a'] = 1.0", {}),
        ("a = 1\nglobals()['a'] = True", {}),
        ("a = 0.5\nglobals().pop('a')", {}),
        ("for i in [1]:\n    a = 1", {}),
        ("if True:\n    a = 1", {}),
        ("def f():\n    a = 1\nf()", {}),
        ("_a = 1\n__b = 2", {}),
        ("a = []\nb = {}\nc = ()", {}),
        ("prompt = '" + "x" * 200 + "'", {"prompt": "x" * 200}),
        ("prompt = '" + "x" * 201 + "'", {}),
        ("prompts = ['" + "x" * 201 + "']", {}),
        ("key = 'a'\ntoken = 'b'\nSECRET = 'c'\ndb_password = 'd'\napi_key = 'e'", {}),
        ("max_tokens = 512", {"max_tokens": 512}),
        ("openai = 'sk-abcdef123456'\nurl = 'postgres://user:pw@host/db'", {}),
        ("urls = ['https://host', 'postgres://user:pw@host/db']", {}),
        ("login = {'password': 1234}\ndsn = 'host=a password=hunter2'", {}),
        (
            "url = 'postgres://host/db'\nmodel = 'sk-learn'",
            {"url": "postgres://host/db", "model": "sk-learn"},
        ),
        ("x = f'{1}'", {}),
        ("x = ...", {}),
        ("def x(): pass", {}),
    ],
)
def test_params_are_plain_literals_that_still_stand(typed: str, params: dict[str, Any]) -> None:
    """A param is bound once, at the top, to a literal the name still holds, and is no secret."""
    found = params_of(typed)

    assert found == params
    assert [type(value) for value in found.values()] == [type(v) for v in params.values()]


def test_a_foreign_value_is_never_compared() -> None:
    """An array under the name does not raise in a comparison, it just is not the literal."""
    source = parse_cell("a = [1, 2]", "")

    assert inferred_params(source, {"a": [np.ones(3), 2]}) == {}
    assert inferred_params(source, {"a": np.array([1, 2])}) == {}


@pytest.mark.parametrize(
    "typed",
    [
        "x = accuracy_score(y, p)",
        "x = model.score(X, y)",
        "x = float(log_loss(y, p))",
        "x = round(metrics.f1_score(y, p), 3)",
        "x = cross_val_score(m, X, y).mean()",
        "x = np.mean(cross_val_score(m, X, y))",
        "x = mean_squared_error(y, p)",
        "x = await evaluate_loss()",
        "x = torchmetrics.F1Score(p, y)",
        "x = time_series_error(y, p)",
        "with no_grad():\n    x = criterion_loss(out, y)",
    ],
)
def test_results_of_metric_functions_are_metrics(typed: str) -> None:
    """The function's name is enough, through conversions and means."""
    assert metrics_of(typed, x=0.5) == {"x": 0.5}


@pytest.mark.parametrize(
    "name",
    ["acc", "val_loss", "testAccuracy", "rmse", "roc_auc", "r2", "f1", "mAP", "loss2", "ppl"],
)
def test_a_name_of_the_vocabulary_makes_a_result_a_metric(name: str) -> None:
    """A number from any function is a metric when its variable says so."""
    assert metrics_of(f"{name} = evaluate(X)", **{name: 0.5}) == {name: 0.5}


@pytest.mark.parametrize(
    "typed",
    [
        "x = len(X)",
        "x = fit(X)",
        "test_size = int(n * 0.2)",
        "n_scores = len(scores)",
        "error_count = count(df)",
        "errors = len(bad)",
        "error = count_errors(y)",
        "elapsed = score(y)",
        "fit_time = loss(y)",
        "score_time = clock()",
        "loss = perf_counter()",
        "loss_fn = make()",
        "scores_dir = make()",
        "loss_weight = tune()",
        "score_threshold = f1_score(y, p)",
        "learning_rate = schedule(3)",
        "loss = 0.3",
        "loss = a / b",
        "loss = total",
        "_loss = loss_of(y)",
        "loss = f(y)\nloss = f(z)",
        "loss = f(y)\nloss /= 2",
        "for e in range(3):\n    loss = step(e)",
        "if a:\n    loss = step(e)",
        "def f():\n    loss = g()",
        "p, x, support = f1_score_report(y)",
        "x = f1_score(y, p) * 100",
        "secret_score = score(y)",
        "classes = y.nunique()",
        "keyboard = crossing(y)",
    ],
)
def test_other_numbers_are_no_metrics(typed: str) -> None:
    """Times, counts, sizes, settings, and whatever is not sure to be a result stay out."""
    names = parse_cell(typed, typed).bindings

    assert metrics_of(typed, **dict.fromkeys(names, 0.5)) == {}


def test_names_tell_the_parts_of_a_result_apart() -> None:
    """`loss, acc = evaluate()` are two metrics; a multiple counts by its name as well."""
    typed = "loss, acc, other = model.evaluate(X)\nrmse = mean_squared_error(y, p) ** 0.5"

    assert metrics_of(typed, loss=0.4, acc=0.9, other=3, rmse=2.0) == {
        "loss": 0.4,
        "acc": 0.9,
        "rmse": 2.0,
    }


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5], np.ones(2), 1j, np.bool_(1)])
def test_a_metric_is_a_number(value: object) -> None:
    """What a metric function returned counts only if it is one real number."""
    assert metrics_of("loss = f(y)", loss=value) == {}


class Whole(int):
    """A subclass, as numeric libraries make them."""


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (0.5, 0.5),
        (math.inf, math.inf),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.int64(3), 3.0),
        (np.uint8(3), 3.0),
        (np.array(0.5), 0.5),
        (Fraction(1, 2), 0.5),
        (Whole(3), 3.0),
        (True, None),
        (np.bool_(True), None),
        (np.array(True), None),
        (np.array([0.5]), None),
        (np.timedelta64(3, "s"), None),
        (np.timedelta64(3, "ns"), None),
        (np.datetime64("2024-01-01"), None),
        (np.complex128(1), None),
        (np.str_("1"), None),
        (np.array(None, dtype=object), None),
        (pd.Timedelta("1s"), None),
        (pd.NA, None),
        (pd.Series([1.0]), None),
        (datetime.timedelta(1), None),
        (HTTPStatus.OK, None),
        (10**400, None),
        ("1", None),
        (float, None),
        (np.float64, None),
    ],
)
def test_numbers_of_all_libraries(value: object, number: float | None) -> None:
    """Scalars count whatever their library; truth values, times and arrays do not."""
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("shape", "item", "number"), [((), 0.5, 0.5), ((1,), 0.5, None), ((), True, None)]
)
def test_tensors_without_dimensions_are_numbers(
    shape: tuple[int, ...], item: object, number: float | None
) -> None:
    """Tensors are told by the library their class is from, which need not be installed."""
    tensor = type("Tensor", (), {"__module__": "torch", "shape": shape, "item": lambda self: item})

    assert as_number(tensor()) == number


def test_nan_is_a_number() -> None:
    """A diverged loss is a result too."""
    assert math.isnan(metrics_of("loss = f(y)", loss=np.float32("nan"))["loss"])


@pytest.mark.parametrize(
    ("typed", "last", "metrics"),
    [
        ("accuracy_score(y, p)", 0.9, {"accuracy_score": 0.9}),
        ("model.score(X, y)", np.float64(0.9), {"score": 0.9}),
        ("acc", 1, {"acc": 1.0}),
        ("right / total", 0.5, {"right / total": 0.5}),
        ("(y == p).mean()", 0.5, {"y _ p.mean": 0.5}),
        ("f(x)[a@b]", 0.5, {"f": 0.5}),
        ("report(y)", {"f1": 0.5, "auc": np.float32(1)}, {"f1": 0.5, "auc": 1.0}),
        ("report(y)", OrderedDict(recall=1), {"recall": 1.0}),
        ("report(y)", {"recall@5": 1, "n": 3, "fit_time": 2.0}, {"recall_5": 1.0}),
        ("report(y)", {"f1": 0.5, "name": "x"}, {}),
        ("report(y)", {"f1": {"a": 0.5}}, {}),
        ("report(y)", {"f1": True}, {}),
        ("report(y)", {0: 0.5}, {}),
        ("report(y)", {}, {}),
        ("report(y)", Counter("aab"), {}),
        ("report(y)", {f"w{i}": 1 for i in range(500)}, {}),
        ("report(y);", None, {}),
        ("model.fit(X, y)", object(), {}),
        ("y == p", True, {}),
        ("len(X)", 10, {}),
        ("X.shape[0]", 10, {}),
        ("time.time() - t0", 1.5, {}),
        ("elapsed", 1.5, {}),
        ("df.size", 15, {}),
        ("42", 42, {}),
        ("lr = 0.1\nlr", 0.1, {}),
        ("password", 1234, {}),
        ("x = 3", 3, {}),
        ("def f(", 0.5, {}),
        ("6 * 7", 42, {}),
        ("params = {'lr': 0.1}\nparams", {"lr": 0.1}, {}),
        ("for best in grid: pass\nbest", {"lr": 0.1}, {}),
        ("dict(api_key=1, f1=2)", {"api_key": 1, "f1": 2}, {"f1": 2.0}),
    ],
)
def test_the_last_value_is_a_metric(typed: str, last: object, metrics: dict[str, float]) -> None:
    """A number by its expression, a flat dict of numbers by its keys; no counts, no times."""
    assert metrics_of(typed, last) == metrics


def evaluate(*_: object) -> float:
    return 0.5


class Model:
    best_value = 0.5

    def score(self, *_: object) -> float:
        return 0.5

    def run(self, *_: object) -> float:
        return 0.5


THINGS = {
    "evaluate": evaluate, "model": Model(), "X": np.eye(2), "np": np, "math": math,
    "random": random, "randint": random.randint, "time": time, "os": os, "subprocess": subprocess,
    "statistics": statistics, "rng": np.random.default_rng(), "file": Path("a"),
    "nbtrack": nbtrack, "mlflow": nbtrack, "log_param": nbtrack.log_param, "run": object.__new__(
        nbtrack.ActiveRun), "pi": math.pi,
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "last", "key"),
    [
        ("evaluate(model)", 0.5, "evaluate"),
        ("evaluate(model)", 1, "evaluate"),
        ("await evaluate(model)", 0.5, "evaluate"),
        ("model.score(X, y)", 1, "score"),
        ("round(model.run(X), 3)", 0.5, "run"),
        ("model.best_value", 0.5, "best_value"),
        ("val_acc", np.int64(1), "val_acc"),
        ("for loss in losses: pass\nloss", 2, "loss"),
        ("x = fit(X)\nx", 0.5, "x"),
        ("history['loss'][-1]", 1, "loss"),
        ("losses = []\nfor x in X: losses.append(f(x))\nlosses[-1]", 0.5, "losses"),
        ("mass = 0\nfor x in X: mass += f(x)\nmass", 0.5, "mass"),
        ("right / len(y)", 0.5, "right / len_y"),
        ("(right == y).sum() / n", 0.5, "right _ y_.sum_ / n"),
        ("np.mean(X)", 0.5, "X.mean"),
        ("statistics.fmean(X)", 0.5, "fmean"),
        ("sum(losses) / 3", 0.5, "sum_losses_ / 3"),
        ("model.run(X) + random.random()", 0.5, "model.run_X_ _ random.random"),
    ],
)
def test_a_number_that_can_be_a_result_is_a_metric(typed: str, last: object, key: str) -> None:
    """Words of metrics say so whatever the type; else floats of the user's own making are."""
    [found] = metrics_of(typed, last, **THINGS)

    assert found == key


@pytest.mark.parametrize(
    ("typed", "last"),
    [
        ("nbtrack.log_param('lr', 0.1)", 0.1),
        ("mlflow.log_param('score', 0.1)", 0.1),
        ("log_param('lr', 0.1)", 0.1),
        ("float(nbtrack.log_param('lr', 0.1))", 0.1),
        ("run.data.metrics", {"f1": 0.5}),
        ("run.data.metrics['f1']", 0.5),
        ("nbtrack.get_run('a').data.metrics['f1'] - acc", 0.5),
        ("open('f', 'w').write('x')", 1),
        ("subprocess.call(['true'])", 0),
        ("os.path.getmtime('.')", 1.5),
        ("os.getloadavg()[0]", 1.5),
        ("file.stat().st_mtime", 1.5),
        ("random.random()", 0.5),
        ("randint(1, 6)", 3),
        ("100 * random.random()", 50.0),
        ("rng.normal()", 0.5),
        ("np.random.rand()", 0.5),
        ("torch.randn(1).item()", 0.5),
        ("x = random()\nx", 0.5),
        ("time.monotonic()", 0.5),
        ("sum(prices)", 9.5),
        ("X.sum()", 9.5),
        ("math.pi", 3.14),
        ("for C in (1, 2): pass\nC", 2),
        ("for C in (0.1, 1.0): pass\nC", 1.0),
        ("lr = 0.1\nlr * 10", 1.0),
        ("config = {'lr': 0.1}\nconfig['lr']", 0.1),
        ("count_words(text)", 12),
        ("np.argmax(X)", np.int64(3)),
        ("X[0][0]", np.array(3)),
        ("epoch", 7),
    ],
)
def test_what_is_clearly_no_result_is_no_metric(typed: str, last: object) -> None:
    """The record itself, settings, loop variables, chance, clocks, files, other integers."""
    assert metrics_of(typed, last, **THINGS) == {}


def test_a_look_for_the_origin_runs_nothing_of_the_users() -> None:
    """An object that answers every question is asked none."""

    class Asked:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    assert metrics_of("thing.a.b()", 0.5, thing=Asked()) == {"b": 0.5}


def test_a_long_expression_makes_a_key_that_is_allowed() -> None:
    """A key has at most 250 characters."""
    [key] = metrics_of(" + ".join(["value"] * 100), 0.5)

    assert len(key) <= 250


def test_requested_metrics_are_taken_whatever_they_are_called() -> None:
    """What the user names is logged, a time too."""
    found = requested_metrics(
        ["elapsed", "acc"], {"elapsed": 3, "acc": np.float32(0.5)}, assigned=()
    )

    assert found == {"elapsed": 3.0, "acc": 0.5}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acuracy", "no such variable.*accuracy"),
        ("model", "is a str.*Numbers"),
        ("flag", "is a bool"),
        ("zzz", "no such variable.*accuracy, loss"),
        ("", "none"),
        ("a@b", "none"),
    ],
)
def test_a_requested_metric_that_is_no_number_is_an_error(name: str, told: str) -> None:
    """The message says what is wrong and which numbers this cell has assigned."""
    namespace = {"accuracy": 0.5, "loss": 1.0, "model": "svm", "flag": True, "_x": 1, "old": 3}
    assigned = namespace.keys() - {"old"}

    with pytest.raises(InvalidValue, match=told) as raised:
        requested_metrics([name], namespace, assigned=assigned)
    assert "old" not in str(raised.value)
