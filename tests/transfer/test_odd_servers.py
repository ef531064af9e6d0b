"""Import from servers, and export to them, that are older, shut, or not quite MLflow's."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.errors import InvalidValue, NotIdentified, StoreBusy
from nbtrack.remote.mlflow_server.kind import kind_words
from nbtrack.transfer.sources import mlflow_requests
from nbtrack.transfer.sources.mlflow_served_files import ServedFiles
from nbtrack.transfer.sources.opening import open_source
from tests.transfer.import_command import bring
from tests.transfer.odd_servers import (
    Behind,
    Door,
    First,
    Nothing,
    Ours,
    Second,
    Shelf,
    Shut,
    answering,
)


def test_who_asks(monkeypatch):
    """MLflow's variables, or the address; a token for a server of nbtrack's is not told."""
    monkeypatch.setenv("NBTRACK_TOKEN", "for another server")
    with answering(Door) as place:
        with pytest.raises(NotIdentified, match="MLFLOW_TRACKING_USERNAME"):
            open_source("mlflow", f"http://{place}")
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
        with pytest.raises(NotIdentified):
            open_source("mlflow", f"http://{place}")
        reader = open_source("mlflow", f"http://me:secret@{place}/")
        assert reader.title == f"http://{place}"
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
        open_source("mlflow", f"http://{place}")
    known = "Basic bWU6c2VjcmV0"
    assert Door.heard == [None, "Bearer abc", known, known]


def test_a_proxy_that_passes_the_api_alone_hides_nothing(tmp_path, capsys, monkeypatch):
    """Logged models come, whatever the version; one that cannot be read is listed, and costs
    neither the others nor a run. Nor is a server of nbtrack's taken for one of MLflow's."""
    monkeypatch.setattr(mlflow_requests, "_PAUSES", ())
    with answering(Behind) as place:
        code, said = bring(f"http://{place}", tmp_path / "to", capsys)
    assert (code, "1 logged model;" in said) == (1, True), said
    assert f"logged model m-{'b' * 32}: what the server says of it cannot be read" in said
    assert f"logged model m-{'c' * 32}: what" in said
    assert "logged model without an id: what" in said
    client = MlflowClient(str(tmp_path / "to" / ".nbtrack"))
    assert len(client.search_runs(["1"])) == 3
    with answering(Ours) as place:
        with pytest.raises(InvalidValue, match="is a server of nbtrack's"):
            open_source("mlflow", f"http://{place}")
        assert kind_words(f"http://{place}") == "a server of nbtrack's"
    with answering(Shut) as place, pytest.raises(InvalidValue, match="No MLflow server answers"):
        open_source("mlflow", f"http://{place}")


def test_a_place_that_is_no_address_has_no_files():
    rest: Any = None  # which is not asked
    trouble = ServedFiles(rest).of_deleted_model("mlflow-artifacts://[").trouble
    assert "is no address" in str(trouble)


def test_a_server_of_mlflow_1_is_known_by_what_it_answers():
    """Another one is not taken for it."""
    with answering(First) as place:
        assert open_source("mlflow", f"http://{place}").run_ids() == [c * 32 for c in "abc"]
        said = kind_words(f"http://{place}")
        assert said == "a server of MLflow's, which does not say its version"
    with (
        answering(Nothing) as place,
        pytest.raises(InvalidValue, match=f"No MLflow server answers at http://{place}"),
    ):
        open_source("mlflow", f"http://{place}")
    with answering(Nothing) as place, pytest.raises(StoreBusy, match="does not say what it is"):
        kind_words(f"http://{place}")


def test_nothing_is_exported_to_a_server_of_before_mlflow_3(tmp_path, capsys, monkeypatch):
    """No run is written that models could not follow."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    here = str(tmp_path / ".nbtrack")
    client = MlflowClient(here)
    client.create_run(client.create_experiment("leaves"))
    with answering(Second) as place:
        code = main(["--store", here, "export", "--mlflow", f"http://{place}"])
    said = capsys.readouterr().err
    assert code == 2
    assert f"http://{place} has no logged models" in said, said
    assert "doctype" not in said


def test_a_file_that_is_not_handed_out_is_missing_alone(tmp_path, capsys, monkeypatch):
    """Or a list, or a name that cannot be here: all else comes over. What took long is not asked
    for again."""
    monkeypatch.setattr(mlflow_requests, "_PAUSES", (0.0, 0.0))
    with answering(Shelf) as place:
        code, said = bring(f"http://{place}", tmp_path / "to", capsys)
        assert _tries("get-artifact", "aaa") == _tries("artifacts/list", "bbb") == 3
        monkeypatch.setattr(mlflow_requests, "_LONG_SECONDS", -1.0)
        bring(f"http://{place}", tmp_path / "again", capsys)
        assert _tries("get-artifact", "aaa") == 3 + 1
    assert code == 1
    assert f"{'a' * 32}: good.txt: the server does not hand it out" in said, said
    assert f"{'b' * 32}: its files cannot be listed: the server does not" in said, said
    assert "has 300 bytes where 255 is the most" in said, said
    assert "leaves the artifact folder" in said, said
    client = MlflowClient(str(tmp_path / "to" / ".nbtrack"))
    assert len(client.search_runs(["1"])) == 3
    assert [f.path for f in client.list_artifacts("c" * 32)] == ["good.txt"]


def _tries(what: str, of: str) -> int:
    return sum(what in path and of in path for path in Shelf.asked)
