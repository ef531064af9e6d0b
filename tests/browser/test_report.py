"""`nbtrack export --html`: one file that says what happened, and runs nothing that a run says."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

import nbtrack
from nbtrack.cli.main import main
from nbtrack.recording.session import current_session
from tests.browser.lab import needs_browser, open_browser

EVIL = "</script></svg><img src=x onerror=alert(1)><script>alert(2)</script>"


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    before = nbtrack.get_tracking_uri()
    nbtrack.set_tracking_uri(str(folder / ".nbtrack"))
    nbtrack.set_experiment(f"wine {EVIL}")
    for number, accuracy in enumerate((0.5, 0.9, 0.7, 0.65)):
        with nbtrack.start_run(run_name=EVIL if number == 2 else f"run {number}"):
            nbtrack.log_params({"depth": (10, 9, 100, 1)[number], "evil": f"{number}{EVIL}"})
            nbtrack.log_metric("accuracy", accuracy)
            for step in range(5):
                nbtrack.log_metric("loss", 1 / (step + 1 + number), step=step)
    with nbtrack.start_run(run_name="nothing measured"):
        nbtrack.log_param("depth", 2)
    current_session().store.flush()
    nbtrack.set_tracking_uri(before)
    assert main(["--store", str(folder), "export", "--html", str(folder / "r.html")]) == 0
    return folder / "r.html"


def test_it_stands_alone(report):
    """No address is in it, no script but ours, and that is the one its policy lets run."""
    page = report.read_text(encoding="utf-8")

    scripts = re.findall(r'<script type="module">(.*?)</script>', page, re.S)
    data = re.findall(r'<script type="application/json" id="runs-data">.*?</script>', page, re.S)
    assert len(scripts) == len(data) == 1
    assert page.count("<script") == 2
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert "default-src 'none'" in page
    assert f"script-src 'sha256-{digest}'" in page
    assert not re.findall(r"<(?:img|link|iframe|object|foreignObject)\b", page)
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert page.count("<svg") == page.count("</svg>") == 4  # bars, loss, and by two params


@needs_browser
def test_it_shows_the_best_and_sorts(report):
    """The best run comes first; a click sorts by numbers, and what is missing stays at the end."""
    with open_browser(width=1000, height=800) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
        page.goto(report.as_uri())
        names = page.locator("tbody th")

        assert page.locator(".best strong").all_inner_texts() == ["run 1", "0.9"]
        assert page.locator("h1").inner_text() == f"wine {EVIL}"
        assert names.all_inner_texts()[0] == "run 1"
        page.get_by_role("button", name="depth").click()
        assert _column(page, "depth") == ["1", "2", "9", "10", "100"]
        page.get_by_role("button", name="accuracy").click()
        assert _column(page, "accuracy") == ["0.90", "0.70", "0.65", "0.50", "–"]
        page.get_by_role("button", name="accuracy").click()
        assert _column(page, "accuracy") == ["0.50", "0.65", "0.70", "0.90", "–"]
        assert page.locator("th[aria-sort=ascending]").inner_text() == "accuracy"
        page.get_by_role("searchbox").fill("accuracy > 0.6 not nothing")
        page.locator("#filter [role=status]:has-text('3 of 5 runs')").wait_for()
        assert _column(page, "accuracy") == ["0.65", "0.70", "0.90"]
        page.get_by_role("searchbox").fill("accuracy > yesterday")
        page.locator("#filter .wrong:has-text('is no number')").wait_for()
        assert _column(page, "accuracy") == ["0.65", "0.70", "0.90"]
        page.get_by_role("searchbox").fill("")
        page.locator("#filter [role=status]:text-is('5 runs')").wait_for()
        page.locator(".name:has-text('onerror')").click()
        assert page.locator(".details dd").all_inner_texts()[:1] == ["0.7"]
        assert f"2{EVIL}" in page.locator(".details").inner_text()
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert (said, page.foreign) == ([], [report.as_uri()])


def _column(page, title: str) -> list[str]:
    place = page.locator("thead th").all_inner_texts().index(title)
    rows = page.locator("tbody tr:visible").all()
    return [row.locator("th, td").nth(place).inner_text() for row in rows]


def test_nothing_to_report_is_said(tmp_path, capsys):
    """An empty project, or a filter that nothing matches, writes no file."""
    nbtrack.set_tracking_uri(str(tmp_path / ".nbtrack"))
    nbtrack.start_run()
    nbtrack.end_run()
    words = ["--store", str(tmp_path), "export", "--html", str(tmp_path / "r.html")]

    assert main([*words, "--filter", "metrics.f1 > 2"]) == 2
    assert "nothing to report" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_an_empty_project_has_no_runs_yet(tmp_path, capsys):
    """In plain words, of all experiments or of one; a filter is not what is wrong."""
    nbtrack.set_tracking_uri(str(tmp_path / ".nbtrack"))
    nbtrack.set_experiment("mine")
    words = ["--store", str(tmp_path), "export", "--html", str(tmp_path / "r.html")]

    assert main(words) == 2
    assert capsys.readouterr().err.startswith("nbtrack: There are no runs yet; ")
    assert main([*words, "-e", "mine"]) == 2
    assert capsys.readouterr().err.startswith("nbtrack: There are no runs yet in 'mine'; ")


@pytest.mark.parametrize("name", ["train.py", "data", "r.html.bak"])
def test_a_report_replaces_no_file_of_another_kind(report, name, capsys):
    """A script that is named by mistake is as it was; .HTM is a page, too."""
    other = report.parent / name
    other.write_text("mine")
    words = ["--store", str(report.parent), "export", "--html"]

    assert main([*words, str(other)]) == 2
    assert other.read_text() == "mine"
    assert f"{name}.html" in capsys.readouterr().err
    with pytest.raises(nbtrack.errors.InvalidValue, match=name):
        nbtrack.report(other)
    assert main([*words, str(report.parent / "PAGE.HTM")]) == 0
