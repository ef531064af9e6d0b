"""`PythonModel`s and functions: with the files, parameters and code that they need."""

from __future__ import annotations

import importlib
import py_compile
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved
from nbtrack.pyfunc import PythonModel, PythonModelContext

X = pd.DataFrame({"a": [1.0, 2.0]})


class Scaled(PythonModel):
    def load_context(self, context):
        self.factor = float(Path(context.artifacts["factor"]).read_text())

    def predict(self, context, model_input, params=None):
        return [self.factor * value for value in model_input["a"]]


class Late(PythonModel):
    def predict(self, model_input):
        import late_rule

        return [late_rule.answer]

    def predict_stream(self, model_input):
        yield from self.predict(model_input)


@pytest.fixture
def factor(tmp_path) -> Path:
    (tmp_path / "factor.txt").write_text("3")
    return tmp_path / "factor.txt"


def log(model, **arguments):
    with nbtrack.start_run():
        return nbtrack.pyfunc.log_model(python_model=model, name="m", **arguments)


def test_artifacts_go_with_the_model(factor):
    """The original may be gone when it is loaded."""
    info = log(Scaled(), artifacts={"factor": factor}, input_example=X)
    factor.unlink()

    assert nbtrack.pyfunc.load_model(info.model_uri).predict(X) == [3.0, 6.0]
    assert str(info.signature.inputs) == "a: double"


def test_artifacts_of_one_name_and_folders_and_runs(tmp_path):
    """Two files called w.txt, a folder, and an artifact of another run."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.txt").write_text(name)
    with nbtrack.start_run() as run:
        nbtrack.log_text("three", "w.txt")

    class Reader(PythonModel):
        def load_context(self, context):
            self.paths = context.artifacts

        def predict(self, model_input):
            files = [Path(self.paths["d"]) / "w.txt", *map(Path, map(self.paths.get, "abc"))]
            return [file.read_text() for file in files]

    one, two = tmp_path / "one", tmp_path / "two"
    artifacts = {"a": one / "w.txt", "b": two / "w.txt", "c": f"runs:/{run.run_id}/w.txt", "d": one}
    info = log(Reader(), artifacts=artifacts)

    assert nbtrack.pyfunc.load_model(info.model_uri).predict(X) == ["one", "one", "two", "three"]


def test_another_model_is_an_artifact(factor):
    """By the URI that `log_model` returned."""
    inner = log(Scaled(), artifacts={"factor": str(factor)})
    nbtrack.register_model(inner.model_uri, "inner")

    class Outer(PythonModel):
        def load_context(self, context):
            self.inner = nbtrack.pyfunc.load_model(context.artifacts["inner"])

        def predict(self, model_input):
            return self.inner.predict(model_input)

    for uri in (inner.model_uri, "models:/inner/1"):
        outer = log(Outer(), artifacts={"inner": uri})
        assert nbtrack.pyfunc.load_model(outer.model_uri).predict(X) == [3.0, 6.0]


def test_pickles_can_be_forbidden(factor, tmp_path, monkeypatch):
    """By MLflow's variable: loading one runs what is in it."""
    nbtrack.pyfunc.save_model(tmp_path / "m", python_model=Late())
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(ModelNotLoaded, match="MLFLOW_ALLOW_PICKLE_DESERIALIZATION"):
        nbtrack.pyfunc.load_model(tmp_path / "m")


class Lazy(PythonModel):
    def predict(self, model_input):
        def inner():
            import joblib

            return joblib

        return [inner().__name__]


def lazy(model_input):
    from sklearn import __version__

    return [__version__]


@pytest.mark.parametrize(("model", "needed"), [(Lazy(), "joblib=="), (lazy, "scikit-learn==")])
def test_what_predict_imports_is_required(model, needed, tmp_path):
    """Though this module is not pickled, and the import is in a function."""
    nbtrack.pyfunc.save_model(tmp_path / "m", python_model=model)
    assert needed in (tmp_path / "m" / "requirements.txt").read_text()


def test_a_function_is_a_model():
    """With its parameters, if it has some."""
    signature = nbtrack.models.infer_signature(X, params={"by": 2.0})
    info = log(lambda data, params=None: data["a"] * params["by"], signature=signature)
    model = nbtrack.pyfunc.load_model(info.model_uri)

    assert model.predict(X).tolist() == [2.0, 4.0]
    assert model.predict(X, params={"by": 5}).tolist() == [5.0, 10.0]


def test_the_configuration_may_be_changed_when_it_is_loaded():
    class Configured(PythonModel):
        def predict(self, context: PythonModelContext, model_input):
            return context.model_config

    info = log(Configured(), model_config={"a": 1, "b": 2})

    assert nbtrack.pyfunc.load_model(info.model_uri).predict(X) == {"a": 1, "b": 2}
    changed = nbtrack.pyfunc.load_model(info.model_uri, model_config={"b": 3})
    assert changed.predict(X) == {"a": 1, "b": 3}


def test_the_model_itself_can_be_had(factor):
    info = log(Scaled(), artifacts={"factor": factor})

    model = nbtrack.pyfunc.load_model(info.model_uri)
    assert model.unwrap_python_model().factor == 3.0


def test_a_lock_in_a_model_is_named():
    import threading

    class Locked(PythonModel):
        def __init__(self):
            self.lock = threading.Lock()

    with nbtrack.start_run(), pytest.raises(ModelNotSaved, match=r"python_model.lock \(a lock\)"):
        nbtrack.pyfunc.log_model(python_model=Locked(), name="m")


class Predicts:
    def predict(self, data):
        return data


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (Scaled, "class Scaled; give an instance"),
        ("model.py", "no Python file"),
        (3, "subclass nbtrack.pyfunc.PythonModel"),
        (Predicts(), "python_model=model.predict"),
    ],
)
def test_what_is_no_python_model(model, match):
    with nbtrack.start_run(), pytest.raises(InvalidValue, match=match):
        nbtrack.pyfunc.log_model(python_model=model, name="m")


def test_a_missing_artifact_is_named(tmp_path):
    with nbtrack.start_run(), pytest.raises(InvalidValue, match=r"nowhere.txt"):
        nbtrack.pyfunc.log_model(
            python_model=Scaled(), name="m", artifacts={"factor": tmp_path / "nowhere.txt"}
        )


OWN_CODE = """
from nbtrack.pyfunc import PythonModel

class Shout(PythonModel):
    def predict(self, model_input):
        return [text.upper() for text in model_input]
"""
LOAD = """
import sys
import nbtrack
print(nbtrack.pyfunc.load_model(sys.argv[1]).predict(["a"]))
"""


@pytest.fixture
def shouting(tmp_path, monkeypatch):
    """An instance of a class in a file of the user's own."""
    (tmp_path / "shouting.py").write_text(OWN_CODE)
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("shouting")
    sys.modules.pop("shouting")


def test_code_goes_with_the_model(shouting, tmp_path):
    """Another process, which does not have the file on its path, can load it; its folder stays
    as it is: no caches of compiled code in there."""
    nbtrack.pyfunc.save_model(
        tmp_path / "m", python_model=shouting.Shout(), code_paths=[shouting.__file__]
    )
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "m")], capture_output=True, text=True, cwd="/"
    )

    assert done.stdout == "['A']\n", done.stderr
    assert [path.name for path in (tmp_path / "m" / "code").iterdir()] == ["shouting.py"]


def test_a_cache_beside_the_code_is_not_run(shouting, tmp_path):
    """Python would take a .pyc file without looking at its source, and nobody checks it."""
    nbtrack.pyfunc.save_model(
        tmp_path / "m", python_model=shouting.Shout(), code_paths=[shouting.__file__]
    )
    (tmp_path / "evil.py").write_text("raise SystemExit('the cache ran')")
    cache = tmp_path / "m" / "code" / "__pycache__" / f"shouting.{sys.implementation.cache_tag}.pyc"
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(tmp_path / "evil.py"), str(cache), invalidation_mode=unchecked)
    command = [sys.executable, "-c", LOAD, str(tmp_path / "m")]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")

    assert done.stdout == "['A']\n", done.stderr


def test_code_that_is_left_behind_is_said(shouting, tmp_path, caplog):
    """The model would load here and nowhere else."""
    nbtrack.pyfunc.save_model(tmp_path / "m", python_model=shouting.Shout())

    assert "your module 'shouting'" in caplog.text
    assert str(Path(shouting.__file__)) in caplog.text


def test_two_models_of_one_module_name_run_their_own_code(shouting, tmp_path):
    """Python has one module of a name; each model has its own in place while it runs."""
    given = {"python_model": shouting.Shout(), "code_paths": [shouting.__file__]}
    nbtrack.pyfunc.save_model(tmp_path / "loud", **given)
    Path(shouting.__file__).write_text(OWN_CODE.replace("upper", "lower"))
    nbtrack.pyfunc.save_model(tmp_path / "soft", **given)
    loud, soft = (nbtrack.pyfunc.load_model(tmp_path / name) for name in ("loud", "soft"))

    assert [soft.predict(["A"]), loud.predict(["a"]), soft.predict(["B"])] == [["a"], ["A"], ["b"]]
    assert sys.modules["shouting"] is shouting


def test_code_that_is_imported_while_predicting_is_of_the_model(tmp_path):
    """Also when nothing was imported yet when the other model was loaded."""
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "late_rule.py").write_text(f"answer = {number}\n")
        nbtrack.pyfunc.save_model(
            tmp_path / f"m{number}", python_model=Late(), code_paths=[folder / "late_rule.py"]
        )
    models = [nbtrack.pyfunc.load_model(tmp_path / f"m{number}") for number in (1, 2)]

    assert [model.predict([0]) for model in (*models, *models)] == [[1], [2], [1], [2]]
    streams = [model.predict_stream([0]) for model in models]
    assert [next(stream) for stream in streams] == [1, 2]


def test_an_estimator_with_contested_code_is_not_handed_out(tmp_path):
    """What it imports later would be the code of the other one."""
    model = DummyClassifier().fit([[0], [1]], [0, 1])
    for name in ("one", "two"):
        (tmp_path / f"code_{name}").mkdir()
        code = tmp_path / f"code_{name}" / "claimed_twice.py"
        code.write_text(f"name = {name!r}")
        nbtrack.sklearn.save_model(model, tmp_path / name, code_paths=[code])

    assert nbtrack.sklearn.load_model(tmp_path / "one").predict([[0]])[0] == 0
    with pytest.raises(ModelNotLoaded, match="brings its own claimed_twice"):
        nbtrack.sklearn.load_model(tmp_path / "two")
    assert nbtrack.pyfunc.load_model(tmp_path / "two").predict([[0]])[0] == 0


def test_a_folder_without_init_is_found_as_code(tmp_path, monkeypatch):
    """A package of the user's all the same, which MLflow keeps too."""
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "rule.py").write_text("def answer():\n    return 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    from loose.rule import answer

    class Ruled(PythonModel):
        def __init__(self):
            self.answer = answer

        def predict(self, model_input):
            return [self.answer()]

    nbtrack.pyfunc.save_model(tmp_path / "m", python_model=Ruled(), infer_code_paths=True)
    assert (tmp_path / "m" / "code" / "loose" / "rule.py").is_file()
    del sys.modules["loose.rule"], sys.modules["loose"]


@pytest.mark.parametrize("is_imported", [False, True])
@pytest.mark.parametrize("module", ["loading_alone", "loading_apart.loader"])
def test_a_loader_module_is_kept_wherever_it_was_found(tmp_path, monkeypatch, module, is_imported):
    """Not imported yet, or from a folder that several entries of sys.path lead to."""
    monkeypatch.chdir(tmp_path)
    for entry in (".", str(tmp_path)):
        monkeypatch.syspath_prepend(entry)
    file = tmp_path / f"{module.replace('.', '/')}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("def _load_pyfunc(path): ...")
    if is_imported:
        importlib.import_module(module)
    nbtrack.pyfunc.save_model(tmp_path / "m", loader_module=module, infer_code_paths=True)

    assert (tmp_path / "m" / "code" / file.relative_to(tmp_path)).is_file()
    for name in (module, module.partition(".")[0]):
        sys.modules.pop(name, None)
