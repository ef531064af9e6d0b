"""Whatever a journal says of where files are: the server serves those of its project alone."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import nbtrack
from nbtrack.journal import lines
from tests.server.asking import API, ask

FILES = "/api/2.0/mlflow-artifacts/artifacts/"
OURS = "/api/nbtrack/1/files/"
OUTSIDE = (
    "{folder}/outside",
    "file://{folder}/outside",
    "{folder}/.nbtrack/server",
    "{folder}/.nbtrack/artifacts",
    "{folder}/.nbtrack/artifacts/other",
    "../outside",
    ".nbtrack/server",
)
RUN, OTHER, LINKED = "a" * 32, "b" * 32, "e" * 32


def sent(method: str, address: str, body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(address, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code


@pytest.fixture
def journal(address: str, served_folder: Path) -> Callable[[str], None]:
    """Sends lines, as nbtrack's clients do."""
    (served_folder / "outside").mkdir(exist_ok=True)
    (served_folder / "outside" / "secret").write_text("secret")

    def send(text: str) -> None:
        place = f"{address}/api/nbtrack/1/journal/{os.urandom(16).hex()}-0.jsonl"
        assert sent("POST", place, zlib.compress(text.encode()), **{"nbtrack-start": "0"}) == 200
        nbtrack.MlflowClient((served_folder / ".nbtrack").as_uri())._store.fold()

    return send


def run_line(run_id: str, t: int, **facts: object) -> str:
    return lines.run_line(
        run_id, t=t, experiment_id="0", name="x", status="RUNNING", start_us=1, **facts
    )


def check_is_refused(address: str, served_folder: Path, place: str) -> None:
    before = sorted(map(str, served_folder.rglob("*")))
    empty = {"nbtrack-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}

    assert sent("PUT", f"{address}{FILES}{place}/new", b"bad") == 400
    assert sent("PUT", f"{address}{OURS}{place}/new", b"", **empty) == 400
    assert sent("GET", f"{address}{FILES}{place}/secret") == 400
    assert sent("GET", f"{address}{OURS}{place}/secret") == 400
    assert sent("DELETE", f"{address}{FILES}{place}/secret") == 400
    assert sent("GET", f"{address}{FILES.rstrip('/')}?path={place}") == 400
    assert sent("GET", f"{address}{OURS.rstrip('/')}?path={place}") == 400
    after = [each for each in sorted(map(str, served_folder.rglob("*"))) if "/new" in each]
    assert [each for each in after if each not in before] == []


@pytest.mark.parametrize("number", range(len(OUTSIDE)))
def test_a_run_has_no_files_elsewhere(
    address: str, served_folder: Path, journal: Callable[[str], None], number: int
) -> None:
    run_id = f"{number:032x}"
    journal(run_line(run_id, 1, artifact_uri=OUTSIDE[number].format(folder=served_folder)))
    listed = f"{API}artifacts/list?run_id={run_id}"
    status, told = ask(address, listed)

    check_is_refused(address, served_folder, f"runs/{run_id}")
    assert status == 400
    assert "artifact_location" in told["message"]
    assert str(served_folder) not in told["message"]
    assert ask(address, f"/get-artifact?run_id={run_id}&path=secret")[0] == 400


@pytest.mark.parametrize("number", range(len(OUTSIDE)))
def test_a_model_has_no_files_elsewhere(
    address: str, served_folder: Path, journal: Callable[[str], None], number: int
) -> None:
    model_id = f"m-{number:032x}"
    facts = {"name": "x", "experiment_id": "0", "status": "READY", "path": ""}
    location = OUTSIDE[number].format(folder=served_folder)
    journal(lines.model_line(model_id, t=1, artifact_location=location, **facts))
    pages = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"

    check_is_refused(address, served_folder, f"models/{model_id}")
    assert ask(address, f"{API}logged-models/{model_id}/artifacts/directories")[0] == 400
    assert ask(address, f"{pages}?artifact_file_path=secret")[0] == 400


@pytest.mark.parametrize("path", ["..", "../../server", "/etc", "a/../../b"])
def test_a_model_in_a_run_stays_in_it(
    address: str, served_folder: Path, journal: Callable[[str], None], path: str
) -> None:
    model_id = f"m-{hash(path) % 2**64:032x}"
    facts = {"name": "x", "experiment_id": "0", "status": "READY", "source_run_id": RUN}
    journal(run_line(RUN, 1) + lines.model_line(model_id, t=1, path=path, **facts))

    check_is_refused(address, served_folder, f"models/{model_id}")


def test_no_version_is_made_of_files_elsewhere(
    address: str, served_folder: Path, journal: Callable[[str], None]
) -> None:
    (served_folder / "outside" / "model").mkdir()
    (served_folder / "outside" / "model" / "MLmodel").write_text("flavors: {}\n")
    run_id = "d" * 32
    text = lines.artifact_line(run_id, "model/MLmodel", "0" * 64, size=12, t=2)
    journal(run_line(run_id, 1, artifact_uri=str(served_folder / "outside")) + text)
    ask(address, f"{API}registered-models/create", {"name": "elsewhere"})
    version = {"name": "elsewhere", "source": f"runs:/{run_id}/model"}
    status, told = ask(address, f"{API}model-versions/create", version)

    assert (status, "artifact_location" in told["message"]) == (400, True)


@pytest.mark.parametrize("claims", [True, False])
def test_a_model_of_no_run_is_not_judged_by_one(
    address: str, journal: Callable[[str], None], claims: bool
) -> None:
    """Whether its own file names a run, or the client does."""
    run_id, name = os.urandom(16).hex(), f"model {claims}"
    journal(run_line(run_id, 1))
    made = ask(address, f"{API}logged-models", {"experiment_id": "0", "name": "model"})[1]
    model_id = made["model"]["info"]["model_id"]
    text = f"flavors: {{}}\nrun_id: {run_id}\n" if claims else "flavors: {}\n"
    assert sent("PUT", f"{address}{FILES}models/{model_id}/MLmodel", text.encode()) == 200
    ask(address, f"{API}registered-models/create", {"name": name})
    version = {"name": name, "source": f"models:/{model_id}"}
    fields = version if claims else {**version, "run_id": run_id}
    status, told = ask(address, f"{API}model-versions/create", fields)

    assert (status, "judged by the run" in told["message"]) == (400, True)
    assert claims or ask(address, f"{API}model-versions/create", version)[0] == 200


def test_runs_and_models_have_their_own(address: str, journal: Callable[[str], None]) -> None:
    """A model's may be in those of its run."""
    run_id, own, within = "f" * 32, "m-" + "1" * 30 + "ff", "m-" + "2" * 30 + "ff"
    facts = {"name": "x", "experiment_id": "0", "status": "READY", "source_run_id": run_id}
    own_line = lines.model_line(own, t=1, path="", **facts)
    journal(run_line(run_id, 1) + own_line + lines.model_line(within, t=1, path="a/b", **facts))
    for place in (f"runs/{run_id}/x", f"models/{own}/x", f"models/{within}/x"):
        assert sent("PUT", f"{address}{FILES}{place}", b"x") == 200
        assert sent("GET", f"{address}{OURS}{place}") == 200
    assert sent("GET", f"{address}{FILES}runs/{run_id}/a/b/x") == 200


def test_a_folder_behind_a_link_is_not_the_runs(
    address: str, served_folder: Path, journal: Callable[[str], None]
) -> None:
    journal(run_line(OTHER, 1))
    assert sent("PUT", f"{address}{FILES}runs/{OTHER}/a.txt", b"a") == 200
    place = served_folder / ".nbtrack" / "artifacts" / LINKED
    place.symlink_to(served_folder / "outside")
    journal(run_line(LINKED, 1))

    check_is_refused(address, served_folder, f"runs/{LINKED}")
