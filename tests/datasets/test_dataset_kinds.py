"""Datasets and sources under MLflow's names: users' own kinds, records read back, loading."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

import nbtrack
from nbtrack.data import get_source
from nbtrack.data.code_dataset_source import CodeDatasetSource
from nbtrack.data.dataset import Dataset
from nbtrack.data.dataset_registry import get_registered_constructors, register_constructor
from nbtrack.data.dataset_source import DatasetSource
from nbtrack.data.dataset_source_registry import (
    DatasetSourceRegistry,
    get_dataset_source_from_json,
    register_dataset_source,
    resolve_dataset_source,
)
from nbtrack.data.filesystem_dataset_source import FileSystemDatasetSource
from nbtrack.data.http_dataset_source import HTTPDatasetSource
from nbtrack.data.meta_dataset import MetaDataset
from nbtrack.data.numpy_dataset import NumpyDataset
from nbtrack.data.pandas_dataset import PandasDataset
from nbtrack.data.polars_dataset import PolarsDataset
from nbtrack.data.sources import (
    AzureBlobArtifactDatasetSource,
    FTPArtifactDatasetSource,
    GCSArtifactDatasetSource,
    HdfsArtifactDatasetSource,
    LocalArtifactDatasetSource,
    S3ArtifactDatasetSource,
    SFTPArtifactDatasetSource,
)
from nbtrack.datasets import source_registry
from nbtrack.errors import FileMissing, InvalidValue, MlflowException
from nbtrack.models.schema import ColSpec, Schema

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "y": [0, 1]})


class ShelfSource(DatasetSource):
    """A user's own kind, as MLflow's documentation has them."""

    def __init__(self, place: str) -> None:
        self.place = place

    @staticmethod
    def _get_source_type() -> str:
        return "shelf"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return isinstance(raw_source, str) and raw_source.startswith("shelf:")

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(raw_source)

    def load(self, *args: Any, **kwargs: Any) -> Any:
        return f"from {self.place}"

    def to_dict(self) -> dict[str, Any]:
        return {"place": self.place}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> Self:
        return cls(source_dict["place"])


class WordDataset(Dataset):
    """A user's own kind of dataset."""

    def __init__(self, words: list[str], source: DatasetSource, name: str | None = None) -> None:
        self.words = words
        super().__init__(source, name)

    def _compute_digest(self) -> str:
        return str(len(self.words))


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone with it."""
    kept = DatasetSourceRegistry()
    kept.sources = list(source_registry._registry.sources)
    monkeypatch.setattr(source_registry, "_registry", kept)


def described(name: str) -> Any:
    polars = pytest.importorskip("polars")
    source = CodeDatasetSource({})
    return {
        "pandas": PandasDataset(FRAME, source, targets="y", name="d"),
        "polars": PolarsDataset(polars.DataFrame(FRAME.to_dict("list")), source, targets="y"),
        "numpy": NumpyDataset(np.ones((2, 2)), source, targets=np.zeros(2)),
    }[name]


@pytest.mark.parametrize("name", ["pandas", "polars", "numpy"])
def test_a_dataset_says_what_a_model_is_given(name: str) -> None:
    """All columns but the targets, and the targets."""
    found = described(name).to_pyfunc()
    assert isinstance(found, nbtrack.data.pyfunc_dataset_mixin.PyFuncInputsOutputs)
    inputs, outputs = found.inputs, found.outputs
    if name == "polars":  # lists, as in MLflow
        (inputs,), (outputs,) = inputs, outputs
    assert len(inputs) == len(outputs) == 2
    assert "y" not in getattr(inputs, "columns", [])


@pytest.mark.parametrize("name", ["pandas", "polars", "numpy"])
def test_the_constructor_is_that_of_the_function(name: str) -> None:
    """The digest is that of the data, and can be computed again; the record is MLflow's."""
    dataset = described(name)
    assert dataset.digest == dataset._compute_digest()
    facts = json.loads(dataset.to_json())
    assert facts["profile"] == json.dumps(dataset.profile)
    assert "hashed_rows" not in dataset.profile  # all were
    assert facts["source_type"] == dataset._get_source_type() == "code"
    assert dataset._to_mlflow_entity() == dataset.to_record()


def test_the_schema_is_that_of_a_model() -> None:
    """Of columns, or of arrays; None where there can be none."""
    frame = nbtrack.data.from_pandas(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    arrays = nbtrack.data.from_numpy(np.ones((2, 3)), targets=np.zeros(2))

    assert frame.schema == Schema([ColSpec("long", "a"), ColSpec("string", "b")])
    assert isinstance(arrays.schema, nbtrack.data.schema.TensorDatasetSchema)
    assert json.dumps(arrays.schema.to_dict()) == arrays.to_dict()["schema"]
    assert arrays.schema.features == nbtrack.models.infer_signature(np.ones((2, 3))).inputs
    assert nbtrack.data.from_numpy(np.ones(2)).schema.targets is None
    assert nbtrack.data.from_pandas(pd.DataFrame()).schema is None


def test_data_without_a_file_names_the_code_that_made_it() -> None:
    """As in MLflow; what autolog records says it of the run once."""
    source = nbtrack.data.from_pandas(FRAME).source
    assert isinstance(source, CodeDatasetSource)
    assert {"mlflow.source.name", "mlflow.source.type"} <= set(source.to_dict()["tags"])


def test_mlflow_has_the_same_profile() -> None:
    """Of small data, without anything beyond."""
    data = pytest.importorskip("mlflow.data")
    for ours, theirs in (
        (nbtrack.data.from_pandas(FRAME), data.from_pandas(FRAME)),
        (nbtrack.data.from_numpy(np.ones((2, 3))), data.from_numpy(np.ones((2, 3)))),
    ):
        assert json.loads(ours.to_dict()["profile"]) == json.loads(theirs.to_dict()["profile"])


def test_own_kinds_are_logged_and_read_back(project: None) -> None:
    """By what they are registered as; of a run, of its record, of the dataset itself."""
    register_dataset_source(ShelfSource)
    words = WordDataset(["a", "b"], ShelfSource("shelf:1"), name="words")
    frame = nbtrack.data.from_pandas(FRAME, source="shelf:2")
    with nbtrack.start_run() as run:
        nbtrack.log_input(words, "train", {"own": "1"})
        nbtrack.log_input(frame)
    inputs = nbtrack.get_run(run.run_id).inputs.dataset_inputs

    assert [(each.dataset.name, each.dataset.source_type) for each in inputs] == [
        ("words", "shelf"),
        ("dataset", "shelf"),
    ]
    assert [tag.key for tag in inputs[0].tags] == ["own", "mlflow.data.context"]
    for asked in (words, inputs[0], inputs[0].dataset):
        assert get_source(asked).load() == "from shelf:1"
    with pytest.raises(InvalidValue, match="get_source takes a dataset"):
        get_source("words")  # type: ignore[arg-type]


def test_the_kind_registered_last_is_meant(caplog: pytest.LogCaptureFixture) -> None:
    """Candidates restrict it, subclasses of them are meant too; what nobody knows is an error."""

    class Other(ShelfSource):
        pass

    registry = DatasetSourceRegistry()
    registry.register(ShelfSource)
    registry.register(Other)
    assert type(registry.resolve("shelf:1")) is Other
    assert "ShelfSource, Other" in caplog.text
    assert type(registry.resolve("shelf:1", [Other])) is Other
    assert type(registry.resolve("shelf:1", [ShelfSource])) is Other
    for wrong in ("s3://bucket", 5):
        with pytest.raises(MlflowException) as caught:
            registry.resolve(wrong)
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="'foo'"):
        registry.get_source_from_json('{"bar": "1"}', "foo")


@pytest.mark.parametrize(
    ("raw", "kind", "type_name"),
    [
        ("data/a.csv", LocalArtifactDatasetSource, "local"),
        (Path("data/a.csv"), LocalArtifactDatasetSource, "local"),
        ("https://x.org/a.csv", HTTPDatasetSource, "http"),
        ("s3://bucket/a.csv", S3ArtifactDatasetSource, "s3"),
        ("GS://bucket/a.csv", GCSArtifactDatasetSource, "gs"),
        ("wasbs://u@host/a.csv", AzureBlobArtifactDatasetSource, "wasbs"),
        ("ftp://host/a.csv", FTPArtifactDatasetSource, "ftp"),
        ("sftp://host/a.csv", SFTPArtifactDatasetSource, "sftp"),
        ("hdfs://host/a.csv", HdfsArtifactDatasetSource, "hdfs"),
        ("viewfs://host/a.csv", HdfsArtifactDatasetSource, "viewfs"),
        ("oss://bucket/a.csv", FileSystemDatasetSource, "oss"),
    ],
)
def test_a_source_is_the_same_from_its_json(raw: Any, kind: Any, type_name: str) -> None:
    """So it can be loaded from a run's record."""
    source = resolve_dataset_source(raw)
    again = get_dataset_source_from_json(source.to_json(), type_name)

    assert type(source) is type(again) is kind
    assert source._get_source_type() == again._get_source_type() == type_name
    assert source.to_dict() == again.to_dict()


def test_only_web_addresses_are_http() -> None:
    """As candidates restrict it."""
    for wrong in ("s3://bucket", "htp://x", "a/b"):
        with pytest.raises(MlflowException):
            resolve_dataset_source(wrong, [HTTPDatasetSource])


def test_local_sources_load_as_their_path(tmp_path: Path) -> None:
    """Or as a copy; one that is gone is an error, and so is another machine's."""
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    for form in (tmp_path / "a.csv", str(tmp_path / "a.csv"), (tmp_path / "a.csv").as_uri()):
        source = nbtrack.data.from_pandas(FRAME, source=form).source
        assert source.load() == str(tmp_path / "a.csv")
    copy = source.load(str(tmp_path / "to"))
    assert pd.read_csv(copy).equals(FRAME)
    assert copy == str(tmp_path / "to" / "a.csv")
    with pytest.raises(FileMissing):
        LocalArtifactDatasetSource(tmp_path / "b.csv").load()
    with pytest.raises(InvalidValue, match="cannot load it"):
        resolve_dataset_source("s3://bucket/a.csv").load()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        if "named" in self.path:
            self.send_header("Content-Disposition", 'attachment; filename="given.csv"')
        if "evil" in self.path:
            self.send_header("Content-Disposition", "attachment; filename=../given.csv")
        self.end_headers()
        self.wfile.write(b"a,b\n1,2\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test speaks."""


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "name"),
    [("/d/wine.csv", "wine.csv"), ("/named?key=1", "given.csv"), ("/", "dataset_source")],
)
def test_web_sources_load_as_a_copy(site: str, tmp_path: Path, path: str, name: str) -> None:
    """Named as the answer says, or as the address."""
    source = HTTPDatasetSource(site + path)
    place = source.load(tmp_path)
    assert place == str(tmp_path / name)
    assert Path(place).read_text() == Path(source.load()).read_text() == "a,b\n1,2\n"


def test_an_answer_names_no_path(site: str, tmp_path: Path) -> None:
    """Nothing is written outside of the folder, and no other kind of address is opened."""
    with pytest.raises(InvalidValue, match="no file name"):
        HTTPDatasetSource(f"{site}/evil").load(tmp_path / "to")
    with pytest.raises(InvalidValue, match="no http"):
        HTTPDatasetSource("file:///etc/hostname").load(tmp_path / "to")
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_may_be_only_a_source() -> None:
    """With a schema or without; its digest is that of what is known."""
    source = HTTPDatasetSource("https://x.org/a.tar.gz")
    schema = Schema([ColSpec("long", "a"), ColSpec("string", "b")])
    plain, told = MetaDataset(source), MetaDataset(source, schema=schema)

    assert "schema" not in plain.to_dict()
    assert json.loads(told.to_dict()["schema"]) == {"mlflow_colspec": schema.to_dict()}
    assert plain.digest == MetaDataset(source).digest != told.digest
    assert plain.to_record().source == '{"url": "https://x.org/a.tar.gz"}'


def test_own_functions_stand_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name that says what they do; one that is none is refused."""

    def load_words(name: str | None = None, digest: str | None = None) -> WordDataset:
        return WordDataset(["a"], CodeDatasetSource(), name)

    def from_nothing() -> WordDataset:
        return load_words()

    monkeypatch.delattr(nbtrack.data, "load_words", raising=False)
    assert register_constructor(load_words) == "load_words"
    assert nbtrack.data.load_words().digest == "1"  # type: ignore[attr-defined]
    assert "load_words" in get_registered_constructors()
    for wrong, name in (
        (load_words, "words"),
        (from_nothing, None),
        (lambda name, digest: 1, "from_x"),
    ):
        with pytest.raises(InvalidValue):
            register_constructor(wrong, name)
