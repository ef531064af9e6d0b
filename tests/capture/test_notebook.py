"""Which notebook a kernel belongs to."""

import pytest

from nbtrack.capture.notebook import notebook_name, notebook_path


@pytest.fixture(autouse=True)
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def test_the_setting_goes_before_the_editor_and_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting, then VS Code, then the Jupyter server."""
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ana/server.ipynb")
    namespace = {"__vsc_ipynb_file__": "/home/ana/editor.ipynb"}

    assert notebook_path(namespace, configured="mine.ipynb") == "mine.ipynb"
    assert notebook_path(namespace) == "/home/ana/editor.ipynb"
    assert notebook_path({}) == "/home/ana/server.ipynb"


@pytest.mark.parametrize("session", ["", "console-1-5f0e", "/home/ana/train.py"])
def test_a_session_that_is_no_notebook_is_unknown(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Consoles have sessions too, named by an id."""
    monkeypatch.setenv("JPY_SESSION_NAME", session)

    assert notebook_path(None) is None


def test_nobody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """nbclient and papermill tell nothing."""
    assert notebook_path({"x": 1}) is None
    assert notebook_name(None) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("work/churn.ipynb", "churn"),
        ("C:\\Users\\ana\\churn v2.ipynb", "churn v2"),
        ("/a/b.c.ipynb", "b.c"),
        ("untitled", "untitled"),
    ],
)
def test_the_name_is_the_file_without_folder_and_suffix(path: str, name: str) -> None:
    """Paths of both kinds of system are understood on either."""
    assert notebook_name(path) == name


def test_a_shared_document_loses_its_drive() -> None:
    """jupyter-collaboration puts the name of its drive before the path."""
    namespace = {"__vsc_ipynb_file__": "RTC:work/churn.ipynb"}

    assert notebook_path(namespace) == "work/churn.ipynb"
