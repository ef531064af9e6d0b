"""The pages of `nbtrack server` in a real Chromium: the login, what stands behind it, and out."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from nbtrack import MlflowClient
from nbtrack.server.grants import EXPERIMENT, MODEL, Grant
from nbtrack.server.roles import Role
from nbtrack.server.users import Users
from tests.browser.lab import needs_browser, open_browser, resize
from tests.page.npm import MODULES, need_npm
from tests.support.team_server import TeamServer

pytestmark = [
    needs_browser,
    pytest.mark.skipif(find_spec("websockets") is None, reason="no websockets"),
]

PASSWORD = "correct horse"


class World(NamedTuple):
    server: TeamServer
    token: str  # of who sees "churn" alone
    users: Users


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("team") / ".nbtrack"
    client = MlflowClient(str(folder))
    for name in ("churn", "fraud"):
        run = client.create_run(client.create_experiment(name), run_name=f"run of {name}")
        client.log_metric(run.info.run_id, "f1", 0.5)
        client.log_text(run.info.run_id, "flavors: {}\n", "model/MLmodel")
        client.set_terminated(run.info.run_id)
        client.create_registered_model(name, description="words")
        client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    client._store.flush()
    Users(folder).add("ada", Role.ADMIN, password=PASSWORD)
    grants = [Grant(kind=kind, name="churn", role=Role.VIEWER) for kind in (EXPERIMENT, MODEL)]
    token = Users(folder).add("bob", None, grants=grants)
    server = TeamServer(folder)
    yield World(server, token, Users(folder))
    assert server.stop() == 0


@pytest.fixture
def page(world: World) -> Iterator[Any]:
    with open_browser(width=1100, height=800) as page:
        page.context.clear_cookies()  # of the test before: the browser is one
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page
        assert page.complaints == []
        assert page.foreign == []


def log_in(page: Any, name: str, secret: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password or token").fill(secret)
    page.get_by_role("button", name="Log in").click()


def test_in_and_out(page: Any, world: World) -> None:
    """Back to the address that was asked for; each sees his own; out is out, in every tab."""
    page.goto(world.server.address + "/runs?filter=f1+%3E+0.1")
    log_in(page, "ada", "wrong")
    page.get_by_role("alert").get_by_text("not right").wait_for()
    assert page.get_by_label("Name").input_value() == "ada"
    log_in(page, "ada", PASSWORD)
    page.locator("tr[data-run-id]").first.wait_for()
    assert page.url.endswith("/runs?filter=f1+%3E+0.1")
    assert page.locator("tr[data-run-id]").count() == 2
    assert page.locator(".nbt-side-user bdi").inner_text() == "ada"
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Password or token").wait_for()
    log_in(page, "", world.token)
    page.locator("tr[data-run-id] bdi:text-is('run of churn')").wait_for()
    places = page.locator("nav .nbt-side-name").all_inner_texts()
    assert places == ["Models", "All runs", "churn"]
    assert "fraud" not in page.content()


EDITS = ("Rename", "Add a note", "Add a tag", "Pin", "Make baseline", "Delete", "Register model")
CHANGES = ("Edit description", "Add a tag", "Move…", "Add a description", "Add an alias")


def test_what_he_may_not_is_not_offered(page: Any, world: World) -> None:
    """In the details of a run, for ticked runs and in the registry: who may look is told why there
    is nothing to press; when he may more, the open page offers it by itself."""
    page.goto(world.server.address + "/runs")
    log_in(page, "", world.token)
    page.get_by_role("button", name="run of churn").click()
    page.locator(".nbt-details .nbt-read-only").get_by_text("takes the role editor").wait_for()
    assert offered(page, EDITS) == set()
    page.get_by_label("Tick run of churn").check()
    page.get_by_role("button", name="CSV").wait_for()
    assert offered(page, ("Tag", "Delete", "Register")) == set()
    world.users.grant("bob", [Grant(kind=EXPERIMENT, name="churn", role=Role.EDITOR)])
    page.get_by_role("button", name="Rename").wait_for()
    page.locator("[data-key='delete ticked']").wait_for()
    assert offered(page, EDITS) == {*EDITS} - {"Register model"}

    page.goto(world.server.address + "/models/churn")
    page.get_by_role("button", name="v1: details").click()
    page.get_by_role("heading", name="Load it").or_(page.get_by_text("Load it")).first.wait_for()
    page.locator(".nbt-about .nbt-read-only").wait_for()
    assert offered(page, CHANGES) == set()
    world.users.grant("bob", [Grant(kind=MODEL, name="churn", role=Role.APPROVER)])
    page.get_by_role("button", name="Move version 1").wait_for()
    assert offered(page, CHANGES) == {*CHANGES}


def offered(page: Any, words: tuple[str, ...]) -> set[str]:
    """Those that stand on a button."""
    return {*page.get_by_role("button").all_inner_texts()} & {*words}


def test_a_link_from_elsewhere_opens(page: Any, world: World) -> None:
    """Of a colleague, in a chat: who has logged in is not asked again."""
    page.goto(world.server.address)
    log_in(page, "ada", PASSWORD)
    page.locator("tr[data-run-id]").first.wait_for()
    page.goto("about:blank")
    page.set_content(f'<a href="{world.server.address}/runs?filter=fraud">look</a>')
    page.get_by_text("look").click()
    page.locator("tr[data-run-id] bdi:text-is('run of fraud')").wait_for()

    assert page.locator("tr[data-run-id]").count() == 1


def test_a_server_that_begins_anew_asks_again(page: Any, world: World) -> None:
    """The open page comes to the login by itself, and from there to where it was."""
    page.goto(world.server.address + "/runs?filter=fraud")
    log_in(page, "ada", PASSWORD)
    page.locator("tr[data-run-id]").first.wait_for()
    world.server.stop()
    page.locator(".nbt-away:has-text('has ended')").wait_for()
    world.server.begin()
    page.get_by_label("Password or token").wait_for()
    log_in(page, "ada", PASSWORD)
    page.locator("tr[data-run-id] bdi:text-is('run of fraud')").wait_for()

    assert page.url.endswith("/runs?filter=fraud")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_keeps_nobody_out_but_strangers(page: Any, world: World, scheme: str) -> None:
    """axe-core finds nothing serious, also of a try that was wrong; by keys alone, at any width."""
    need_npm()
    page.emulate_media(color_scheme=scheme)
    page.goto(world.server.address)
    page.keyboard.press("Tab")
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("not right").wait_for()
    for width in (320, 1100):
        resize(page, width, 700)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    faults = [
        each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")
    ]

    assert faults == []
