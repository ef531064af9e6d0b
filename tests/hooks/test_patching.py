"""What is put around functions of other libraries, and that nothing of it stays."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import FeatureAgglomeration
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators

import nbtrack
from nbtrack.hooks import nesting, patching, unseen_frames
from nbtrack.hooks.patching import Patch

X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2


class Counted:
    """An `around` that counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, original, instance, args, kwargs):
        self.calls += 1
        return original(instance, *args, **kwargs)


@pytest.fixture
def shop():
    """A module that defines a class, as a library would."""
    module = types.ModuleType("shop")
    module.Box = type("Box", (), {"open": lambda self, key=1: key, "__module__": "shop"})
    sys.modules["shop"] = module
    yield module
    patching.undo_package("shop")
    del sys.modules["shop"]


def attributes() -> dict[tuple[type, str], object]:
    """Everything that the classes of scikit-learn have, themselves."""
    kinds = {base for _, kind in all_estimators() for base in kind.__mro__}
    return {(kind, name): value for kind in kinds for name, value in vars(kind).items()}


def test_twice_is_once(shop):
    """A second `apply` does not put a second layer around."""
    around = Counted()
    patching.apply([Patch("shop:Box.open", around)])
    patching.apply([Patch("shop:Box.open", around)])

    assert (shop.Box().open(key=3), around.calls) == (3, 1)


def test_only_the_outermost_call_of_a_thread_is_asked_about(shop):
    """Whatever becomes of an inner one, the next outermost call is asked about again."""
    around = Counted()

    def refused(_box, _key=1):
        raise KeyError("inner")

    def tried(box, _key=1):
        with contextlib.suppress(KeyError):
            box.refuse()
        return in_thread(box.peek) if box.key else 0

    shop.Box.refuse, shop.Box.peek, shop.Box.open = refused, lambda _box: 7, tried
    patching.apply([Patch(f"shop:Box.{name}", around) for name in ("open", "refuse", "peek")])
    box = shop.Box()

    box.key = 0
    assert [box.open(), box.open(), around.calls] == [0, 0, 2]
    with pytest.raises(KeyError):
        box.refuse()
    box.key = 1
    assert [box.open(), around.calls] == [7, 5]  # the other thread's is its own outermost call


def in_thread(call):
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(call).result()


def test_undo_puts_back_the_very_object(shop):
    """Not an equal one, and in the class that had it."""
    before = vars(shop.Box)["open"]
    patches = [Patch("shop:Box.open", Counted())]
    patching.apply(patches)
    assert vars(shop.Box)["open"] is not before
    patching.undo(patches)
    patching.undo(patches)

    assert vars(shop.Box)["open"] is before


def test_what_others_put_on_top_stays(shop):
    """Another tracker's patch is not undone with ours, and ours is silent under it."""
    around = Counted()
    patches = [Patch("shop:Box.open", around)]
    patching.apply(patches)
    ours = shop.Box.open
    shop.Box.open = theirs = lambda self: ours(self, 7)
    patching.undo(patches)

    assert (shop.Box().open(), shop.Box.open, around.calls) == (7, theirs, 0)


@pytest.mark.parametrize("target", ["nowhere:Box.open", "shop:Crate.open", "shop:Box.close"])
def test_what_is_not_there_is_left_out(shop, target):
    """Another version of a library has other names."""
    patching.apply([Patch(target, Counted()), Patch("shop:Box.open", around := Counted())])
    shop.Box().open()

    assert around.calls == 1


def test_a_reloaded_class_is_patched_again(shop):
    """Its methods are new objects under the old names."""
    patches = [Patch("shop:Box.open", around := Counted())]
    patching.apply(patches)
    shop.Box = type("Box", (), {"open": lambda self: 5, "__module__": "shop"})
    patching.apply(patches)

    assert (shop.Box().open(), around.calls) == (5, 1)


def test_warnings_name_the_users_line(shop):
    """`stacklevel=2` counts the caller of the method, and not us."""
    shop.Box.open = lambda self: warnings.warn("old", FutureWarning, stacklevel=2)

    def told():
        with pytest.warns(FutureWarning, match="old") as seen:
            shop.Box().open()
        return seen[0].filename, seen[0].lineno

    before = told()
    patching.apply([Patch("shop:Box.open", around)])
    assert told() == before


def around(original, instance, args, kwargs):
    return original(instance, *args, **kwargs)


def test_disabling_leaves_scikit_learn_as_it_was(autologged):
    """All attributes of all its classes are the same objects, and no class got one more."""
    nbtrack.autolog(disable=True)
    before = attributes()
    nbtrack.autolog()
    assert len([key for key, value in attributes().items() if before.get(key) is not value]) > 150
    nbtrack.autolog(disable=True)
    after = attributes()

    assert before.keys() == after.keys()
    assert [key for key in before if before[key] is not after[key]] == []


def test_a_method_kept_by_the_user_goes_on_working(autologged):
    """What was bound while autolog was on records nothing after it is off."""
    fit = LogisticRegression().fit
    nbtrack.autolog(disable=True)

    assert fit(X, y).coef_.shape == (1, 3)
    assert autologged.runs() == []


def test_conditional_methods_stay_conditional(autologged):
    """`available_if`: an SVC without probabilities has no predict_proba, and says why."""
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'") as raised:
        SVC().predict_proba  # noqa: B018
    assert "probability=False" in str(raised.value.__cause__)
    assert not hasattr(make_pipeline(StandardScaler()), "fit_predict")
    assert not hasattr(FeatureAgglomeration(), "fit_predict")
    assert type(vars(SVC.__mro__[1])["predict_proba"]).__name__ == "_AvailableIfDescriptor"


def test_unbound_methods_pickle_by_name(autologged):
    """As joblib does with functions that it sends to workers."""
    for method in (LogisticRegression.fit, SVC.fit, LogisticRegression().fit):
        found = pickle.loads(pickle.dumps(method))
        assert getattr(found, "__func__", found) is getattr(method, "__func__", method)


def test_methods_look_as_before(autologged):
    """Name, module, signature, documentation, source."""
    on = LogisticRegression.fit
    nbtrack.autolog(disable=True)
    off = LogisticRegression.fit
    assert on is not off
    for ask in (inspect.signature, inspect.getdoc, inspect.getsource, inspect.getmodule):
        assert ask(on) == ask(off)
    for name in ("__name__", "__qualname__", "__module__", "__annotations__"):
        assert getattr(on, name) == getattr(off, name)


def test_no_sklearn_is_imported(tmp_path):
    """autolog() watches for scikit-learn, and what is imported of it later is patched."""
    found = run_python(
        """
        import sys
        import nbtrack
        nbtrack.autolog()
        assert "sklearn" not in sys.modules and "numpy" not in sys.modules
        from sklearn.dummy import DummyClassifier
        import sklearn.dummy
        nbtrack.set_tracking_uri("project")
        DummyClassifier().fit([[1], [2]], [0, 1])
        print(type(sklearn.dummy.__loader__).__name__, type(sklearn.dummy.__spec__.loader).__name__)
        nbtrack.autolog(disable=True)
        assert not any("nbtrack" in type(finder).__module__ for finder in sys.meta_path)
        from sklearn.naive_bayes import GaussianNB
        GaussianNB().fit([[1.0], [2.0]], [0, 1])
        runs = nbtrack.search_runs(output_format="list")
        print([run.info.run_name for run in runs])
        """,
        tmp_path,
    )

    assert found == "SourceFileLoader SourceFileLoader\n['DummyClassifier']"


def test_resources_of_packages_are_found(tmp_path):
    """scikit-learn reads its data sets through its loaders."""
    code = "import nbtrack; nbtrack.autolog()\nfrom sklearn.datasets import load_wine\n"

    assert run_python(f"{code}print(load_wine().data.shape)", tmp_path) == "(178, 13)"


def test_an_import_error_is_the_librarys_own(autologged):
    """A module that is not there is said so by Python, without a word of ours."""
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'sklearn\.nowhere'") as raised:
        importlib.import_module("sklearn.nowhere")

    assert "nbtrack" not in str(raised.value)


def test_a_forked_child_has_the_originals(autologged):
    """What a worker process fits is part of something that its parent runs."""
    nbtrack.autolog(disable=True)
    original = LogisticRegression.fit
    nbtrack.autolog()
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(write, b"original" if LogisticRegression.fit is original else b"patched")
        os._exit(0)
    os.waitpid(pid, 0)

    assert os.read(read, 100) == b"original"
    assert LogisticRegression.fit is not original


def test_classes_of_the_user_inherit_it(autologged):
    """A subclass made before or after autolog(); one with a `fit` of its own is his affair."""

    class Mine(LogisticRegression):
        pass

    class Own(BaseEstimator):
        def fit(self, X, y):
            return self

    Mine().fit(X, y)
    Own().fit(X, y)

    assert autologged.run().data.tags["estimator_name"] == "Mine"


def run_python(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(nbtrack.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_modules_that_are_known_by_name_are_there():
    """What decides by a module's name whose frame it sees is blind once that module is moved."""
    named = {*nesting._OURS, *nesting._REPLACING, *nesting._ASKING, unseen_frames._OURS}

    assert [name for name in named if find_spec(name.rstrip(".")) is None] == []
