"""A server with users: everybody says who he is, and what he may not is refused."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, NameTaken, NotIdentified, StoreError, TooManyAttempts
from nbtrack.journal.lines import run_line
from nbtrack.server.attempts import LIMIT
from nbtrack.server.audit import AuditLog
from nbtrack.server.door import Door
from nbtrack.server.identity import Identified
from nbtrack.server.roles import Role
from nbtrack.server.secret_words import hashed
from nbtrack.server.served import Served
from nbtrack.server.users import Users
from tests.server.asking import API, ask
from tests.support.team_server import TeamServer

mlflow = pytest.importorskip("mlflow")
TEAM = {"vera": Role.VIEWER, "ed": Role.EDITOR, "amy": Role.APPROVER}
NAME = "team.example.org"


@pytest.fixture(scope="module")
def users(served_folder: Path) -> Users:
    return Users(served_folder / ".nbtrack")


@pytest.fixture(scope="module")
def tokens(users: Users) -> dict[str, str]:
    return {name: users.add(name, role, password=f"{name} 123") for name, role in TEAM.items()}


@pytest.fixture(scope="module")
def address(served_folder: Path, tokens: dict[str, str]) -> Iterator[str]:
    """Of a server that other machines reach, too."""
    assert tokens
    server = TeamServer(served_folder, "--host", "0.0.0.0", "--name", NAME)
    yield server.address
    assert server.stop() == 0


@pytest.fixture
def with_mlflow(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    yield monkeypatch
    mlflow.set_tracking_uri(before)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def create_run(address: str, **headers: str) -> tuple[int, Any]:
    return ask(address, f"{API}runs/create", {"experiment_id": "0"}, **headers)


def test_mlflows_client_says_who_it_is(
    with_mlflow: pytest.MonkeyPatch, tokens: dict[str, str]
) -> None:
    """With a token, or with a user and a password; its runs are the user's."""
    client = mlflow.MlflowClient()
    with pytest.raises(mlflow.MlflowException, match="MLFLOW_TRACKING_TOKEN"):
        client.search_experiments()
    with_mlflow.setenv("MLFLOW_TRACKING_TOKEN", tokens["ed"])
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.log_metric("loss", 0.5)
        mlflow.log_text("hello", "a.txt")
    with_mlflow.delenv("MLFLOW_TRACKING_TOKEN")
    with_mlflow.setenv("MLFLOW_TRACKING_USERNAME", "vera")
    with_mlflow.setenv("MLFLOW_TRACKING_PASSWORD", "vera 123")
    read = client.get_run(run.info.run_id)

    assert (read.info.user_id, read.data.tags["mlflow.user"]) == ("ed", "ed")
    assert read.data.metrics == {"loss": 0.5}
    assert [each.info.run_id for each in client.search_runs(["0"], order_by=["start_time"])]
    with pytest.raises(mlflow.MlflowException, match="vera is viewer; this takes the role editor"):
        client.set_tag(run.info.run_id, "a", "b")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("nbt_wrong"),
        basic("vera", "wrong"),
        basic("nobody", "vera 123"),
        {"Authorization": "Basic !"},
        {"Authorization": "Basic dmVyYQ=="},
        {"Authorization": "Negotiate abc"},
    ],
)
def test_whoever_does_not_say_is_not_let_in(address: str, headers: dict[str, str]) -> None:
    status, told = ask(address, f"{API}experiments/search", {}, **headers)

    assert (status, told["error_code"]) == (401, "UNAUTHENTICATED")
    assert ask(address, "/health")[0] == 200
    assert ask(address, "/api/nbtrack/1/questions/count_runs", {}, **headers)[0] == 401


def test_a_token_is_a_password_of_its_own_user_only(address: str, tokens: dict[str, str]) -> None:
    assert create_run(address, **basic("ed", tokens["ed"]))[0] == 200
    assert create_run(address, **basic("amy", tokens["ed"]))[0] == 401
    assert create_run(address, **bearer("ed 123"))[0] == 401  # a password is no token


CHANGES = """
import nbtrack
from nbtrack.errors import NotAllowed

nbtrack.set_tracking_uri({address!r})
client = nbtrack.MlflowClient()
for change in (
    lambda: client.transition_model_version_stage("price", "1", "Staging"),
    lambda: client.require_gate("price", rule="metrics.score > 0.9"),
):
    try:
        change()
        print("done")
    except NotAllowed as exc:
        print(exc)
"""


def test_stages_are_moved_by_approvers(
    address: str, served_folder: Path, tokens: dict[str, str], tmp_path: Path
) -> None:
    """With MLflow's client as with ours, and the registry says by whom."""

    def changed_by(name: str) -> list[str]:
        told = {"NBTRACK_TOKEN": tokens[name], "NBTRACK_SERVERS_DIR": str(tmp_path / name)}
        command = [sys.executable, "-c", CHANGES.format(address=address)]
        environment = {**os.environ, **told}
        done = subprocess.check_output(command, env=environment, text=True, timeout=120)
        return done.splitlines()

    ours = nbtrack.MlflowClient((served_folder / ".nbtrack").as_uri())
    run_id = create_run(address, **bearer(tokens["ed"]))[1]["run"]["info"]["run_id"]
    (served_folder / "model").mkdir()
    (served_folder / "model" / "MLmodel").write_text("flavors: {}\n")
    ours.log_artifacts(run_id, served_folder / "model", "model")
    asked = {"name": "price", "source": f"runs:/{run_id}/model"}
    ask(address, f"{API}registered-models/create", {"name": "price"}, **bearer(tokens["ed"]))
    made = ask(address, f"{API}model-versions/create", asked, **bearer(tokens["ed"]))
    move = {"name": "price", "version": "1", "stage": "Production"}
    path = f"{API}model-versions/transition-stage"

    assert made[0] == 200, made
    assert ask(address, path, move, **bearer(tokens["ed"]))[0] == 403
    assert ask(address, path, move, **bearer(tokens["amy"]))[0] == 200
    assert changed_by("ed") == [
        "ed is editor; this takes the role approver.",
        "ed is editor; this takes the role admin.",
    ]
    assert changed_by("amy") == ["done", "amy is approver; this takes the role admin."]
    events = ours.get_registry_events("price")
    assert [event.actor for event in events] == ["ed", "ed", "amy", "amy"]


def test_what_is_edited_is_in_the_audit_log(
    address: str, served_folder: Path, tokens: dict[str, str]
) -> None:
    """Who, from where, what; also what was refused; but neither what was read nor what was said."""
    run_id = create_run(address, **bearer(tokens["ed"]))[1]["run"]["info"]["run_id"]
    secret = {"run_id": run_id, "key": "k", "value": "secret"}
    ask(address, f"{API}runs/log-parameter", secret, **bearer(tokens["ed"]))
    ask(address, f"{API}runs/set-tag", secret, **bearer(tokens["ed"]))
    ask(address, f"{API}runs/get?run_id={run_id}", **bearer(tokens["ed"]))
    ask(address, f"{API}runs/delete", {"run_id": run_id}, **bearer(tokens["vera"]))
    file = served_folder / ".nbtrack" / "server" / "audit.jsonl"
    noted = [json.loads(line) for line in file.read_text().splitlines()]
    shown = [(each["who"], each["path"].rpartition("/")[2], each["status"]) for each in noted]

    assert shown[-3:] == [("ed", "create", 200), ("ed", "set-tag", 200), ("vera", "delete", 403)]
    assert {each["address"] for each in noted} == {"127.0.0.1"}
    assert "secret" not in file.read_text()


def noted_in(folder: Path) -> list[dict[str, Any]]:
    file = folder / ".nbtrack" / "server" / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_who_is_not_let_in_is_in_the_audit_log(address: str, served_folder: Path) -> None:
    """With the name that he gave, and never the secret; a client does not choose its address."""
    forwarded = {"X-Forwarded-For": "192.0.2.77"}
    assert create_run(address, **basic("vera", "guessed"), **forwarded)[0] == 401
    assert create_run(address, **bearer("nbt_guessed"), **forwarded)[0] == 401
    noted = noted_in(served_folder)[-2:]

    assert [(each["who"], each["status"]) for each in noted] == [("vera", 401), ("", 401)]
    assert {each["address"] for each in noted} == {"127.0.0.1"}
    assert "guessed" not in str(noted)


def test_who_sends_a_journal_is_in_the_audit_log_once(
    address: str, served_folder: Path, tokens: dict[str, str]
) -> None:
    writer, text = "1" * 32, run_line("2" * 32, t=1, experiment_id="0", status="RUNNING")
    before = len(noted_in(served_folder))
    for number in (0, 1):
        place = f"{address}/api/nbtrack/1/journal/{writer}-{number}.jsonl"
        headers = {**bearer(tokens["ed"]), "nbtrack-start": "0"}
        sent = urllib.request.Request(place, zlib.compress(text.encode()), headers)
        urllib.request.urlopen(sent, timeout=30).close()
    noted = noted_in(served_folder)[before:]

    assert [(each["who"], each["path"].rpartition("/")[2]) for each in noted] == [
        ("ed", f"{writer}-0.jsonl")
    ]


def test_what_fails_is_in_the_audit_log(tmp_path: Path) -> None:
    token = Users(tmp_path / ".nbtrack").add("ed", Role.EDITOR)
    door = Door(Users(tmp_path / ".nbtrack"), is_open=False)

    async def fails(*_: object) -> None:
        raise ZeroDivisionError

    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/x", "headers": headers}
    served = Served((tmp_path / ".nbtrack").as_uri())
    guarded = Identified(fails, door, AuditLog(tmp_path / ".nbtrack"), served)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(guarded(scope, fails, fails))

    assert [(each["who"], each["status"]) for each in noted_in(tmp_path)] == [("ed", 500)]


def test_a_proxy_says_for_whom_it_asks(tmp_path: Path) -> None:
    Users(tmp_path / ".nbtrack").add("ed", Role.EDITOR)
    server = TeamServer(tmp_path, "--behind-proxy")
    create_run(server.address, **{"X-Forwarded-For": "192.0.2.77"})

    assert [each["address"] for each in noted_in(tmp_path)] == ["192.0.2.77"]
    assert server.stop() == 0


def test_who_is_removed_is_out_at_once(address: str, users: Users) -> None:
    first = users.add("max", Role.EDITOR)
    second = users.new_token("max")
    assert create_run(address, **bearer(first))[0] == 200
    users.revoke("max", next(t.id for t in users.all()["max"].tokens))
    assert (create_run(address, **bearer(first))[0], create_run(address, **bearer(second))[0]) == (
        401,
        200,
    )
    users.remove("max")
    assert create_run(address, **bearer(second))[0] == 401


def test_the_machine_has_the_names_it_was_given(address: str, tokens: dict[str, str]) -> None:
    path, known = f"{API}experiments/get?experiment_id=0", bearer(tokens["vera"])

    assert ask(address, path, Host=NAME, Origin=f"https://{NAME}", **known)[0] == 200
    assert ask(address, path, Host="192.0.2.7:5000", **known)[0] == 200
    assert ask(address, path, Host="evil.example", **known)[0] == 403
    assert ask(address, path, Host=NAME, Origin="https://evil.example", **known)[0] == 403


def test_passwords_are_not_tried_without_end(tmp_path: Path) -> None:
    """Of a user or from an address; tokens, which nobody guesses, and who is known, come in."""
    users = Users(tmp_path)
    token = users.add("ann", Role.EDITOR, password="right")
    door = Door(users, is_open=False)
    before = door.who(basic("ann", "right")["Authorization"], "192.0.2.1")
    for number in range(LIMIT):
        with pytest.raises(NotIdentified) as refused:
            door.who(basic("ann", f"wrong {number}")["Authorization"], f"192.0.2.{number}")
        assert not isinstance(refused.value, TooManyAttempts)
    with pytest.raises(TooManyAttempts) as late:
        door.who(basic("ann", "wrong")["Authorization"], "192.0.2.99")

    assert 0 < late.value.seconds <= 60
    assert door.who(basic("ann", "right")["Authorization"], "192.0.2.1") == before
    assert door.who(f"Bearer {token}", "192.0.2.1") == before


def test_too_many_attempts_are_told_when_to_come_again(address: str) -> None:
    """The last test of this server: nobody from this address can tell it a new password."""
    wrong = [ask(address, "/get-artifact", **basic(f"x{n}", "y")) for n in range(LIMIT + 1)]

    assert (wrong[-1][0], wrong[-1][1]["kind"]) == (429, "TooManyAttempts")


def test_nobody_has_an_empty_password(tmp_path: Path) -> None:
    """Nor one of a line that never came."""
    for password in ("", " "):
        with pytest.raises(InvalidValue, match="empty"):
            Users(tmp_path).add("ann", Role.ADMIN, password=password)
    words = ["server", "user", "add", "ann", "--role", "admin", "--password"]
    command = [sys.executable, "-m", "nbtrack", "--store", str(tmp_path), *words]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60)

    assert (done.returncode, "empty" in done.stderr) == (2, True)
    assert not Users(tmp_path).all()
    assert not Users(tmp_path / ".nbtrack").all()


def test_a_password_that_was_empty_before_lets_nobody_in(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.add("ann", Role.ADMIN, password="right")
    file = tmp_path / "server" / "users.json"
    (kept,) = json.loads(file.read_text())["users"]
    file.write_text(json.dumps({"users": [{**kept, "password": hashed("")}]}))

    with pytest.raises(NotIdentified):
        Door(users, is_open=False).who(basic("ann", "")["Authorization"], "192.0.2.1")


def test_who_removes_the_last_user_does_not_open_the_door(tmp_path: Path) -> None:
    users = Users(tmp_path)
    door = Door(users, is_open=True)
    assert door.who(None, "127.0.0.1") is None
    token = users.add("ann", Role.ADMIN)
    users.remove("ann")

    for said in (None, f"Bearer {token}"):
        with pytest.raises(NotIdentified):
            door.who(said, "127.0.0.1")


def test_secrets_are_not_in_the_file(tmp_path: Path) -> None:
    users = Users(tmp_path)
    token = users.add("ann", Role.ADMIN, password="a password")
    file = tmp_path / "server" / "users.json"

    assert token not in file.read_text()
    assert "a password" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(NameTaken):
        users.add("ann", Role.VIEWER)
    with pytest.raises(InvalidValue, match="no name"):
        users.add("a:b", Role.VIEWER)


def test_of_two_who_change_the_users_nobody_is_forgotten(tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: Users(tmp_path).add(name, Role.VIEWER), names))

    assert sorted(Users(tmp_path).all()) == sorted(names)


def test_a_file_of_users_that_cannot_be_read_lets_nobody_in(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.add("ann", Role.VIEWER)
    (tmp_path / "server" / "users.json").write_text('{"users": [')

    with pytest.raises(StoreError):
        Door(users, is_open=True).who(None, "127.0.0.1")


def test_users_are_made_as_readme_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (block,) = re.findall(r"^```shell\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / ".nbtrack"))
    made, serves = (shlex.split(line, comments=True) for line in block.splitlines())
    subprocess.run([sys.executable, "-m", *made], check=True, timeout=60)
    assert serves[:2] == ["nbtrack", "server"]
    server = TeamServer(tmp_path, *serves[2:])
    asked = f"{API}experiments/get?experiment_id=0"
    token = Users(tmp_path / ".nbtrack").new_token("ana")

    assert ask(server.address, asked, Host=NAME, **bearer(token))[0] == 200
    assert ask(server.address, asked, Host=NAME)[0] == 401
    assert server.stop() == 0


def test_the_commands_make_and_remove_users(tmp_path: Path) -> None:
    def nbtrack_server(*words: str, said: str = "") -> str:
        command = [sys.executable, "-m", "nbtrack", "--store", str(tmp_path), "server", *words]
        done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    token = nbtrack_server("user", "add", "ann", "--role", "editor", "--password", said="pw\n")
    users = Users(tmp_path / ".nbtrack")
    door = Door(users, is_open=False)
    user = door.who(f"Bearer {token.rpartition('=')[2].strip()}", "")

    assert user is not None
    assert user == door.who(basic("ann", "pw")["Authorization"], "")
    listed = nbtrack_server("user", "list")
    assert listed.splitlines()[1].split()[:3] == ["ann", "editor", "yes"]
    assert "revoked" in nbtrack_server("token", "revoke", "ann", user.tokens[0].id)
    assert "nbt_" in nbtrack_server("token", "new", "ann")
    assert len(users.all()["ann"].tokens) == 1
    nbtrack_server("user", "remove", "ann")
    assert not users.all()
    noted = (tmp_path / ".nbtrack" / "server" / "audit.jsonl").read_text().splitlines()
    assert [" ".join(json.loads(line)["path"].split()[:2]) for line in noted] == [
        "user add",
        "token revoke",
        "token new",
        "user remove",
    ]
