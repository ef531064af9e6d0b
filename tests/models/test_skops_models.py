"""skops files: models that load without running code, or name the types nobody vouched for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved
from nbtrack.models.trusted_types import is_trusted

pytest.importorskip("skops")

X, y = make_classification(60, 6, random_state=0)
MODELS = {
    "forest": RandomForestClassifier(3),
    "boosting": HistGradientBoostingClassifier(max_iter=3),
    "neighbours": KNeighborsClassifier(),
    "network": MLPClassifier(max_iter=300, random_state=0),
    "search": GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2),
    "splines": make_pipeline(SplineTransformer(), LogisticRegression(max_iter=500)),
    "logarithm": make_pipeline(FunctionTransformer(np.arctan), LogisticRegression()),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_what_scikit_learn_is_made_of_loads_back(name):
    """Trees, predictors, kernels, scorers and splines are asked about by nobody."""
    model = MODELS[name].fit(X, y)
    with nbtrack.start_run():
        info = nbtrack.sklearn.log_model(model, name="m", serialization_format="skops")

    loaded = nbtrack.sklearn.load_model(info.model_uri)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    served = nbtrack.pyfunc.load_model(info.model_uri)
    np.testing.assert_array_equal(served.predict(X), model.predict(X))


class Majority(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.most_ = np.bincount(y).argmax()
        return self

    def predict(self, X):
        return np.full(len(X), self.most_)


MINE = f"{__name__}.Majority"


@pytest.fixture
def mine(tmp_path) -> Path:
    """A model of a class of the user's own, for which its maker vouched."""
    model = make_pipeline(FunctionTransformer(), Majority()).fit(X, y)
    nbtrack.sklearn.save_model(
        model, tmp_path / "m", serialization_format="skops", skops_trusted_types=[MINE]
    )
    return tmp_path / "m"


def test_skops_brings_no_other_array_library():
    """scikit-learn's wrapper of torch imports it, which takes seconds; later it can be had."""
    pytest.importorskip("torch")
    code = """
import importlib.util, sys
from sklearn.linear_model import LinearRegression
from nbtrack.models.skops_files import skops_bytes
skops_bytes(LinearRegression().fit([[0], [1]], [0, 1]))
assert "torch" not in sys.modules
assert importlib.util.find_spec("sklearn.externals.array_api_compat.torch") is not None
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_class_of_ones_own_is_asked_about_when_it_is_saved(tmp_path):
    """Rather than by whoever wants to load it."""
    with pytest.raises(ModelNotSaved, match=rf"skops_trusted_types=\['{MINE}'\]"):
        nbtrack.sklearn.save_model(
            Majority().fit(X, y), tmp_path / "m", serialization_format="skops"
        )
    assert not (tmp_path / "m").exists()


def test_the_reader_decides_whom_to_trust(mine):
    """What the file says of itself counts for nothing: whoever changed it would say so."""
    for load in (nbtrack.sklearn.load_model, nbtrack.pyfunc.load_model):
        with pytest.raises(ModelNotLoaded, match=rf"trusted=\['{MINE}'\]"):
            load(mine)

    assert nbtrack.sklearn.load_model(mine, trusted=[Majority]).predict(X).shape == (60,)
    assert nbtrack.pyfunc.load_model(mine, trusted=[MINE]).predict(X).shape == (60,)


@pytest.mark.parametrize("trusted", [True, "x", [3]])
def test_trust_is_a_list_of_types(mine, trusted):
    with pytest.raises(InvalidValue, match="trusted is a list"):
        nbtrack.sklearn.load_model(mine, trusted=trusted)


def test_trust_does_not_make_a_pickle_safe(classifier, tmp_path):
    """Somebody who asks for checked types must not be given an unchecked pickle."""
    nbtrack.sklearn.save_model(classifier, tmp_path / "m")

    with pytest.raises(InvalidValue, match="this model is a pickle"):
        nbtrack.sklearn.load_model(tmp_path / "m", trusted=[])


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "sklearn.base.os",
        "sklearn.pipeline.Counter",
        "sklearn.ensemble._forest.Parallel",
        "sklearn.tree._export.export_graphviz",
        "sklearn.utils.parallel._FuncWrapper",
        "sklearn.datasets._base.load_files",
        "sklearn.metrics.tests.test_common.Path",
        "numpy.memmap",
        "numpy.load",
        "numpy.testing._private.utils.runstring",
        "numpy.random._pickle.__randomstate_ctor",
        "scipy.stats._distn_infrastructure.rv_continuous",
        "scipy.sparse._base.np",
        "pandas.DataFrame",
    ],
)
def test_what_can_do_harm_is_not_trusted_for_its_package(name):
    """scipy.stats runs exec on its state, memmap opens files, and modules import others."""
    assert not is_trusted(name)


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.tree._tree.Tree",
        "sklearn.metrics._scorer._Scorer",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "numpy.dtype",
        "numpy.float64",
        "numpy.mean",
        "scipy.sparse._csr.csr_matrix",
        "scipy.interpolate._bsplines.BSpline",
    ],
)
def test_what_computes_is_trusted(name):
    assert is_trusted(name)


def test_a_file_that_asks_for_a_call_runs_nothing(tmp_path):
    """A type swapped for a function, in a file that is otherwise in order."""
    model = make_pipeline(FunctionTransformer(np.arctan), LogisticRegression()).fit(X, y)
    nbtrack.sklearn.save_model(model, tmp_path / "m", serialization_format="skops")
    rewrite(tmp_path / "m" / "model.skops", '"arctan"', '"fromfile"')

    with pytest.raises(ModelNotLoaded, match=r"numpy.fromfile"):
        nbtrack.sklearn.load_model(tmp_path / "m")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 torn"])
def test_a_damaged_file_is_named(tmp_path, content):
    nbtrack.sklearn.save_model(
        LogisticRegression().fit(X, y), tmp_path / "m", serialization_format="skops"
    )
    (tmp_path / "m" / "model.skops").write_bytes(content)

    with pytest.raises(ModelNotLoaded, match=r"model.skops' cannot be read"):
        nbtrack.sklearn.load_model(tmp_path / "m")


def rewrite(file: Path, old: str, new: str) -> None:
    """Replace text in the schema of a skops file."""
    shutil.copy(file, copy := file.with_suffix(".old"))
    with zipfile.ZipFile(copy) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name == "schema.json":
                assert old in text.decode()
                text = text.decode().replace(old, new).encode()
                json.loads(text)
            target.writestr(name, text)
