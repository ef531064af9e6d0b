"""`nbtrack ui --export`: a project as files that a browser opens from disk, and what becomes of the
folder that they are written to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack import MlflowClient
from nbtrack.cli.main import main
from nbtrack.entities import Metric, Param
from nbtrack.panels.report.folder import LIST
from nbtrack.panels.report.run_table import MOST_COLUMNS
from tests.browser.lab import needs_browser, open_browser, resize
from tests.page.npm import MODULES, need_npm

EVIL = "</script></title><img src=x onerror=alert(1)>"
METRICS, PARAMS = [f"m{n}" for n in range(MOST_COLUMNS)], [f"p{n}" for n in range(MOST_COLUMNS)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / ".nbtrack"
    client = MlflowClient(str(folder))
    for number, name in enumerate(("churn", f"fraud {EVIL}")):
        experiment = client.create_experiment(name)
        for n in range(3):
            run = client.create_run(experiment, run_name=f"run {number}{n}")
            points = [Metric("loss", 1 / (step + n + 1), step, step) for step in range(4)]
            values = [Metric(key, (n + place) / 7, 0, 0) for place, key in enumerate(METRICS)]
            params = [Param(key, str(n * place)) for place, key in enumerate(PARAMS)]
            client.log_batch(run.info.run_id, metrics=[*points, *values], params=params)
            client.set_tag(run.info.run_id, "team", EVIL)
            client.set_terminated(run.info.run_id)
    client.create_registered_model("churn-model", description=EVIL)
    client._store.flush()
    return folder


@pytest.fixture(scope="module")
def pages(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "deep" / "report"
    assert main(["ui", str(project), "--export", str(folder)]) == 0
    return folder


@pytest.fixture
def page(pages: Path) -> Iterator[Any]:
    with open_browser(width=1300, height=900) as page:
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("dialog", lambda dialog: (page.said.append("dialog"), dialog.dismiss()))
        page.goto((pages / "index.html").as_uri())
        yield page


def export(project: Path, folder: Path) -> int:
    return main(["ui", str(project), "--export", str(folder)])


@needs_browser
def test_it_is_walked_through_from_disk(page: Any, pages: Path) -> None:
    """From the overview to an experiment and to the models; nothing is fetched but these files."""
    names = page.locator("main tbody th").all_inner_texts()
    page.locator("main tbody a").first.click()
    page.locator("table.runs").wait_for()

    assert names == [f"fraud {EVIL}", "churn"]
    assert page.locator("nav [aria-current=page] bdi").inner_text() == f"fraud {EVIL}"
    assert page.locator("thead th").count() == 2 * MOST_COLUMNS + 4
    assert page.locator("figure svg").count() >= 3
    page.get_by_role("searchbox").fill("m0 > 0.2 red")
    page.locator("[role=status]:text-is('0 of 3 runs')").wait_for()
    page.get_by_role("searchbox").fill("m0 > 0.2")
    page.locator("[role=status]:text-is('1 of 3 runs')").wait_for()
    assert page.locator("tbody tr:visible th").inner_text() == "run 12"
    page.locator("tbody tr:visible .name").click()
    assert EVIL in page.locator(".details").inner_text()
    page.get_by_role("link", name="Models").click()
    page.locator(".model >> text=churn-model").first.wait_for()
    assert page.said == []
    assert all(each.startswith(pages.as_uri()) for each in page.foreign)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out_of_it(page: Any, scheme: str) -> None:
    """At any width nothing sticks out, and axe-core finds nothing serious on any page."""
    need_npm()
    page.emulate_media(color_scheme=scheme)
    found = serious(page)
    page.locator("main tbody a").first.click()
    page.locator("table.runs .name").first.click()
    page.get_by_role("searchbox").fill("m0 >")
    page.locator("#filter .wrong:not(:empty)").wait_for()
    for width in (400, 900, 2000):
        resize(page, width, 900)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    found += serious(page)
    page.get_by_role("link", name="Models").click()
    page.locator(".model").first.wait_for()
    found += serious(page)

    assert found == []


def serious(page: Any) -> list[str]:
    """By the debugger, which no policy of the page keeps out."""
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{fault['id']} of {node['html'][:200]}: {node['failureSummary'][:300]}"
        for fault in found["violations"]
        for node in fault["nodes"]
        if fault["impact"] in ("serious", "critical")
    ]


def test_no_script_but_ours_may_run(pages: Path) -> None:
    for file in pages.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert len(re.findall(r"<script\b(?! type=\"application/json\")", text)) == 1
        assert not re.findall(r"<(?:img|iframe|object|base|form)\b", text)


def test_a_folder_of_its_own_is_written_anew(project: Path, pages: Path) -> None:
    """What is not there any more has no page."""
    told = json.loads((pages / LIST).read_text())
    (pages / LIST).write_text(json.dumps({**told, "files": [*told["files"], "experiment-9.html"]}))
    (pages / "experiment-9.html").write_text("old")

    assert export(project, pages) == 0
    assert sorted(each.name for each in pages.iterdir()) == sorted([*told["files"], LIST])
    assert [each.name for each in pages.parent.iterdir()] == [pages.name]  # and nothing beside it


@pytest.mark.parametrize("has_list", [True, False])
def test_a_folder_of_somebody_else_stays(
    project: Path, tmp_path: Path, has_list: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if has_list:
        assert export(project, tmp_path) == 0  # it is there, and empty
    (tmp_path / "thesis.tex").write_text("mine")

    assert export(project, tmp_path) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == (6 if has_list else 1)


def test_what_breaks_off_leaves_what_was_there(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full: the pages of before are whole."""
    folder = tmp_path / "report"
    assert export(project, folder) == 0
    before = {each.name: each.read_bytes() for each in folder.iterdir()}

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert export(project, folder) != 0
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_project_without_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    MlflowClient(str(tmp_path / ".nbtrack")).create_experiment("empty")

    assert export(tmp_path / ".nbtrack", tmp_path / "out") == 2
    assert "no runs yet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
