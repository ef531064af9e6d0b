"""requirements.txt lists what the model was made with, and loading says what differs."""

from __future__ import annotations

import importlib.metadata
import pickle
import pickletools
import platform
import subprocess
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import sklearn
import yaml
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import nbtrack
from nbtrack.errors import ModelNotLoaded
from nbtrack.models.pickled_modules import modules_in
from nbtrack.models.requirements import pinned, pins_in, requirement_name, top_level


def saved(model, folder: Path, **arguments) -> list[str]:
    """The lines of the requirements.txt of *model*."""
    nbtrack.sklearn.save_model(model, folder, **arguments)
    return (folder / "requirements.txt").read_text().splitlines()


def pin(name: str) -> str:
    return f"{name}=={importlib.metadata.version(name)}"


def test_a_plain_model_needs_what_it_is_made_of(classifier, iris, tmp_path):
    """Nothing that only happens to be imported, such as pytest."""
    X, _ = iris
    lines = saved(classifier, tmp_path / "m", input_example=X.head(2))

    names = ("cloudpickle", "numpy", "pandas", "scikit-learn", "scipy")
    assert lines == ["mlflow>=3", *map(pin, names)]


def test_what_a_function_of_the_users_uses_is_among_them(iris, tmp_path):
    """A lambda keeps the modules it names."""
    import joblib

    model = make_pipeline(FunctionTransformer(lambda x: joblib and pd.DataFrame(x)))
    lines = saved(model, tmp_path / "m")

    assert {pin("pandas"), pin("joblib")} <= set(lines)


def test_a_distribution_may_have_another_name_than_its_module():
    import PIL  # noqa: F401 - a model cannot hold what was never imported

    assert pinned(frozenset({"yaml", "PIL"})) == (pin("pillow"), pin("PyYAML"))


def test_a_package_named_as_its_module_is_found_at_once(monkeypatch):
    """Reading the names of all packages takes a quarter of a second."""
    monkeypatch.setattr(
        importlib.metadata, "packages_distributions", lambda: pytest.fail("all were read")
    )

    assert pinned(frozenset({"pytest"})) == (pin("pytest"),)


def test_no_process_is_started_and_no_module_imported(classifier, tmp_path, monkeypatch):
    """Which is what takes MLflow seconds."""
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: pytest.fail("a process"))
    before = set(sys.modules)
    saved(classifier, tmp_path / "m")

    assert not {name for name in set(sys.modules) - before if not name.startswith("nbtrack")}


def test_given_requirements_stand_as_they_are(classifier, tmp_path):
    """As a list or as a file; extra ones are added, and replace the one of the same name."""
    (tmp_path / "r.txt").write_text("a==1\n\n# note\n--pre\n")

    assert saved(classifier, tmp_path / "m1", pip_requirements=["b==2"]) == ["b==2"]
    given = saved(classifier, tmp_path / "m2", pip_requirements=str(tmp_path / "r.txt"))
    assert given == ["a==1", "# note", "--pre"]
    lines = saved(classifier, tmp_path / "m3", extra_pip_requirements=["numpy>=2", "b"])
    assert lines[-2:] == ["numpy>=2", "b"]
    assert pin("numpy") not in lines


def test_the_three_files_agree(classifier, tmp_path):
    """pip, virtualenv and conda are told the same."""
    lines = saved(classifier, tmp_path / "m")
    conda = yaml.safe_load((tmp_path / "m" / "conda.yaml").read_text())
    env = yaml.safe_load((tmp_path / "m" / "python_env.yaml").read_text())

    assert conda["dependencies"][-1] == {"pip": lines}
    assert conda["dependencies"][0] == f"python={platform.python_version()}"
    assert env["python"] == platform.python_version()
    assert env["dependencies"] == ["-r requirements.txt"]


def test_a_conda_environment_gives_the_requirements(classifier, tmp_path):
    env = {"name": "x", "dependencies": ["python=3.12", {"pip": ["a==1", "b"]}]}

    assert saved(classifier, tmp_path / "m", conda_env=env) == ["a==1", "b"]
    assert yaml.safe_load((tmp_path / "m" / "conda.yaml").read_text()) == env


class Own(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.frame_ = pd.DataFrame({"a": [1]})
        return self

    def transform(self, X):
        return np.asarray(X)


MODELS = {
    "forest": RandomForestClassifier(5),
    "pipeline": make_pipeline(StandardScaler(), Own(), RandomForestClassifier(2)),
    "function": make_pipeline(FunctionTransformer(np.log1p), RandomForestClassifier(2)),
}


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("name", MODELS)
def test_the_search_finds_what_pickletools_finds(name, protocol, iris):
    """The quick look at the bytes against the standard library's reading of each opcode."""
    X, y = iris
    data = pickle.dumps(MODELS[name].fit(X, y), protocol=protocol)

    assert modules_in(data) == globals_by_pickletools(data)


def test_a_text_that_reads_like_a_module_is_none():
    """A column called pandas is no import."""
    assert modules_in(cloudpickle.dumps({"pandas": ["yaml", "re"]}, protocol=5)) == frozenset()


def test_the_standard_library_needs_no_requirement():
    assert top_level({"collections.abc", "__main__", "sklearn.tree._tree"}) == {"sklearn"}


def test_pins_are_read_from_any_requirements_file():
    text = "a==1\nB_c[x]==2 ; python_version > '3'\nd>=3\ne===4\nf==5.*\n# g==6\nh==7 # h\n"

    assert pins_in(text) == {"a": "1", "B_c": "2", "h": "7"}
    assert requirement_name("B_c[x]>=2") == "b-c"


@pytest.fixture
def model_folder(classifier, tmp_path) -> Path:
    nbtrack.sklearn.save_model(classifier, tmp_path / "m")
    return tmp_path / "m"


def test_other_versions_are_said_in_one_warning(model_folder, caplog):
    """Each with what it was and what it is here; what has no effect on the model is left out."""
    text = (model_folder / "requirements.txt").read_text()
    text = text.replace(pin("scikit-learn"), "scikit-learn==1.2.0").replace(pin("scipy"), "gone==1")
    (model_folder / "requirements.txt").write_text(text + "psutil==0.1\n")
    nbtrack.sklearn.load_model(model_folder)

    assert len(caplog.records) == 1
    assert f"scikit-learn 1.2.0, here {sklearn.__version__}" in caplog.text
    assert "gone 1, here not installed" in caplog.text
    assert "psutil" not in caplog.text


def test_another_python_is_said(model_folder, caplog):
    """But not another patch level of it."""
    text = (model_folder / "MLmodel").read_text()
    version = f"python_version: {platform.python_version()}"
    (model_folder / "MLmodel").write_text(text.replace(version, "python_version: 3.8.1"))
    nbtrack.sklearn.load_model(model_folder)

    assert "Python 3.8.1, here" in caplog.text


def test_the_same_versions_are_no_news(model_folder, caplog):
    nbtrack.sklearn.load_model(model_folder)
    nbtrack.pyfunc.load_model(model_folder)

    assert caplog.records == []


def test_a_module_that_is_gone_is_named(model_folder):
    """With what to install, or how the user's own file goes along."""
    data = (model_folder / "model.pkl").read_bytes()
    old, new = b"sklearn.linear_model._logistic", b"gonegon.linear_model._logistic"
    (model_folder / "model.pkl").write_bytes(data.replace(old, new))

    with pytest.raises(ModelNotLoaded, match=r"needs the module 'gonegon'.*requirements.txt"):
        nbtrack.sklearn.load_model(model_folder)


@pytest.mark.parametrize("content", [b"", b"\x80\x05", b"no pickle", b"cos\nnothing\n."])
def test_a_damaged_pickle_is_a_clear_error(model_folder, content):
    (model_folder / "model.pkl").write_bytes(content)

    with pytest.raises(ModelNotLoaded, match=r"model.pkl' cannot be unpickled"):
        nbtrack.sklearn.load_model(model_folder)


def test_a_flavor_that_is_not_here_is_named(model_folder):
    text = (model_folder / "MLmodel").read_text()
    loader = "loader_module: mlflow.sklearn"
    (model_folder / "MLmodel").write_text(text.replace(loader, "loader_module: quantum.models"))

    with pytest.raises(ModelNotLoaded, match=r"module 'quantum.models'"):
        nbtrack.pyfunc.load_model(model_folder)


def test_a_flavor_of_another_library_is_loaded_by_its_own_module(model_folder, monkeypatch):
    """Any module with `_load_pyfunc(path)`, which is how MLflow's flavours work."""
    (model_folder.parent / "constant_flavor.py").write_text(
        "class Constant:\n"
        "    def predict(self, data):\n"
        "        return [7] * len(data)\n"
        "def _load_pyfunc(path):\n"
        "    return Constant()\n"
    )
    monkeypatch.syspath_prepend(model_folder.parent)
    text = (model_folder / "MLmodel").read_text()
    loader = "loader_module: mlflow.sklearn"
    (model_folder / "MLmodel").write_text(text.replace(loader, "loader_module: constant_flavor"))

    assert nbtrack.pyfunc.load_model(model_folder).predict([1, 2]) == [7, 7]


def globals_by_pickletools(data: bytes) -> set[str]:
    texts, memo, found = [], {}, set()
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "MEMOIZE":
            memo[len(memo)] = texts[-1] if texts else None
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            texts.append(memo.get(argument))
        elif opcode.name == "STACK_GLOBAL":
            found.add(texts[-2])
            texts.append(None)
        else:
            texts.append(argument if "UNICODE" in opcode.name else None)
    return found


def test_files_that_lines_name_go_with_the_model(classifier, tmp_path):
    """`-r` is written out, also one in another's folder; constraints lie beside the lines."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "more.txt").write_text("b\n-c bounds.txt\n")
    (inner / "bounds.txt").write_text("b<2\n")
    (tmp_path / "all.txt").write_text("a\n-r inner/more.txt\n")

    for given in (str(tmp_path / "all.txt"), [f"-r {tmp_path / 'all.txt'}"]):
        folder = tmp_path / f"model-{type(given).__name__}"
        assert saved(classifier, folder, pip_requirements=given) == ["a", "b", "-c constraints.txt"]
        assert (folder / "constraints.txt").read_text() == "b<2\n"
        pip = yaml.safe_load((folder / "conda.yaml").read_text())["dependencies"][-1]["pip"]
        assert pip[-1] == "-c constraints.txt"


def test_a_file_of_constraints_that_is_not_there_is_named(classifier, tmp_path):
    with pytest.raises(nbtrack.NbtrackError, match=r"nowhere\.txt"):
        saved(classifier, tmp_path / "m", extra_pip_requirements=["-c nowhere.txt"])
