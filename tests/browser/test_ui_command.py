"""`nbtrack ui` in a real Chromium: the panels in a page of their own, with an address each."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from nbtrack import MlflowClient
from tests.browser.accessible import serious_faults
from tests.browser.lab import needs_browser, open_browser, resize
from tests.page.npm import need_npm

pytestmark = [
    needs_browser,
    pytest.mark.skipif(find_spec("websockets") is None, reason="no websockets"),
]

_SECONDS = 60  # for a server on a busy machine


class Shown(NamedTuple):
    process: subprocess.Popen[str]
    address: str  # with the token

    @property
    def base(self) -> str:
        return self.address.partition("/?")[0]

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=_SECONDS) in (0, -signal.SIGTERM)


def show(project: Path, *options: str) -> Shown:
    command = [sys.executable, "-m", "nbtrack", "ui", str(project), "--no-browser", *options]
    process = subprocess.Popen(command, cwd=project.parent, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"http://127\S+", line)
    assert found, f"nbtrack ui said {line!r}"
    return Shown(process, found.group())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs in "churn", one in "fraud", and a model."""
    folder: Path = tmp_path_factory.mktemp("ui") / "project"
    client = MlflowClient(str(folder))
    churn, fraud = client.create_experiment("churn"), client.create_experiment("fraud")
    for experiment, name, f1 in (
        (churn, "calm heron", 0.9), (churn, "odd finch", 0.4), (fraud, "shy wren", 0.5),
    ):  # fmt: skip
        run = client.create_run(experiment, run_name=name)
        client.log_metric(run.info.run_id, "f1", f1)
        for step in range(20):
            client.log_metric(run.info.run_id, "loss", 1 / (step + 1), step=step)
        client.set_terminated(run.info.run_id)
    client.create_registered_model("churn-model")
    return folder


@pytest.fixture(scope="module")
def shown(project: Path) -> Iterator[Shown]:
    shown = show(project)
    yield shown
    shown.end()


@pytest.fixture
def page(shown: Shown) -> Iterator[Any]:
    with open_browser(width=1200, height=900) as page:
        page.complaints = []
        page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(shown.address)
        page.locator("tr[data-run-id]").first.wait_for()
        yield page
        assert page.complaints == []  # the policy of the page allows all that it does
        assert page.foreign == []  # nothing leaves the machine


def names(page: Any) -> list[str]:
    return page.locator("tr[data-run-id] bdi").all_inner_texts()


def go(page: Any, words: str) -> None:
    page.locator("nav a", has_text=words).click()
    page.locator(f"nav a[aria-current=page]:has-text('{words}')").wait_for()
    page.locator(".nbt-coming").wait_for(state="detached")


def background(page: Any) -> list[int]:
    colour = page.locator("[data-nbtrack=runs]").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    return [int(each) for each in re.findall(r"\d+", colour)[:3]]


def test_the_runs_are_shown(page: Any) -> None:
    """With the places at the left; the token is not in the address any more."""
    places = page.locator("nav a").all_inner_texts()

    assert "token" not in page.url
    assert [re.sub(r"\s+", " ", each) for each in places] == [
        "Models 1", "All runs 3", "fraud 1", "churn 2", "Default 0",
    ]  # fmt: skip
    assert sorted(names(page)) == ["calm heron", "odd finch", "shy wren"]


def test_charts_are_drawn(page: Any) -> None:
    page.locator("[data-tab=charts]").click()

    page.locator("[data-metric=loss] svg").first.wait_for(timeout=1000 * _SECONDS)


def test_an_address_opens_as_it_was(page: Any) -> None:
    """Experiment, filter, order, ticks and tab, in another window."""
    go(page, "churn")
    page.locator(".nbt-query").fill("f1 > 0.1")
    page.locator(".nbt-query").press("Enter")
    page.locator('[data-column="metrics.f1"]').click()
    page.locator('th[aria-sort=descending] [data-column="metrics.f1"]').wait_for()
    page.locator("tr[data-run-id] input[type=checkbox]").last.check()
    page.locator("[data-tab=compare]").click()
    page.wait_for_url(re.compile("tab=compare"))
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("[data-tab=compare][aria-selected=true]").wait_for()
    other.locator("[data-tab=runs]").click()

    other.locator('th[aria-sort=descending] [data-column="metrics.f1"]').wait_for()
    assert names(other) == ["calm heron", "odd finch"]
    assert other.locator(".nbt-query").input_value() == "f1 > 0.1"
    assert [box.is_checked() for box in other.locator("tr[data-run-id] input").all()] == [0, 1]
    assert other.locator("nav a[aria-current=page] bdi").inner_text() == "churn"
    other.close()


def test_back_and_forward(page: Any) -> None:
    go(page, "fraud")
    page.locator("tr[data-run-id] bdi:text-is('shy wren')").wait_for()
    go(page, "Models")
    page.locator("[data-nbtrack=registry] >> text=churn-model").click()
    page.wait_for_url(re.compile("/models/churn-model"))
    page.go_back()
    page.wait_for_url(re.compile("/models$"))
    page.go_back()
    page.locator("tr[data-run-id] bdi:text-is('shy wren')").wait_for()
    assert names(page) == ["shy wren"]
    page.go_forward()

    page.locator("[data-nbtrack=registry] >> text=churn-model").wait_for()


def test_new_runs_come_by_themselves(page: Any, project: Path) -> None:
    """Two pages, of which neither moves the other."""
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("tr[data-run-id]").first.wait_for()
    go(other, "fraud")
    client = MlflowClient(str(project))
    fraud = client.get_experiment_by_name("fraud")
    assert fraud is not None
    run = client.create_run(fraud.experiment_id, run_name="late owl")
    client.set_terminated(run.info.run_id)
    for each in (page, other):
        each.locator("bdi:text-is('late owl')").wait_for()

    assert len(names(page)) == 4
    assert sorted(names(other)) == ["late owl", "shy wren"]
    other.close()
    client.delete_run(run.info.run_id)


def test_it_follows_the_system(page: Any) -> None:
    """Light and dark, without another load."""
    page.emulate_media(color_scheme="light")
    light = background(page)
    page.emulate_media(color_scheme="dark")

    assert min(light) > 200
    assert max(background(page)) < 90


@pytest.mark.parametrize("width", [400, 1000, 2000])
def test_it_has_all_the_room(page: Any, width: int) -> None:
    """Nothing sticks out, and what the places do not take is the panel's."""
    resize(page, width, 900)
    box = page.locator("[data-nbtrack=runs]").bounding_box()
    side = page.locator("nav").bounding_box()

    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert box["width"] >= (width if width < 860 else width - side["width"]) - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(page: Any, scheme: str) -> None:
    """axe-core finds nothing serious: names, roles and contrast of all that there is to see."""
    need_npm()
    page.emulate_media(color_scheme=scheme)
    found = serious_faults(page, "runs")
    page.locator(".nbt-name-button").first.click()
    page.locator(".nbt-details .nbt-detail-head").wait_for()
    found += serious_faults(page, "an opened run")
    for box in page.locator("tr[data-run-id] input[type=checkbox]").all():
        box.check()
    page.locator("[data-tab=charts]").click()
    page.locator("[data-metric=loss] svg").first.wait_for(timeout=1000 * _SECONDS)
    found += serious_faults(page, "charts")
    page.locator("[data-tab=compare]").click()
    page.locator(".nbt-make-baseline").first.wait_for()
    found += serious_faults(page, "a comparison")
    go(page, "Models")
    found += serious_faults(page, "models")
    page.locator("[data-nbtrack=registry] >> text=churn-model").click()
    page.wait_for_url(re.compile("/models/churn-model"))
    found += serious_faults(page, "a model")

    assert found == []


def test_it_comes_back(project: Path, tmp_path: Path) -> None:
    """The server says that it is gone; started again, the open page goes on where it was."""
    shown = show(project)
    with open_browser(width=1200, height=900) as page:
        page.goto(shown.address)
        page.locator("tr[data-run-id]").first.wait_for()
        go(page, "fraud")
        page.locator("tr[data-run-id] bdi:text-is('shy wren')").wait_for()
        shown.end()
        page.locator(".nbt-away:has-text('has ended')").wait_for()
        again = show(project)
        page.locator(".nbt-away:empty").wait_for(state="attached", timeout=1000 * _SECONDS)
        page.locator("tr[data-run-id] bdi:text-is('shy wren')").wait_for()

        assert (again.base, again.address != shown.address) == (shown.base, True)
        assert names(page) == ["shy wren"]
        again.end()


def test_a_project_that_cannot_be_read(tmp_path: Path) -> None:
    """The page says why, and does not try over and over."""
    (tmp_path / "project" / "journal").mkdir(parents=True)
    (tmp_path / "project" / "nbtrack.duckdb").write_bytes(b"no database" * 1000)
    shown = show(tmp_path / "project")
    with open_browser() as page:
        page.goto(shown.address)
        page.locator(".nbt-away:has-text('Load this page again')").wait_for()
        page.evaluate("window.isTheSame = true")
        page.wait_for_timeout(2500)

        assert page.evaluate("window.isTheSame")
    shown.end()


def test_strangers_see_nothing(shown: Shown) -> None:
    """Neither without the token, nor from the page of another site, nor by another name."""
    for address, headers in (
        ("/", {}),
        ("/page.js", {}),
        ("/?token=wrong", {}),
        ("/?" + shown.address.partition("?")[2], {"Origin": "http://evil.example"}),
        ("/?" + shown.address.partition("?")[2], {"Host": "evil.example"}),
    ):
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(shown.base + address, headers=headers))
        assert refused.value.code == 403


def test_no_stranger_opens_a_line(shown: Shown, page: Any) -> None:
    """With the cookie of somebody who may, a page of another site is refused all the same."""
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    cookie = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    line = shown.base.replace("http", "ws") + "/line/runs"
    with connect(line, origin=shown.base, additional_headers={"Cookie": cookie}) as opened:
        opened.send("no JSON")
        opened.send('{"id": 1, "do": "start", "with": {"view": "v"}}')
        assert '"state"' in str(opened.recv(timeout=_SECONDS))
    for address, origin, known in (
        (line, shown.base, ""),
        (line, "http://evil.example", cookie),
        (line.replace("runs", "vault"), shown.base, cookie),
    ):
        with pytest.raises(InvalidStatus):
            connect(address, origin=origin, additional_headers={"Cookie": known}).close()


def test_a_port_that_is_taken(shown: Shown, project: Path) -> None:
    port = shown.base.rpartition(":")[2]
    command = [sys.executable, "-m", "nbtrack", "ui", str(project), "--port", port]
    ran = subprocess.run([*command, "--no-browser"], capture_output=True, text=True)

    assert ran.returncode != 0
    assert f"Port {port} is taken; leave out --port" in ran.stderr
