"""Users whose roles are for some experiments and models: of all others they see and change nothing,
whichever protocol asks."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import anyio
import pytest

import nbtrack
from nbtrack.capture import environment
from nbtrack.errors import NotAllowed
from nbtrack.journal import lines
from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.protocol import QUESTIONS_ASKED, START
from nbtrack.server.app import make_app
from nbtrack.server.grants import EXPERIMENT, MODEL, Grant
from nbtrack.server.pages.paths import is_page
from nbtrack.server.roles import Role, needed_role
from nbtrack.server.scopes import is_met, needs_of
from nbtrack.server.served import Served
from nbtrack.server.users import Users
from tests.server.asking import API, _answer, ask
from tests.support.team_server import TeamServer

NAME = "price"  # of an experiment and of a model
# What tells nothing of single experiments and models, or only of the user's own.
FREE = re.compile(
    r".*/(experiments/search|registered-models/search|model-versions/search|writers/.*"
    r"|registry/[0-9a-f]{32}/.*|questions/(read_texts|missing_contents|registry_head"
    r"|noted_registry_head|version|search_experiments|search_registered_models"
    r"|search_model_versions|registry_events|(count|search)_runs|read_(groups|keys|run_page)"
    r"|read_run_values|search_run_columns|search_logged_models))"
)
# Of the whole project.
WHOLE = re.compile(r"/metrics|.*/questions/(proposed_run|read_places)")


class World(NamedTuple):
    folder: Path
    experiment_id: str
    run_id: str
    model_id: str
    model_number: int
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("scoped") / ".nbtrack"
    client = nbtrack.MlflowClient(folder.as_uri())
    experiment_id = client.create_experiment(NAME)
    client.create_experiment("other")
    run_id = client.create_run(experiment_id).info.run_id
    client.log_text(run_id, "secret", "a.txt")
    client.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    model_id = client.create_logged_model(experiment_id, "m", source_run_id=run_id).model_id
    for name in (NAME, "other"):
        client.create_registered_model(name)
    client.create_model_version(NAME, f"runs:/{run_id}/model", run_id)
    theirs = lines.execution_facts_line("of-theirs", 1, {"source": "s", "run_id": run_id}, t=1)
    client._store.append(theirs)
    client._store.flush()
    users = Users(folder)
    tokens = {str(role): users.add(str(role), role) for role in Role}
    for who, name in (("mine", NAME), ("others", "other")):
        grants = [Grant(kind=kind, name=name, role=Role.APPROVER) for kind in (EXPERIMENT, MODEL)]
        tokens[who] = users.add(who, None, grants=grants)
    grants = [Grant(kind=EXPERIMENT, name=NAME, role=Role.VIEWER)]
    tokens["looks"] = users.add("looks", None, grants=grants)
    grants = [Grant(kind=EXPERIMENT, name="other", role=Role.EDITOR)]
    tokens["both"] = users.add("both", Role.VIEWER, grants=grants)
    number = client.get_registered_model(NAME).event_number
    return World(folder, experiment_id, run_id, model_id, number, tokens)


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    server = TeamServer(world.folder)
    yield server.address
    assert server.stop() == 0


@pytest.fixture(scope="module")
def own_run(world: World) -> str:
    """Of who has the experiment "other"."""
    client = nbtrack.MlflowClient(world.folder.as_uri())
    other = client.get_experiment_by_name("other")
    assert other is not None
    return str(client.create_run(other.experiment_id).info.run_id)


def every_request(world: World) -> Iterator[tuple[str, str, dict[str, Any], bytes]]:
    """Each route of the server, about the experiment and model NAME in all ways to say so."""
    event = {"kind": "model_tag_set", "model": NAME, "model_key": 1}
    fields = {
        "experiment_id": world.experiment_id, "experiment_ids": [world.experiment_id],
        "run_id": world.run_id, "run_ids": [world.run_id], "parent_id": world.run_id,
        "model_id": world.model_id, "owner": world.run_id, "name": NAME, "experiment_name": NAME,
        "source": f"runs:/{world.run_id}/model", "version": "1", "key": "k", "path": "a.txt",
        "metric_key": "loss", "artifact_file_path": "a.txt", "alias": "best", "stage": "None",
        "events": [event], "of": {"runs": [world.run_id]}, "paths": ["a.txt"],
        "query": {},
    }  # fmt: skip
    line = lines.metric_line(world.run_id, "loss", 1.0, step=0, t=1)
    for route in make_app(Served(world.folder.as_uri())).routes:
        for method in sorted(getattr(route, "methods", None) or ()):
            for path in _paths(route.path, world):  # type: ignore[attr-defined]  # all are Routes
                body = zlib.compress(line.encode()) if "/journal/" in path else b""
                asked = dict(fields)
                if path in ("/ajax-api/2.0/mlflow/upload-artifact", "/get-artifact"):
                    asked = {"run_id": world.run_id, "path": "a.txt"}
                elif path.endswith(("mlflow-artifacts/artifacts", "/1/files")):
                    asked = {"path": f"runs/{world.run_id}"}
                yield method, path, asked, body


def _paths(form: str, world: World) -> list[str]:
    if form in ("/health", "/version") or is_page(form):  # see test_pages_for_users
        return []
    if form.endswith("/questions/{name}"):
        return [form.replace("{name}", name) for name in (*sorted(QUESTIONS_ASKED), "version")]
    place = f"runs/{world.run_id}/a.txt"
    if form.endswith(("/artifacts/{place:path}", "/files/{place:path}", "/uploads/{place:path}")):
        places = [
            place,
            f"models/{world.model_id}/x",
            f"versions/{NAME}/1/x",
            f"copies/{NAME}-{world.model_number}/1/x",
        ]
        return [form.replace("{place:path}", each) for each in places]
    for name, value in {
        "{model_id}": world.model_id, "{segment}": f"{'a' * 32}-1.jsonl", "{writer}": "a" * 32,
        "{token}": "b" * 32, "{path:path}": "x", "{tag_key}": "k",
        "{rest:path}": f"create/{place}",
    }.items():  # fmt: skip
        form = form.replace(name, value)
    return [form]


def send(
    address: str, token: str, method: str, path: str, fields: dict[str, Any], body: bytes
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "nbtrack-start": "0"}
    if body:
        request = urllib.request.Request(address + path, body, headers, method=method)
        return _answer(request)
    if method in ("GET", "HEAD") or "artifact" in path or "/files" in path:
        query = urlencode(fields, doseq=True)
        return ask(address, f"{quote(path)}?{query}", method=method, **headers)
    return ask(address, quote(path), fields, method=method, **headers)


def test_each_route_is_closed_to_who_may_use_other_experiments(address: str, world: World) -> None:
    wrong, count = [], 0
    for method, path, fields, body in every_request(world):
        count += 1
        status, told = send(address, world.tokens["others"], method, path, fields, body)
        if (status == 403) == bool(FREE.fullmatch(path)):
            wrong.append((method, path, status, told))
        assert "secret" not in json.dumps(told)

    assert wrong == []
    assert count > 150


def test_each_route_that_changes_something_is_closed_to_viewers(address: str, world: World) -> None:
    for method, path, fields, body in every_request(world):
        is_reading = needed_role(method, path) == Role.VIEWER
        for who in ("viewer", "looks"):
            if not is_reading:
                status, told = send(address, world.tokens[who], method, path, fields, body)
                assert (status, told["error_code"]) == (403, "PERMISSION_DENIED"), (path, told)


def test_each_route_is_open_to_who_has_the_role_of_what_it_is_about(world: World) -> None:
    served, mine = Served(world.folder.as_uri()), Users(world.folder).all()["mine"]
    for method, path, fields, body in every_request(world):
        role = needed_role(method, path)
        if WHOLE.fullmatch(path):
            with pytest.raises(NotAllowed, match="for all"):
                needs_of(served, role, path, fields, body)
            continue
        if "/questions/" in path:
            fields = {**fields, "query": {"experiment_ids": [world.experiment_id]}}
        needs = needs_of(served, role, path, fields, body)
        assert all(is_met(need, mine) for need in needs), (path, needs)


def test_lists_tell_of_ones_own_only(address: str, world: World) -> None:
    seen = {"Authorization": f"Bearer {world.tokens['mine']}"}
    ours = "/api/nbtrack/1/questions/"
    experiments = ask(address, f"{API}experiments/search", {"max_results": 50}, **seen)[1]
    models = ask(address, f"{API}registered-models/search", **seen)[1]
    told = ask(address, f"{ours}search_experiments", {}, **seen)[1]
    runs = ask(address, f"{ours}search_runs", {"query": {}}, **seen)[1]
    none = {"Authorization": f"Bearer {world.tokens['others']}"}
    events = ask(address, f"{ours}registry_events", {}, **none)[1]

    assert [each["name"] for each in experiments["experiments"]] == [NAME]
    assert [each["name"] for each in models["registered_models"]] == [NAME]
    assert [each["name"] for each in told["answer"]] == [NAME]
    assert {each["info"]["run_id"] for each in runs["answer"]} == {world.run_id}
    assert ask(address, f"{ours}search_runs", {"query": {}}, **none)[1]["answer"] == []
    assert {each["model"] for each in events["answer"]} == {"other"}


def seen_by(world: World, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.tokens[who]}"}


@pytest.mark.parametrize(
    ("method", "path", "secret", "mine"),
    [
        ("GET", "/get-artifact", "run_id={run}&path=a.txt", {"run_id": "{own}"}),
        ("GET", "/get-artifact", "run_uuid={run}&path=a.txt", {"run_id": "{own}"}),
        ("GET", "/model-versions/get-artifact", f"name={NAME}&version=1&path=x", {"name": "other"}),
        ("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts", "path=runs/{run}",
         {"path": "runs/{own}"}),
        ("GET", "/api/nbtrack/1/files", "path=runs/{run}", {"path": "runs/{own}"}),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact", "run_id={run}&path=a.txt",
         {"run_id": "{own}"}),
        ("GET", f"{API}runs/get", "run_id={own}", {"run_id": "{run}"}),
        ("GET", f"{API}runs/get", "run_id={run}", {"run_id": "{own}"}),
        ("POST", "/api/nbtrack/1/questions/get_run", "run_id={own}", {"run_id": "{run}"}),
        ("POST", "/api/nbtrack/1/questions/read_metrics", "run_id={own}",
         {"run_uuid": "{own}", "run_id": "{run}", "key": "loss"}),
    ],
)  # fmt: skip
def test_the_query_and_the_body_cannot_speak_of_different_things(
    address: str, world: World, own_run: str, method: str, path: str, secret: str, mine: Any
) -> None:
    def told(text: str) -> str:
        return text.replace("{run}", world.run_id).replace("{own}", own_run)

    fields = {name: told(value) for name, value in mine.items()}
    seen = seen_by(world, "others")
    status, answer = ask(address, f"{path}?{told(secret)}", fields, method=method, **seen)

    assert status in (400, 403), answer
    assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("search_runs", {"query": {"experiment_ids": "{mine}"}}),
     ("search_runs", {"query": {"experiment_ids": {"{mine}": 1}}}),
     ("read_lines", {"of": {"experiments": "{mine}"}}),
     ("read_lines", {"of": {"experiments": ["{mine}"], "runs": "{own}"}}),
     ("read_series", {"run_ids": "{own}", "keys": ["a"]})],
)  # fmt: skip
def test_a_text_is_no_list(
    address: str, world: World, own_run: str, name: str, fields: dict[str, Any]
) -> None:
    """Or one looks at one id, and the other at each of its digits."""
    mine = nbtrack.MlflowClient(world.folder.as_uri()).get_run(own_run).info.experiment_id
    text = json.dumps(fields).replace("{mine}", mine).replace("{own}", own_run)
    path = f"/api/nbtrack/1/questions/{name}"

    for who in ("others", "editor"):
        status, told = ask(address, path, json.loads(text), **seen_by(world, who))
        assert status in (400, 403), told


@pytest.mark.parametrize(
    ("query", "body"),
    [("", b"{"), ("", b"\xff"), ("", b"[" * 100_000), ("", b"[]"), ("?a=\xff", b"{"),
     ("", b'{"query":' * 900 + b"1" + b"}" * 900)],
)  # fmt: skip
def test_what_nobody_can_read_is_refused_as_to_all(
    address: str, world: World, query: str, body: bytes
) -> None:
    answers = []
    for who in ("others", "editor"):
        head = [
            f"POST /api/nbtrack/1/questions/search_runs{query} HTTP/1.1",
            "Host: localhost", "Connection: close", f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in seen_by(world, who).items()),
        ]  # fmt: skip
        place, port = address.removeprefix("http://").split(":")
        with socket.create_connection((place, int(port)), timeout=30) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)
            answers.append(line.makefile("rb").readline().split()[1])

    assert answers == [b"400", b"400"]


def test_lines_that_are_not_compressed_are_refused_as_to_all(address: str, world: World) -> None:
    path = f"/api/nbtrack/1/journal/{'a' * 32}-1.jsonl"
    for who in ("others", "editor"):
        assert send(address, world.tokens[who], "POST", path, {}, b"plain")[0] == 400


def test_a_role_for_all_counts_beside_a_grant(address: str, world: World, own_run: str) -> None:
    """A viewer of all who is editor of "other" links a model of the experiment NAME to a run."""
    fields = {"run_id": own_run, "models": [{"model_id": world.model_id}]}
    path = f"{API}runs/log-inputs"

    assert ask(address, path, fields, **seen_by(world, "others"))[0] == 403
    assert ask(address, path, fields, **seen_by(world, "both"))[0] == 200
    fields["run_id"] = world.run_id
    assert ask(address, path, fields, **seen_by(world, "both"))[0] == 403


def test_the_store_is_asked_beside_the_event_loop(
    world: World, own_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or all others would wait for it."""
    served, askers = Served(world.folder.as_uri()), set()
    app, store, find = make_app(served), type(served.store), served.store.find_experiment

    def noted(_: object, name: str) -> Any:
        askers.add(threading.current_thread())
        return find(name)

    monkeypatch.setattr(store, "find_experiment", noted)
    path = "/api/nbtrack/1/questions/read_child_runs"
    status = anyio.run(status_of, app, path, {"parent_id": own_run}, seen_by(world, "others"))

    assert status == 200
    assert askers
    assert threading.current_thread() not in askers


async def status_of(app: Any, path: str, fields: Any, headers: dict[str, str]) -> int:
    """As a server asks it, within this thread's event loop."""
    found: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(fields).encode()}

    async def send(message: dict[str, Any]) -> None:
        found.append(message)

    told = {"host": "localhost", **headers}
    await app({
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1),
        "headers": [(k.lower().encode(), v.encode()) for k, v in told.items()],
    }, receive, send)  # fmt: skip
    return int(found[0]["status"])


RUN, THEIRS = "c" * 32, "d" * 32


@pytest.mark.parametrize(
    "text",
    [
        lines.metric_line(THEIRS, "loss", 1.0, step=0, t=1),
        lines.points_lines(THEIRS, "loss", lines.Points([1.0] * 4, range(4), [1] * 4)),
        " " + lines.metric_line("{run}", "loss", 1.0, step=0, t=1),
        lines.run_line(RUN, t=1, experiment_id="{theirs}", status="RUNNING"),
        lines.run_line("{run}", t=1, experiment_id="{mine}"),
        lines.run_line(THEIRS, t=1, status="RUNNING"),
        lines.experiment_line("{theirs}", t=1, name="other"),
        lines.experiment_line("9", t=1, name="new"),
        lines.experiment_line("{mine}", t=1, renamed="new"),
        lines.experiment_tag_line("{theirs}", "a", "b", t=1),
        lines.model_value_line("{model}", "tag", "a", "b", t=1),
        lines.model_link_line(RUN, "{model}", "output", t=1),
        lines.model_point_line(RUN, "loss", 1.0, step=0, t=1, model_id="{model}"),
        lines.execution_facts_line("of-theirs", 1, {"source": "s", "run_id": RUN}, t=9),
        lines.execution_facts_line("of-theirs", 2, {"source": "s"}, t=9),
        lines.execution_facts_line("new", 1, {"source": "s", "run_id": "{run}"}, t=9),
        lines.text_line("short", "text", t=1),
        lines.environment_line("data:a", {}, t=1),
        '{"n":"' + "a" * 64 + '","k":"text","v":"b","t":1}\n',
        '{"k":"metric","r":"' + RUN + '","r":"{run}","n":"a","v":1,"s":0,"t":1}\n',
        '{"k":"metric","r":"{run}","n":"a","v":1,"s":0,"t":1,}\n',
        '{"k":"metric","r":["{run}"],"n":"a","v":1,"s":0,"t":1}\n',
        '{"k":"later","r":"' + RUN + '","t":1}\n',
        "[1]\n", "{}\n", '{"k":"close"}',
    ],
)  # fmt: skip
def test_lines_of_others_are_refused(address: str, world: World, text: str) -> None:
    """The user has the experiment "other"; a run of his begins in the same lines."""
    client = nbtrack.MlflowClient(world.folder.as_uri())
    other = client.get_experiment_by_name("other")
    assert other is not None
    for name, value in {
        "{run}": world.run_id, "{theirs}": world.experiment_id, "{model}": world.model_id,
        "{mine}": other.experiment_id,
    }.items():  # fmt: skip
        text = text.replace(name, value)
    begun = lines.run_line(RUN, t=1, experiment_id=other.experiment_id, status="RUNNING")
    path = f"/api/nbtrack/1/journal/{'e' * 32}-1.jsonl"
    sent = zlib.compress((begun + text).encode())
    status, told = send(address, world.tokens["others"], "POST", path, {}, sent)

    assert (status, told["error_code"]) == (403, "PERMISSION_DENIED")


def test_nobody_says_for_all_what_a_digest_is_of(address: str, world: World, own_run: str) -> None:
    """Of his own kernel he says what it executed; what a text is, its digest says."""
    source, false, masked = "print(1)", digest_of("print(2)"), digest_of("key = 'a'")
    content = {"packages": {"numpy": "2"}}
    text = "".join([
        lines.text_line(digest_of(source), source, t=1),
        lines.text_line(false, "steal()", t=1),
        lines.text_line(masked, "key = '***'", t=1),
        lines.text_line("data:abc", "rows", t=1),
        lines.environment_line(environment.digest_of(content), content, t=1),
        lines.environment_line("a" * 64, content, t=1),
        lines.execution_facts_line("own", 1, {"source": digest_of(source)}, t=1),
        lines.execution_facts_line("own", 2, {"source": false, "run_id": own_run}, t=1),
    ])  # fmt: skip
    for writer in ("8" * 32, "9" * 32):  # again: then the kernel is known
        path, sent = f"/api/nbtrack/1/journal/{writer}-1.jsonl", zlib.compress(text.encode())
        told = send(address, world.tokens["others"], "POST", path, {}, sent)
        assert told == (200, {"end": len(text)})
    store = nbtrack.MlflowClient(world.folder.as_uri())._store
    keys = [digest_of(source), false, masked, "data:abc"]

    assert store.read_texts(keys) == {digest_of(source): source, "data:abc": "rows"}
    known = [environment.digest_of(content), "a" * 64]
    assert store.missing_contents(known) == ["a" * 64]
    assert [each.number for each in store.read_executions(own_run)] == [1, 2]


def test_what_waits_is_sent_in_whole_lines(
    address: str, world: World, own_run: str, tmp_path: Path
) -> None:
    """However much it is; and one line may be longer than a request usually is."""
    outbox, name = Outbox(tmp_path, tmp_path), f"{'f' * 32}-1.jsonl"
    many = (lines.tag_line(own_run, f"k{number}", "v" * 999, t=1) for number in range(5_000))
    long = lines.tag_line(own_run, "long", "v" * 5_000_000, t=1)
    (tmp_path / name).write_text("".join([*many, long, lines.tag_line(own_run, "a", "b", t=1)]))
    path, end = f"/api/nbtrack/1/journal/{name}", 0
    for start, text in outbox.pieces(name, 0):
        headers = {**seen_by(world, "others"), START: str(start)}
        sent = urllib.request.Request(address + path, zlib.compress(text), headers, method="POST")
        assert _answer(sent) == (200, {"end": start + len(text)})
        end = start + len(text)

    assert end == (tmp_path / name).stat().st_size
    tags = nbtrack.MlflowClient(world.folder.as_uri()).get_run(own_run).data.tags
    assert (len(tags["k4999"]), tags["a"]) == (999, "b")


LOGS = """
import sys
import nbtrack
from nbtrack.errors import NotFound
nbtrack.set_tracking_uri(sys.argv[1])
nbtrack.set_experiment("price")
with nbtrack.start_run() as run:
    nbtrack.log_metrics({"loss": 0.5})
    nbtrack.log_text("hello", "hello.txt")
client = nbtrack.MlflowClient()
found = client.search_runs([run.info.experiment_id])
client.transition_model_version_stage("price", "1", "Staging")
print(len(found), client.get_model_version("price", "1").current_stage)
try:
    client.set_registered_model_tag("other", "a", "b")
except NotFound as exc:
    print(type(exc).__name__)
"""


def test_clients_work_as_before_in_what_is_theirs(
    address: str, world: World, tmp_path: Path
) -> None:
    told = {"NBTRACK_TOKEN": world.tokens["mine"], "NBTRACK_SERVERS_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", LOGS, address], env={**os.environ, **told}, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.stdout.splitlines() == ["2 Staging", "RegisteredModelNotFound"], done.stderr
    tag = {"name": "other", "key": "a", "value": "b"}
    seen = {"Authorization": f"Bearer {world.tokens['mine']}"}
    status, told = ask(address, f"{API}registered-models/set-tag", tag, **seen)
    assert (status, told["message"]) == (
        403,
        "mine is approver of experiment price, approver of model price; this takes the role editor"
        " of model 'other'.",
    )


def test_the_command_grants_and_takes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nbtrack.cli.main import main

    def told(*words: str) -> tuple[int, str]:
        code = main(["--store", str(tmp_path), "server", "user", *words])
        shown = capsys.readouterr()
        return code, (shown.out + shown.err).splitlines()[0]

    assert told("add", "ann", "--role", "editor", "--experiment", "price") == (
        0, "ann is editor of experiment price.",
    )  # fmt: skip
    granted = told("grant", "ann", "--role", "approver", "--experiment", "price", "--model", "m")
    assert granted == (0, "ann is approver of experiment price, approver of model m.")
    assert told("take-back", "ann", "--experiment", "price") == (0, "ann is approver of model m.")
    assert told("take-back", "ann", "--experiment", "price")[0] == 2
    assert told("grant", "ann", "--role", "viewer")[0] == 2
    assert told("list")[0] == 0
