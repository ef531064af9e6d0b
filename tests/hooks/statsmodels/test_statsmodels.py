"""statsmodels' fits record themselves: what the results tell, and the model."""

from __future__ import annotations

import csv
import inspect
import io

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error

import nbtrack
from tests.hooks.boosters import files, inputs, model_uri

sm = pytest.importorskip("statsmodels.api")
smf = pytest.importorskip("statsmodels.formula.api")
rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
frame["y"] = 2 * frame["a"] + rng.normal(size=60)
frame["z"] = (frame["y"] > 0).astype(int)


def text(run, file):
    return nbtrack.artifacts.load_text(f"runs:/{run.info.run_id}/{file}")


def coefficients(run):
    return list(csv.DictReader(io.StringIO(text(run, "coefficients.csv"))))


def test_a_formula_leaves_all_that_is_known(autologged):
    """MLflow lacks the formula and the coefficients."""
    results = smf.ols("y ~ a + np.exp(b)", frame).fit(cov_type="HC1")
    run = autologged.run()

    assert run.data.params.items() >= {
        "model_class": "OLS", "formula": "y ~ a + np.exp(b)", "cov_type": "HC1", "method": "pinv",
    }.items()  # fmt: skip
    for name in ("aic", "bic", "llf", "rsquared", "rsquared_adj", "fvalue", "f_pvalue", "ssr"):
        assert run.data.metrics[name] == getattr(results, name)
    assert (
        text(run, "model_summary.txt").splitlines()[2:5]
        == (str(results.summary()).splitlines()[2:5])
    )
    assert inputs(run) == [("frame", "train")]
    assert run.info.run_name == "OLS formula=y ~ a + np.exp(b)"


def test_the_coefficients_are_a_table(autologged):
    """With all digits."""
    results = smf.logit("z ~ a", frame).fit(disp=0)
    rows = coefficients(autologged.run())

    assert [row["name"] for row in rows] == ["Intercept", "a"]
    told = {"coef": "params", "std err": "bse", "z": "tvalues", "P>|z|": "pvalues"}
    for column, name in told.items():
        assert [float(row[column]) for row in rows] == list(getattr(results, name))
    pairs = [(float(row["[0.025"]), float(row["0.975]"])) for row in rows]
    assert pairs == [tuple(pair) for pair in results.conf_int().to_numpy()]


def test_coefficients_of_several_equations(autologged):
    """The row of each is its own, with and without names."""
    y = np.arange(60) % 3
    X = frame[["a", "b"]]
    for data in (X, X.to_numpy()):
        results = sm.MNLogit(y, data).fit(disp=0)
        run = autologged.runs()[-1]
        rows = coefficients(run)
        params, low = np.asarray(results.params), np.asarray(results.conf_int()).reshape(2, 2, 2)

        assert float(rows[1]["coef"]) == params[1, 0]
        assert float(rows[2]["coef"]) == params[0, 1]
        assert float(rows[2]["[0.025"]) == low[1, 0, 0]
        assert rows[2]["name"].startswith("1: ")


def test_arrays_and_the_model(autologged):
    """Named by their variables; the model predicts as the results do."""
    X, target = sm.add_constant(frame[["a", "b"]]), frame["y"]
    results = sm.OLS(target, X).fit()
    run = autologged.run()
    loaded = nbtrack.pyfunc.load_model(model_uri(run))

    assert inputs(run) == [("X", "train"), ("target", "train")]
    assert loaded.metadata.signature.inputs.input_names() == ["const", "a", "b"]
    np.testing.assert_array_equal(loaded.predict(X), results.predict(X))


def test_the_signature_of_a_formula_has_what_explains(autologged):
    """Not what is to be explained."""
    results = smf.glm("z ~ a", frame, family=sm.families.Binomial()).fit()
    run = autologged.run()
    loaded = nbtrack.pyfunc.load_model(model_uri(run))

    assert loaded.metadata.signature.inputs.input_names() == ["a"]
    np.testing.assert_array_equal(loaded.predict(frame[["a"]]), results.predict(frame))
    assert run.data.params.items() >= {("family", "Binomial"), ("link", "Logit")}


def test_a_series_of_time(autologged):
    """The order is told, and the model predicts from a start to an end."""
    from statsmodels.tsa.arima.model import ARIMA

    results = ARIMA(frame["y"], order=(1, 0, 0)).fit()
    run = autologged.run()
    loaded = nbtrack.pyfunc.load_model(model_uri(run))
    asked = pd.DataFrame({"start": [60], "end": [63]})

    assert run.data.params["order"] == "(1, 0, 0)"
    assert run.info.run_name.startswith("ARIMA order=(1, 0, 0)")
    assert run.data.metrics["aic"] == results.aic
    np.testing.assert_array_equal(loaded.predict(asked), results.predict(60, 63))


def test_a_regularized_fit(autologged, caplog):
    """It has no errors and no summary; nothing is said of that."""
    sm.OLS(frame["y"], frame[["a", "b"]]).fit_regularized(alpha=0.1)
    run = autologged.run()

    assert run.data.params["alpha"] == "0.1"
    assert coefficients(run)[0].keys() == {"name", "coef"}
    assert files(run) == {"model", "coefficients.csv"}
    assert not caplog.records


def test_what_statsmodels_fits_itself_is_no_run(autologged):
    """A GLM and a mixed model fit others on their way; ANOVA fits many."""
    from statsmodels.stats.anova import AnovaRM

    smf.mixedlm("y ~ a", frame, groups=frame["z"]).fit()
    smf.negativebinomial("z ~ a", frame).fit(disp=0)
    assert len(autologged.runs()) == 2

    table = pd.DataFrame({"who": [1, 1, 2, 2, 3, 3], "how": [0, 1] * 3, "y": rng.normal(size=6)})
    AnovaRM(table, "y", "who", within=["how"]).fit()
    assert len(autologged.runs()) == 2


class Own(sm.OLS):
    def fit(self, **kwargs):
        return super().fit(**kwargs)


def test_a_class_of_the_users(autologged):
    """Once, though its `fit` calls another."""
    Own(frame["y"], frame[["a"]]).fit()
    assert autologged.run().data.params["model_class"] == "Own"


def test_the_results_are_those_of_a_fit_nobody_records(autologged):
    """To the last bit."""
    recorded = smf.ols("y ~ a * b", frame).fit()
    nbtrack.autolog(disable=True)
    bare = smf.ols("y ~ a * b", frame).fit()

    assert list(recorded.params) == list(bare.params)
    assert recorded.bic == bare.bic
    assert vars(recorded.model).keys() == vars(bare.model).keys()


def test_a_fit_that_fails(autologged):
    """Its run says why."""
    with pytest.raises(np.linalg.LinAlgError):
        sm.Logit(frame["z"], np.ones((60, 2))).fit(disp=0)
    run = autologged.run()

    assert run.info.status == "FAILED"
    assert "Singular matrix" in run.data.tags["nbtrack.fit_error"]


def test_nothing_is_recorded_after_disable(autologged):
    """The classes have their own methods back."""
    nbtrack.statsmodels.autolog(disable=True)
    smf.ols("y ~ a", frame).fit()
    assert autologged.runs() == []


def test_the_arguments_of_autolog_are_mlflows():
    """With the same defaults."""
    mlflow = pytest.importorskip("mlflow.statsmodels")
    mine, theirs = (
        {p.name: p.default for p in inspect.signature(each.autolog).parameters.values()}
        for each in (nbtrack.statsmodels, mlflow)
    )
    assert mine == theirs


def test_what_is_measured_of_a_prediction_is_of_the_run_of_the_fit(autologged):
    """With a formula and with arrays; the rows that were asked about are named."""
    test = frame.iloc[40:]
    array = test[["a"]].to_numpy()
    first = smf.ols("y ~ a + b", frame).fit()
    second = sm.OLS(frame["y"].to_numpy(), frame[["a"]].to_numpy()).fit()
    errors = [
        mean_squared_error(test["y"], first.predict(test)),
        mean_squared_error(test["y"], second.predict(array)),
    ]
    runs = autologged.runs()

    assert runs[0].data.metrics["mean_squared_error_test"] == errors[0]
    assert runs[1].data.metrics["mean_squared_error_array"] == errors[1]
    assert inputs(runs[0]) == [("frame", "train"), ("test", "eval")]


def test_forecasts_are_of_the_run_of_their_model(autologged):
    """By `forecast`, of which a wrapper has its own, and by `predict` with places in time."""
    results = sm.tsa.ARIMA(frame["y"].iloc[:50], order=(1, 0, 0)).fit()
    with nbtrack.start_run():
        error = mean_absolute_error(frame["y"].iloc[50:], results.forecast(10))
        mean_absolute_error(frame["y"].iloc[50:], results.predict(start=50, end=59))
    fitted, around = autologged.runs()
    found = {k: v for k, v in fitted.data.metrics.items() if k.startswith("mean_absolute")}

    assert list(found.values()) == [error, error]
    assert not around.data.metrics
    assert len(inputs(fitted)) == 1  # steps are no data
