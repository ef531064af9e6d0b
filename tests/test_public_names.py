"""The names of `import nbtrack`: found lazily, never shadowed, and cheap."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import nbtrack


def run_python(code: str, folder: Path) -> str:
    """What *code* prints in a fresh process that works in *folder*."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(code)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_takes_the_standard_library_only(tmp_path):
    """`import nbtrack` costs what its own file costs, and importlib."""
    found = run_python(
        """
        import sys
        before = set(sys.modules)
        import nbtrack
        new = {name for name in set(sys.modules) - before}
        ours = sorted(name for name in new if name.partition(".")[0] == "nbtrack")
        foreign = sorted(name for name in new
                         if name.partition(".")[0] not in {*sys.stdlib_module_names, "nbtrack"})
        print(ours, foreign)
        """,
        tmp_path,
    )

    assert found == "['nbtrack'] []"


def test_logging_imports_nothing_heavy(tmp_path):
    """A run, its params and points are written with the standard library alone.

    What the folding thread imports behind it is taken away: the thread never begins.
    """
    found = run_python(
        """
        import os, sys, threading
        before = set(sys.modules)
        import nbtrack
        threading.Thread.start = lambda thread: None  # nothing runs but this thread
        nbtrack.set_tracking_uri("project")
        with nbtrack.start_run(tags={"a": 1}, description="d") as run:
            nbtrack.log_param("p", 1)
            nbtrack.log_params({"q": [1], "r": {"s": 2}})
            nbtrack.log_metric("m", 0.5, step=1)
            nbtrack.log_metrics({"n": 1, "o": 2})
            nbtrack.set_tag("t", 1)
        new = {name.partition(".")[0] for name in set(sys.modules) - before}
        print(sorted(new - {*sys.stdlib_module_names, "nbtrack"}), flush=True)
        os._exit(0)  # at exit this process folds, with DuckDB
        """,
        tmp_path,
    )

    assert found == "[]"


def test_names_survive_any_order_of_imports(tmp_path):
    """A submodule imported first must not take the place of a function of its name. Those of hooks
    import frameworks, and are deeper than any name."""
    found = run_python(
        """
        import importlib, os, pkgutil, random, sys, types
        import nbtrack
        names = [m.name for m in pkgutil.walk_packages(nbtrack.__path__, "nbtrack.")
                 if not m.name.endswith("__main__") and not m.name.startswith("nbtrack.hooks.")]

        def import_in_order(seed):
            import nbtrack
            for name in random.Random(seed).sample(names, len(names)):
                importlib.import_module(name)
            for _ in range(2):  # the second access finds what the first one left
                for name in nbtrack.__all__:
                    found = getattr(nbtrack, name)
                    is_module = isinstance(found, types.ModuleType)
                    assert is_module == (name in nbtrack._SUBMODULES), name
                    assert is_module or callable(found), name
            print("fine", flush=True)

        import_in_order(0)
        for name in [n for n in sys.modules if n.partition(".")[0] == "nbtrack"]:
            del sys.modules[name]  # what it imports of others takes most of the time
        for seed in (1, 2):
            if os.fork() == 0:
                import_in_order(seed)
                os._exit(0)
            os.wait()
        """,
        tmp_path,
    )

    assert found.split() == ["fine"] * 3


def test_no_public_function_has_a_module_of_its_name():
    """Or the second access would find the module."""
    modules = {module.name for module in pkgutil.iter_modules(nbtrack.__path__)}

    assert not modules & (set(nbtrack.__all__) - set(nbtrack._SUBMODULES))


def test_every_public_name_resolves():
    """Each name in `__all__` is there, and the object comes from where the table says."""
    for name in nbtrack.__all__:
        assert getattr(nbtrack, name) is getattr(nbtrack, name)
    for name, home in nbtrack._HOMES.items():
        assert getattr(importlib.import_module(home), name) is getattr(nbtrack, name)


def test_dir_lists_the_public_names():
    """Completion offers what is not imported yet, and nothing of ours."""
    assert {name for name in dir(nbtrack) if not name.startswith("__")} == set(nbtrack.__all__)
    assert "__version__" in dir(nbtrack)


@pytest.mark.parametrize("name", ["nonsense", "__wrapped__", "_private"])
def test_an_unknown_name_is_an_attribute_error(name):
    """hasattr, doctest and copy ask for names that are not there."""
    with pytest.raises(AttributeError, match=name):
        getattr(nbtrack, name)


def test_what_only_mlflow_has_is_said_to_be():
    """Somebody may look for it; of what nbtrack has nothing of the kind is said."""
    with pytest.raises(AttributeError, match=r"mlflow\.spark is not in nbtrack"):
        _ = nbtrack.spark
    assert not hasattr(nbtrack, "projects")


def test_public_functions_say_what_their_signature_cannot():
    """Every function and method of the API has a docstring."""
    functions = [nbtrack.ActiveRun, *(getattr(nbtrack, name) for name in nbtrack._HOMES)]
    methods = [
        method
        for kind in (nbtrack.MlflowClient, nbtrack.ActiveRun)
        for base in kind.__mro__[:-1]
        for name, method in vars(base).items()
        if not name.startswith("_") and (callable(method) or isinstance(method, property))
    ]
    silent = [each for each in (*functions, *methods) if not each.__doc__]

    assert silent == []


def test_mlflows_submodules_are_attributes():
    """`mlflow.entities.Metric`, `mlflow.tracking.MlflowClient`, `mlflow.exceptions...`."""
    assert nbtrack.tracking.MlflowClient is nbtrack.MlflowClient is nbtrack.Client
    assert nbtrack.exceptions.MlflowException is nbtrack.MlflowException
    assert issubclass(nbtrack.NbtrackError, nbtrack.MlflowException)
    assert nbtrack.entities.Metric("a", 1.0, 2, 3).step == 3
    assert callable(nbtrack.data.from_pandas)
    assert callable(nbtrack.artifacts.load_text)


def test_an_unknown_name_gets_the_nearest():
    """A typing mistake says what was meant."""
    with pytest.raises(AttributeError, match="Did you mean 'log_metrics'"):
        nbtrack.log_metrcs  # noqa: B018 - the look-up is what is tested


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("entities.model_registry", ["ModelVersion", "RegisteredModel"]),
        ("models.model", ["Model", "ModelInfo", "get_model_info"]),
        ("models.signature", ["ModelSignature", "infer_signature"]),
        ("pyfunc.model", ["PythonModel", "PythonModelContext"]),
        ("tracking.client", ["MlflowClient"]),
        ("tracking.fluent", ["start_run", "log_metric", "search_runs"]),
    ],
)
def test_names_are_found_where_mlflows_users_import_them_from(module, names):
    """`from mlflow.tracking.fluent import …`, with one word changed."""
    ours = importlib.import_module(f"nbtrack.{module}")
    theirs = importlib.import_module(f"mlflow.{module}")

    assert all(hasattr(theirs, name) and getattr(ours, name) for name in names)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        ours.nothing_like_it  # noqa: B018  # it is asked for
