"""Which folder an artifact URI names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.errors import InvalidValue


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("/data/run 1", "/data/run 1"),
        ("/data/50%25", "/data/50%25"),
        ("file:/data/run%201", "/data/run 1"),
        ("file:///data/%C3%BC%23", "/data/ü#"),
        ("FILE://localhost/data", "/data"),
        ("file:///C:/data", "C:/data"),
        ("file:/C:/data", "C:/data"),
    ],
)
def test_an_artifact_uri_names_a_folder(uri, folder):
    """Plain paths are taken as they are; file: URIs are decoded, drive letters included."""
    store = open_artifacts(uri, run_id="run1")

    assert isinstance(store, LocalArtifacts)
    assert store.folder == Path(os.path.abspath(folder))


def test_a_path_becomes_a_uri_and_back(tmp_path):
    """What pathlib writes as a URI leads to the same folder."""
    folder = tmp_path / "a b#ü%?x"

    assert open_artifacts(folder.as_uri()).folder == folder


@pytest.mark.parametrize("uri", ["s3://key:secret@bucket/x", "mlflow-artifacts:/0/x", "dbfs:/x"])
def test_another_scheme_is_named_and_its_password_is_not(uri):
    """The error says which scheme, and what is supported."""
    with pytest.raises(InvalidValue, match=r"Supported are a folder path and a file: URI") as error:
        open_artifacts(uri)
    assert f"a {uri.partition(':')[0]}: location" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("uri", ["", "file:", "file:///a%00b", "a\0b", "file://server/share"])
def test_a_uri_without_a_local_folder_is_refused(uri):
    """Nothing, NUL characters and other machines name no folder here."""
    with pytest.raises(InvalidValue):
        open_artifacts(uri)
