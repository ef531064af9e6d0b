"""Who comes in at a server's pages: by a login, which no other site has, until he leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nbtrack import MlflowClient
from nbtrack.server.pages.sessions import Sessions
from nbtrack.server.roles import Role
from nbtrack.server.users import Users
from tests.server.pages_of_users import HIDDEN, PASSWORD, fill, log_in, opened, request
from tests.support.team_server import TeamServer

pytest.importorskip("websockets")
from websockets.exceptions import ConnectionClosed, InvalidStatus


class World(NamedTuple):
    address: str
    users: Users
    viewer: str  # a token

    def cookie(self) -> str:
        return log_in(self.address, "viewer", self.viewer)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("login") / ".nbtrack"
    MlflowClient(folder.as_uri()).create_experiment(HIDDEN)
    users = Users(folder)
    token = users.add("viewer", Role.VIEWER)
    users.add("typist", Role.VIEWER, password=PASSWORD)
    server = TeamServer(folder)
    yield World(server.address, users, token)
    assert server.stop() == 0


def test_who_has_not_logged_in_sees_the_login_alone(world: World) -> None:
    """On every page, at its address; nothing of it is in a browser's cache, or in a frame."""
    for path in ("/", "/runs?experiment=1&filter=x", "/models", "/models/open"):
        told = request(world.address, path)
        assert told.status == 401
        assert '<form method="post" action="/login">' in told.text
        assert HIDDEN not in told.text
        assert "frame-ancestors 'none'" in told.headers["content-security-policy"]
        assert told.headers["cache-control"] == "no-store"
        assert "www-authenticate" not in told.headers  # no dialog of the browser's own
    assert (
        'value="/runs?experiment=1&amp;filter=x"'
        in request(world.address, "/runs?experiment=1&filter=x").text
    )
    assert request(world.address, "/page.js").status == 401
    assert request(world.address, "/page.css").status == 401
    for cookie in ("", "nbtrack-login-1=x", world.cookie().replace("=", "=x")):
        with pytest.raises(InvalidStatus), opened(world.address, "runs", cookie):
            pass


def test_the_cookie_is_for_the_browser_alone(world: World) -> None:
    """No script reads it, no other site sends it; behind https it goes that way only."""
    fields = {"name": "typist", "password": PASSWORD, "place": "/models?x=1"}
    told = request(world.address, "/login", fields, Origin=world.address)

    assert (told.status, told.headers["location"]) == (303, "/models?x=1")
    assert "HttpOnly" in told.headers["set-cookie"]
    assert "samesite=strict" in told.headers["set-cookie"].lower()
    assert PASSWORD not in str(told.headers)
    cookie = told.headers["set-cookie"].partition(";")[0]
    assert request(world.address, "/runs", cookie=cookie).status == 200
    api = request(world.address, "/api/2.0/mlflow/experiments/search?max_results=5", cookie=cookie)
    assert api.status == 401  # so that no form of another site is one of his


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example/", "/\\evil.example", "", "/a\r\nX: y"]
)
def test_it_leads_nowhere_else(world: World, place: str) -> None:
    fields = {"name": "", "password": world.viewer, "place": place}

    assert request(world.address, "/login", fields).headers["location"] == "/"


def test_another_site_may_not(world: World) -> None:
    """Neither log somebody in nor out, nor open a line with his cookie."""
    cookie, evil = world.cookie(), "http://evil.example"
    fields = {"name": "", "password": world.viewer}

    assert request(world.address, "/login", fields, Origin=evil).status == 403
    assert request(world.address, "/logout", {}, cookie=cookie, Origin=evil).status == 403
    assert request(world.address, "/runs", cookie=cookie).status == 200
    with pytest.raises(InvalidStatus), opened(world.address, "runs", cookie, origin=evil):
        pass


def test_passwords_are_not_guessed(world: World) -> None:
    """As many tries as over the API, and counted together; what is typed is not told back."""
    world.users.add("guessed", Role.VIEWER, password=PASSWORD)
    fields = {"name": "guessed", "password": "<b>wrong", "place": "/"}
    told = [request(world.address, "/login", fields) for _ in range(11)]

    assert [each.status for each in told] == [401] * 10 + [429]
    assert int(told[-1].headers["retry-after"]) > 0
    assert "<b>wrong" not in told[0].text
    assert 'value="guessed"' in told[0].text
    right = {**fields, "password": PASSWORD}
    assert request(world.address, "/login", right).status == 429


def test_out_is_out(world: World) -> None:
    """After a logout, and when the token is revoked or the user removed: at the next message."""
    cookie = world.cookie()
    with opened(world.address, "runs", cookie) as line:
        assert "result" in line.ask("start")
        assert request(world.address, "/logout", {}, cookie=cookie).status == 303
        with pytest.raises(ConnectionClosed):
            line.ask("start")
    assert request(world.address, "/runs", cookie=cookie).status == 401
    token = world.users.add("leaves", Role.ADMIN)
    cookie = log_in(world.address, "", token)
    with opened(world.address, "runs", cookie) as line:
        assert "result" in line.ask("start")
        [kept] = world.users.all()["leaves"].tokens
        world.users.new_token("leaves")
        assert "result" in line.ask("start")
        world.users.revoke("leaves", kept.id)
        with pytest.raises(ConnectionClosed):
            line.ask("start")
    assert request(world.address, "/runs", cookie=cookie).status == 401


def test_a_page_that_lies_open_ends_with_its_session(world: World) -> None:
    """Without a message of its own: nothing is pushed to it for ever."""
    cookie = world.cookie()
    with opened(world.address, "frame", cookie) as line:
        line.ask("opened")
        request(world.address, "/logout", {}, cookie=cookie)
        line.until_it_ends()


def test_looking_for_news_is_no_use(tmp_path: Path) -> None:
    """Else a page that lies open would keep its session for as long as a session may be."""
    users = Users(tmp_path)
    token = users.add("idle", Role.VIEWER)
    sessions = Sessions(users)
    cookie = sessions.begin(users.all()["idle"], token)
    [begun] = sessions._known.values()

    assert sessions.user(cookie).name == "idle"
    assert list(sessions._known.values()) == [begun]
    sessions.use(cookie)
    [used] = sessions._known.values()
    assert used.used > begun.used


def test_what_no_form_sends_is_nothing_said(world: World) -> None:
    fields = {f"field{n}": "x" for n in range(30)}

    assert request(world.address, "/login", fields).status == 401
    told = request(world.address, "/login")
    assert (told.status, told.headers["location"]) == (303, "/")


def test_without_users_nobody_is_asked(tmp_path: Path) -> None:
    """On this machine alone; from the first user on everybody is, and open lines end. Behind https,
    his cookie goes that way only."""
    client = MlflowClient((tmp_path / ".nbtrack").as_uri())
    run_id = fill(client, "open", "open")
    server = TeamServer(tmp_path / ".nbtrack", "--behind-proxy")
    try:
        assert request(server.address, "/runs").status == 200
        stale = f"nbtrack-login-{server.address.rpartition(':')[2]}=of-another-server"
        assert request(server.address, "/runs", cookie=stale).status == 200
        gone = request(server.address, "/login", {"name": "x", "password": "y"}, cookie=stale)
        assert "max-age=0" in gone.headers["set-cookie"].lower()
        with (
            opened(server.address, "runs", "") as line,
            opened(server.address, "frame", "") as idle,
        ):
            idle.ask("opened")
            line.ask("start")
            told = line.ask("edit", run=run_id, what="rename", text="renamed")
            assert told["result"]["name"] == "renamed"
            token = Users(tmp_path / ".nbtrack").add("first", Role.ADMIN)
            with pytest.raises(ConnectionClosed):
                line.ask("start")
            client.create_experiment(HIDDEN)
            idle.until_it_ends()
            assert HIDDEN not in str(idle.heard)
        assert request(server.address, "/runs").status == 401
        fields, https = {"name": "", "password": token}, {"X_Forwarded_Proto": "https"}
        given = request(server.address, "/login", fields, **https).headers["set-cookie"]
        assert given.startswith("__Host-nbtrack-login")
        assert "secure" in given.lower()
        cookie = given.partition(";")[0]
        assert request(server.address, "/runs", cookie=cookie, **https).status == 200
        assert request(server.address, "/runs", cookie=cookie).status == 401
        out = request(server.address, "/logout", {}, cookie=cookie, **https).headers["set-cookie"]
        assert "secure" in out.lower()
    finally:
        assert server.stop() == 0
