"""Default names of runs, and variables on the magic line."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from nbtrack.capture.naming import run_name
from nbtrack.capture.source import CellSource, parse_cell


def cell(typed: str) -> CellSource:
    return parse_cell(TransformerManager().transform_cell(typed), typed)


@pytest.mark.parametrize(
    ("typed", "params", "name"),
    [
        (
            "model = RandomForestClassifier(max_depth=10)\nmodel.fit(X, y)",
            {},
            "RandomForestClassifier max_depth=10",
        ),
        (
            "depth = 10\nm = RandomForestClassifier(max_depth=depth, random_state=0)",
            {"depth": 10},
            "RandomForestClassifier max_depth=10",
        ),
        ("m = RandomForestClassifier().fit(X, y)", {"depth": 3}, "RandomForestClassifier depth=3"),
        ("SVC(C=10.0, n_jobs=2).fit(X, y)", {}, "SVC C=10"),
        ("make_pipeline(StandardScaler(), SVC(C=1))", {}, "SVC C=1"),
        ("GridSearchCV(Ridge(), {'alpha': [1]})", {}, "Ridge"),
        ("b = xgb.train({}, xgb.DMatrix(X, y), 3)", {}, "cell 7: train"),
        ("ds = DataLoader(d, batch_size=4)\nnet = TinyNet(width=8)", {}, "TinyNet width=8"),
        (
            "df = DataFrame(x)\nm = lgb.LGBMClassifier(num_leaves=31)",
            {},
            "LGBMClassifier num_leaves=31",
        ),
        ("m = Whatever(3)", {}, "Whatever"),
        ("m = SVC(C=c)", {}, "SVC"),
        ("m = SVC(api_key='x')", {"token": "y"}, "SVC"),
        ("m = SVC(kernel='" + "x" * 40 + "')", {}, "SVC kernel=" + "x" * 23 + "…"),
        (
            "m = SVC(a=1, b=2, c=3, d=4)",
            {},
            "SVC a=1 b=2 c=3",
        ),
        ("m = " + "Long" * 20 + "Classifier()", {}, "Long" * 14 + "Lon…"),
    ],
)
def test_a_run_is_named_after_its_estimator(
    typed: str, params: dict[str, object], name: str
) -> None:
    """The class that was trained and what was set, in at most 60 characters."""
    assert run_name(cell(typed), params=params, execution_count=7) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("%track\nfor d in depths:\n    sweep(d)", "cell 7: sweep"),
        ("%track\n# Sweep over depth\nfit(1)", "cell 7: Sweep over depth"),
        ("%track\n# %%\n#noqa\n## -- Sweep --\nfit(1)", "cell 7: Sweep"),
        ("print(len(x))\nfit(x)  # last", "cell 7: fit"),
        ("# login, token = abc", "cell 7: login, token = ***"),
        ("x = Path('a') / 'b'\nraise ValueError(x)", "cell 7: Path"),
        ("x = 1", "cell 7"),
        ("def f(:", "cell 7"),
        ("", "cell 7"),
        ("# " + "long words " * 20, ("cell 7: " + "long words " * 20)[:59].rstrip() + "…"),
    ],
)
def test_a_run_without_an_estimator_is_named_after_its_cell(typed: str, name: str) -> None:
    """The cell's number and what it is about: its comment, else what it calls first."""
    assert run_name(cell(typed), params={}, execution_count=7) == name


def test_words_of_the_magic_line_name_the_cell() -> None:
    """What the user wrote beats what was guessed; outside of a notebook there is no number."""
    source = cell("SVC().fit(X, y)")

    assert run_name(source, params={}, execution_count=7, words=" my  sweep") == "cell 7: my sweep"
    assert run_name(source, params={}, words="sweep") == "cell: sweep"
