"""What README says under "As a team", done as it stands there, on a free port."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.cli.main import _joined, _parser
from nbtrack.journal import lines
from nbtrack.records.runs import Run, RunQuery
from nbtrack.server.roles import Role
from nbtrack.server.users import Users
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store
from tests.support.postgres import postgres

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
README = (Path(__file__).parents[2] / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language: str) -> str:
    (found,) = blocks(language)
    return found


def test_a_team_works_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", *shlex.split(block("sh"), comments=True)]
    assert command[2:] == ["nbtrack", "server"]
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / ".nbtrack"))
    server = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = next(word for word in server.stdout.readline().split() if "http" in word)
        code = block("py").replace("http://127.0.0.1:5000", address)
        environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(tmp_path / "machine")}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    finally:
        server.terminate()
        server.wait(timeout=30)
    with closing(DuckDBStore(tmp_path / ".nbtrack")) as store:
        (run,) = store.search_runs(RunQuery())

    assert run.data.metrics == {"accuracy": 0.93}
    assert run.info.status == "FINISHED"


def test_records_go_into_postgresql(tmp_path: Path) -> None:
    """The command of README, with another address, and clients that see no difference."""
    (words,) = re.findall(r"`nbtrack (server --store postgresql:[^`]+)`. The", README)
    database = postgres().new_database()
    said = words.replace("postgresql://nbtrack@db/nbtrack", database)
    command = shlex.split(said.replace("FOLDER", str(tmp_path / "served")))
    server = subprocess.Popen(
        [sys.executable, "-m", "nbtrack", *command, "--port", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        told = server.stdout.readline()
        address = next(word for word in told.split() if word.startswith("http"))
        code = block("py").replace("http://127.0.0.1:5000", address)
        environment = {**os.environ, "NBTRACK_SERVERS_DIR": str(tmp_path / "machine")}
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    finally:
        server.terminate()
        server.wait(timeout=30)
    (run,) = found_in(database, tmp_path)

    assert "nbtrack@" not in told
    assert run.data.metrics == {"accuracy": 0.93}
    assert run.info.status == "FINISHED"


def found_in(database: str, folder: Path) -> list[Run]:
    from nbtrack.stores.postgres.store import PostgresStore

    with closing(PostgresStore(database, folder)) as store:
        return store.search_runs(RunQuery())


def begun(store: Store) -> None:
    """A run with a file in *store*, which is told to be where its files are."""
    store.append(lines.run_line("a" * 32, t=1, start_us=1, name="kept", status="FINISHED"))
    file = LocalArtifacts(folder_of(store.uri) / "artifacts" / ("a" * 32)).write("a.txt", b"hello")
    store.append(lines.artifact_line("a" * 32, "a.txt", file.sha256, size=5, t=2))
    store.flush()


def done_as_it_says(text: str, folder: Path) -> str:
    """What the commands of a block print; *folder* is in place of /srv."""
    script = text.replace("/srv", str(folder)).replace("nbtrack --", "python -m nbtrack --")
    programs = [str(Path(sys.executable).parent), *map(str, PROGRAMS)]
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PATH": os.pathsep.join([*programs, os.environ["PATH"]])}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_backup_of_a_folder_is_restored_as_it_says(tmp_path: Path) -> None:
    with closing(DuckDBStore(tmp_path / "team" / ".nbtrack")) as store:
        begun(store)
    Users(tmp_path / "team" / ".nbtrack").add("ana", Role.EDITOR)
    told = done_as_it_says(blocks("shell-script")[0], tmp_path)
    with closing(DuckDBStore(tmp_path / "restored" / ".nbtrack")) as store:
        (run,) = store.search_runs(RunQuery())

    assert "All is well" in told
    assert run.info.run_name == "kept"
    assert [*Users(tmp_path / "restored" / ".nbtrack").all()] == ["ana"]


def test_a_backup_of_a_database_is_restored_as_it_says(tmp_path: Path) -> None:
    from nbtrack.stores.postgres.store import PostgresStore

    database = postgres().new_database()
    server = database.rpartition("/")[0]
    with closing(PostgresStore(database, tmp_path / "files" / ".nbtrack")) as store:
        store.prepare()
        begun(store)
    text = blocks("shell-script")[1].replace("postgresql://nbtrack@db/nbtrack", database)
    text = text.replace("postgresql://nbtrack@db", server)
    told = done_as_it_says(text, tmp_path)
    with closing(PostgresStore(f"{server}/restored", tmp_path / "restored" / ".nbtrack")) as store:
        (run,) = store.search_runs(RunQuery(order_by=("params.a",), max_results=5))

    assert "All is well" in told
    assert run.info.run_name == "kept"


def test_the_containers_run_commands_that_there_are() -> None:
    """Without the containers: the text is YAML, its names are its own, and our parser takes its
    commands."""
    composed = yaml.safe_load(block("yaml"))
    services = composed["services"]
    words = shlex.split(services["server"]["command"])
    given = _parser().parse_args(words[1:])
    variables, of_s3 = (services[each]["environment"] for each in ("server", "s3"))
    (added,) = re.findall(r"`docker compose run --rm server nbtrack ([^`]+)`", README)
    _parser().parse_args(_joined(shlex.split(added)))

    assert words[0] == "nbtrack"
    assert urlsplit(given.store).hostname in services
    assert given.artifacts.startswith("s3://")
    assert urlsplit(variables["AWS_ENDPOINT_URL"]).hostname in services
    assert variables["PGPASSWORD"] == services["database"]["environment"]["POSTGRES_PASSWORD"]
    assert variables["AWS_SECRET_ACCESS_KEY"] == of_s3["MINIO_ROOT_PASSWORD"]
    assert services["server"]["ports"] == [f"{given.port}:{given.port}"]
    used = {each.partition(":")[0] for of in services.values() for each in of["volumes"]}
    assert used == set(composed["volumes"])
    assert set(services["server"]["depends_on"]) < set(services)
