"""Which types a skops file may hold without being asked about.

skops builds what is trusted and refuses the rest. Trusted here: numbers and arrays of numpy,
sparse matrices and splines of scipy, and the classes that scikit-learn's estimators are made of,
so that a random forest loads back. Not whole packages: scipy.stats runs `exec` on what a file
says, numpy.memmap opens files, and a function may be an import from elsewhere.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any

_ESTIMATORS = {
    "_loss", "base", "calibration", "cluster", "compose", "covariance", "cross_decomposition",
    "decomposition", "discriminant_analysis", "dummy", "ensemble", "feature_extraction",
    "feature_selection", "frozen", "gaussian_process", "impute", "isotonic",
    "kernel_approximation", "kernel_ridge", "linear_model", "manifold", "metrics", "mixture",
    "model_selection", "multiclass", "multioutput", "naive_bayes", "neighbors",
    "neural_network", "pipeline", "preprocessing", "random_projection", "semi_supervised",
    "svm", "tree",
}  # fmt: skip
_HELPERS = ("sklearn.utils._bunch", "sklearn.utils._metadata_requests")
# Where functions are a parameter or a part of estimators; they compute and touch no file.
_FUNCTIONS = (
    "sklearn.cluster._kmeans", "sklearn.feature_selection.", "sklearn.gaussian_process.",
    "sklearn.metrics.", "sklearn.preprocessing.",
)  # fmt: skip
_NUMPY_FUNCTIONS = {
    "amax", "amin", "average", "clip", "max", "mean", "median", "min", "nanmean", "nanmedian",
    "prod", "std", "sum", "var",
}  # fmt: skip
_SPLINES = ("BSpline", "PPoly", "CubicSpline", "PchipInterpolator", "Akima1DInterpolator")
_ARRAY_API = "scipy._lib.array_api_compat.numpy._aliases.asarray"


@cache
def is_trusted(name: str) -> bool:
    """Whether the class or function *name*, as in "sklearn.tree._tree.Tree", is trusted."""
    module, _, attribute = name.rpartition(".")
    package = module.partition(".")[0]
    checks = {"sklearn": _is_of_sklearn, "numpy": _is_of_numpy, "scipy": _is_of_scipy}
    if package not in checks or not _may_import(module):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        return False
    # A module can also name what it only imports: that is judged by its own home.
    home = getattr(found, "__module__", None) or module
    is_at_home = home.partition(".")[0] == package and _may_import(home)
    return is_at_home and checks[package](found, module)


def _may_import(module: str) -> bool:
    parts = module.split(".")
    if "tests" in parts:
        return False
    if parts[0] == "sklearn":
        return module in _HELPERS or (len(parts) > 1 and parts[1] in _ESTIMATORS)
    allowed = ("numpy", "numpy.random", "numpy.dtypes", "scipy.sparse", "scipy.interpolate")
    is_inner = module.startswith(("numpy.random.", "scipy.sparse.", "scipy.interpolate."))
    return module in allowed or is_inner or module == _ARRAY_API.rpartition(".")[0]


def _is_of_sklearn(found: Any, module: str) -> bool:
    if isinstance(found, type):
        return True
    is_function = isinstance(found, FunctionType | BuiltinFunctionType)
    return is_function and module.startswith(_FUNCTIONS)


def _is_of_numpy(found: Any, module: str) -> bool:
    import numpy as np

    if isinstance(found, type):
        kinds = (np.generic, np.dtype, np.random.BitGenerator)
        plain = (np.ndarray, np.random.RandomState, np.random.Generator, np.random.SeedSequence)
        return issubclass(found, kinds) or found in plain
    return isinstance(found, np.ufunc) or (
        module == "numpy" and getattr(found, "__name__", "") in _NUMPY_FUNCTIONS
    )


def _is_of_scipy(found: Any, module: str) -> bool:
    if not isinstance(found, type):
        return f"{module}.{getattr(found, '__name__', '')}" == _ARRAY_API
    if module.startswith("scipy.interpolate"):
        return found.__name__ in _SPLINES
    from scipy import sparse

    return issubclass(found, (sparse.sparray, sparse.spmatrix))
