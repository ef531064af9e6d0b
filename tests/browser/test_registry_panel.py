"""The panel of the model registry in a real JupyterLab: promote with a reason, read it back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.lab import (
    PLACES,
    LabFolder,
    cell_sources,
    needs_browser,
    opened_notebook,
    resize,
    run_cell,
    use_theme,
)

pytestmark = needs_browser

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
SETUP = f"""%load_ext nbtrack
import os, nbtrack
from sklearn.linear_model import LogisticRegression
from nbtrack.recording.session import current_session
client, hostile = nbtrack.MlflowClient(), {HOSTILE!r}
def user(name):
    os.environ["NBTRACK_USER"] = name
    current_session().renew_settings()
def trained(name, f1, who="ana"):
    user(who)
    model = LogisticRegression(C=f1).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    with nbtrack.start_run(run_name=name):
        nbtrack.log_metrics({{"accuracy": f1 + 0.02, "f1": f1}})
        nbtrack.log_param("C", f1)
        return nbtrack.sklearn.log_model(model, name="model").model_uri
for name, f1, who in [("warm-finch-22", 0.90, "ana"), ("odd-newt-41", 0.911, "li"),
                      ("lucid-crane-64", 0.927, "li"), ("keen-ibex-80", 0.938, "ana"),
                      ("calm-otter-91", 0.941, "ana")]:
    nbtrack.register_model(trained(name, f1, who), "churn-classifier")
def move(version, stage, reason):
    client.transition_model_version_stage("churn-classifier", version, stage, reason=reason)
user("li")
move("1", "Archived", "first attempt"); move("2", "Archived", "replaced by v3")
move("3", "Production", "A/B week 46 passed"); move("4", "Staging", "beats v3 on f1 (+1.1 pt)")
client.update_registered_model("churn-classifier", "Who is going to leave us within a month?")
client.set_registered_model_alias("churn-classifier", "champion", "3")
nbtrack.require_gate("churn-classifier", rule="metrics.f1 >= production.metrics.f1 - 0.01")
bad = nbtrack.register_model(trained(hostile, 0.5, "<b>eve</b>"), "fraud <b>bold<b>")
client.update_registered_model(bad.name, hostile)
client.set_model_version_tag(bad.name, "1", "note", hostile)
client.transition_model_version_stage(bad.name, "1", "Staging", reason=hostile)
for n in range(6):
    nbtrack.register_model(trained(f"run {{n}}", 0.5), "many")
trained("late-fox-7", 0.95, "bo")
user("ana")
"""
CELLS = [
    SETUP,
    "panel = nbtrack.registry('churn-classifier')\npanel",
    "%registry",
    "nbtrack.runs()",
    "print(panel.name, list(panel.df.query('stage == \"Production\"').version))",
]
SECOND_KERNEL = """
import nbtrack
client = nbtrack.MlflowClient()
for event in client.get_registry_events("churn-classifier")[-1:]:
    print(event.actor, event.from_value, event.to_value, event.reason)
print([v.version for v in client.get_latest_versions("churn-classifier", ["Production"])])
"""
ANOTHER = """
import nbtrack
nbtrack.MlflowClient().transition_model_version_stage(
    "churn-classifier", "2", "Staging", reason="from another kernel")
"""


@pytest.fixture(scope="module")
def page(lab: LabFolder) -> Iterator[Any]:
    with opened_notebook(lab, "registry.ipynb", CELLS, width=1250, height=950) as page:
        page.outputs = [run_cell(page, index) for index in range(len(CELLS) - 1)]
        page.folder = lab.folder
        yield page


@pytest.fixture
def one(page: Any) -> Any:
    """The panel of one model."""
    panel = page.outputs[1].locator("[data-nbtrack=registry]")
    panel.scroll_into_view_if_needed()
    return settled(panel)


@pytest.fixture
def every(page: Any) -> Any:
    """The panel that began with all models."""
    panel = page.outputs[2].locator("[data-nbtrack=registry]")
    panel.scroll_into_view_if_needed()
    return settled(panel)


def settled(panel: Any) -> Any:
    panel.locator("xpath=self::*[@aria-busy='false']").wait_for()
    return panel


def lane(panel: Any, stage: str) -> list[str]:
    cards = panel.locator(f"[data-lane='{stage}'] [data-version]")
    return [card.get_attribute("data-version") for card in cards.all()]


def elsewhere(page: Any, code: str) -> str:
    """What *code* prints in another process that works in the same project."""
    place = {"NBTRACK_DIR": str(page.folder / "project"), "NBTRACK_USER": "zoe"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **place}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_versions_stand_in_the_lanes_of_their_stages(one: Any) -> None:
    """With metric, run and who put them there; the head says what serves."""
    assert [lane(one, stage) for stage in ("None", "Staging", "Production", "Archived")] == [
        ["5"],
        ["4"],
        ["3"],
        ["2", "1"],
    ]
    assert "5 versions · serving v3" in one.locator(".nbt-head").inner_text()
    card = " ".join(one.locator("article[data-version='4']").inner_text().split())
    assert card.startswith("v4 f1 0.938 keen-ibex-80 li ·")


@pytest.mark.parametrize(("width", "theme"), PLACES)
def test_it_fits_its_page(page: Any, one: Any, theme: str, width: int) -> None:
    """Nothing is wider than the panel."""
    resize(page, width, 1000)
    use_theme(page, theme)
    one.scroll_into_view_if_needed()
    one.locator("[data-key='move 5']").click()
    one.get_by_label("To stage").select_option("Production")
    one.locator(".nbt-gate").wait_for()
    one.get_by_label("Reason").fill("beats v3 by 1.4 pt")
    settled(one)

    assert one.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    one.locator("[data-key='move cancel']").click()


def test_production_wants_a_reason(page: Any, one: Any) -> None:
    """Confirm is shut until there is one, and says why; who makes room is said before."""
    resize(page, 1250, 950)
    one.locator("[data-key='move 5']").click()
    assert one.get_by_label("Reason").evaluate("e => e === document.activeElement")
    one.get_by_label("To stage").select_option("Production")
    one.locator(".nbt-archives").wait_for()
    confirm = one.locator("[data-key='move confirm']")

    assert confirm.is_disabled()
    assert "needs a reason" in one.locator(".nbt-move-hint").inner_text()
    assert one.locator(".nbt-archives").inner_text().strip() == "archives v3"
    assert one.get_by_label("archives v3").is_checked()
    gate = " ".join(one.locator(".nbt-gate").inner_text().split())
    assert "Gate passed" in gate
    assert "metrics.f1 of version 5 is 0.941" in gate


def test_a_promotion_is_seen_everywhere(page: Any, one: Any) -> None:
    """The lane, the record, and another kernel."""
    one.get_by_label("Reason").fill("beats v3 by 1.4 pt")
    settled(one)
    one.locator("[data-key='move confirm']").click()
    one.locator("[data-lane=Production] [data-version='5']").wait_for()
    settled(one)

    assert (lane(one, "Production"), lane(one, "Archived")) == (["5"], ["3", "2", "1"])
    newest = " ".join(one.locator(".nbt-event").first.inner_text().split())
    assert "v5 None → Production, gate passed by ana — beats v3 by 1.4 pt" in newest
    assert "serving v5" in one.locator(".nbt-head").inner_text()
    assert one.locator("[data-key='move 5']").evaluate("e => e === document.activeElement")
    assert elsewhere(page, SECOND_KERNEL).splitlines() == [
        "ana None Production beats v3 by 1.4 pt",
        "['5']",
    ]


def test_what_another_kernel_does_is_seen_here(page: Any, one: Any) -> None:
    """Without a click."""
    elsewhere(page, ANOTHER)
    one.locator("[data-lane=Staging] [data-version='2']").wait_for(timeout=60_000)
    one.locator(".nbt-event", has_text="from another kernel").wait_for()

    assert "zoe" in one.locator(".nbt-event").first.inner_text()


def test_a_closed_gate_takes_an_override(one: Any) -> None:
    """A box to tick and a reason; until then Confirm is shut."""
    one.locator("[data-key='move 1']").click()
    one.get_by_label("To stage").select_option("Production")
    one.locator(".nbt-gate[data-passed=false]").wait_for()
    confirm = one.locator("[data-key='move confirm']")
    one.get_by_label("Reason").fill("we need the old one")
    assert confirm.is_disabled()
    assert "The gate is closed" in one.locator(".nbt-move-hint").inner_text()

    one.locator("[data-key='move override']").check()
    assert confirm.is_enabled()
    assert one.get_by_label("Reason").input_value() == "we need the old one"
    one.get_by_label("Reason").press("Escape")
    one.locator(".nbt-move").wait_for(state="detached")
    assert one.locator("[data-key='move 1']").evaluate("e => e === document.activeElement")


def test_the_chain_is_verified(one: Any) -> None:
    """It says of how many events."""
    one.locator(".nbt-audit[data-intact=true]").wait_for()
    one.locator("[data-key=verify]").click()

    assert "events verified" in settled(one).locator(".nbt-audit").inner_text()


def test_a_version_beside_production(page: Any, one: Any) -> None:
    """Metrics with their deltas, params; and what can be said of it."""
    one.locator("[data-key='open 4']").click()
    one.locator("[data-details='4'] [data-key='copy code']").wait_for()
    one.locator("[data-key='compare production']").click()
    one.locator("[data-line='metrics f1']").wait_for()
    cells = one.locator("[data-line='metrics f1'] td").all_inner_texts()
    assert [" ".join(cell.split()) for cell in cells] == ["0.941", "0.938 ▼ −0.003 worse"]
    code = "nbtrack.sklearn.load_model('models:/churn-classifier/4')"
    assert code in one.locator("[data-details='4'] pre").first.inner_text()

    one.locator("[data-key='edit version 4 tag']").click()
    page.keyboard.type("reviewed=yes")
    page.keyboard.press("Enter")
    one.locator("[data-details='4'] .nbt-chip", has_text="reviewed").wait_for()
    one.locator("[data-key='close version']").click()


def test_text_of_users_stays_text(page: Any, every: Any) -> None:
    """Names, descriptions, tags, reasons and actors that look like markup are shown as they are."""
    every.get_by_label("Search models").fill("bold")
    every.locator("[data-model]").nth(1).wait_for(state="detached")
    every.locator("[data-model] button").click()
    every.locator("[data-version='1']").wait_for()
    every.locator("[data-key='open 1']").click()
    every.locator("[data-details='1'] [data-key='copy code']").wait_for()

    text = settled(every).inner_text()
    assert "fraud <b>bold<b>" in text
    assert "<b>eve</b>" in text
    assert text.count("<img src=x") >= 4
    assert page.locator("[data-nbtrack] img[src=x], [data-nbtrack] b b").count() == 0
    assert "hacked" not in page.title()


def test_long_lanes_fold(every: Any) -> None:
    """The newest first; the rest on demand."""
    every.locator("[data-key='all models']").click()
    every.get_by_label("Search models").fill("")
    every.locator("[data-model=many] button").click()
    every.locator("[data-version='6']").wait_for()
    assert lane(every, "None") == ["6", "5", "4", "3"]
    every.get_by_role("button", name="+2 more").click()

    assert lane(every, "None") == ["6", "5", "4", "3", "2", "1"]


def test_a_ticked_run_is_registered(page: Any) -> None:
    """From the runs panel, as the next version of a model."""
    panel = page.outputs[3].locator("[data-nbtrack=runs]")
    panel.scroll_into_view_if_needed()
    panel.locator("tr[data-run-id] input[type=checkbox]").first.check()
    panel.locator("[data-tab=registry]").click()
    panel.get_by_label("Name of the registered model").fill("churn-classifier")
    panel.locator("[data-key=register]").click()
    panel.locator("[data-lane=None] [data-version='6']").wait_for()

    assert "late-fox-7" in panel.locator("article[data-version='6']").inner_text()


def test_python_knows_what_is_shown(page: Any) -> None:
    """`.name` and `.df` follow the panel."""
    sources = cell_sources(page)
    index = next(n for n, source in enumerate(sources) if source.startswith("print(panel.name"))

    assert "churn-classifier [5]" in run_cell(page, index).inner_text()


def test_load_code_becomes_a_cell(page: Any, one: Any) -> None:
    """Below the panel's own; by the stage, while that is what the version serves in."""
    code = "nbtrack.sklearn.load_model('models:/churn-classifier/Production')"
    one.locator("[data-key='open 5']").click()
    one.locator("[data-key='insert code']").click()
    page.wait_for_function(
        "code => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[2]"
        ".source.includes(code)",
        arg=code,
    )


def test_nothing_leaves_the_machine(page: Any) -> None:
    """No request goes anywhere but to the notebook server."""
    assert page.foreign == []
