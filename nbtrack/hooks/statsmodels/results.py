"""What the results of a fit tell: numbers by MLflow's names, and the table of coefficients."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from nbtrack.records.origins import Origin

# How good it is, and what that was reckoned from. Those that MLflow does not have stand last.
_GOODNESS = (
    *("aic", "bic", "llf", "rsquared", "rsquared_adj", "fvalue", "f_pvalue"),
    *("prsquared", "llr_pvalue", "deviance", "hqic", "aicc"),
)
_REST = (
    *("centered_tss", "condition_number", "df_model", "df_resid", "ess", "mse_model"),
    *("mse_resid", "mse_total", "scale", "ssr", "uncentered_tss"),
    *("nobs", "llnull", "pearson_chi2"),
)
ORIGINS = {**dict.fromkeys(_GOODNESS, Origin.TRAINING), **dict.fromkeys(_REST, Origin.BOOKKEEPING)}
# What statsmodels raises where a number is not defined for a model.
UNDEFINED = (
    *(ValueError, TypeError, AttributeError, NotImplementedError),
    *(IndexError, KeyError, ArithmeticError),
)


def numbers_of(results: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in ORIGINS:
        with suppress(*UNDEFINED):
            number = float(getattr(results, name))
            if math.isfinite(number):
                found[name] = number
    return found


def coefficients_csv(results: Any) -> str | None:
    """A row each; None if *results* has no coefficients. What it does not know of them is left
    out: a regularized fit has no errors."""
    params = getattr(results, "params", None)
    if params is None or not getattr(params, "size", 0):
        return None
    statistic = "t" if getattr(results, "use_t", False) else "z"
    columns = {
        "name": _names(results, params),
        "coef": _flat(params),
        "std err": _column(results, "bse"),
        statistic: _column(results, "tvalues"),
        f"P>|{statistic}|": _column(results, "pvalues"),
        **_intervals(results),
    }
    count = len(columns["coef"])
    kept = {name: column for name, column in columns.items() if len(column) == count}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([kept, *zip(*kept.values())])
    return text.getvalue()


def _flat(values: Any) -> list[float]:
    """Of several equations, one after the other, as `conf_int` has them."""
    import numpy as np

    return [float(each) for each in np.asarray(values).ravel(order="F")]


def _column(results: Any, name: str) -> list[float]:
    with suppress(*UNDEFINED):
        return _flat(getattr(results, name))
    return []


def _intervals(results: Any) -> dict[str, list[float]]:
    import numpy as np

    with suppress(*UNDEFINED):
        pairs = np.asarray(results.conf_int()).reshape(-1, 2)
        return {"[0.025": _flat(pairs[:, 0]), "0.975]": _flat(pairs[:, 1])}
    return {}


def _names(results: Any, params: Any) -> Sequence[str]:
    if hasattr(params, "columns"):
        pairs = product(params.columns, params.index)
        return [f"{equation}: {name}" for equation, name in pairs]
    if hasattr(params, "index"):
        return [str(name) for name in params.index]
    rows, equations = (*params.shape, 1)[:2]
    known = (names for names in _known_names(results.model) if len(names) == rows)
    names = next(known, [f"x{i + 1}" for i in range(rows)])
    if params.ndim < 2:
        return names
    return [f"{equation}: {name}" for equation, name in product(range(equations), names)]


def _known_names(model: Any) -> Iterator[Sequence[str]]:
    for owner, name in ((model, "param_names"), (model.data, "param_names"), (model, "exog_names")):
        names = None
        with suppress(*UNDEFINED):
            names = getattr(owner, name)
        if isinstance(names, list):
            yield names
