"""The card under a tracked cell: what it says, and what it never lets through."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest

from nbtrack.cards.card import card_html, card_text
from nbtrack.cards.facts import (
    CardFacts,
    ChildrenFacts,
    FitFact,
    MetricFact,
    ParamChange,
)
from nbtrack.cards.mark import card_mark
from nbtrack.records.origins import Origin
from tests.support.markup_check import HOSTILE, Page


def facts(**changed) -> CardFacts:
    known = {"run_id": "7f3a91c2d4e5f607", "run_name": "SVC C=10", "status": "FINISHED"}
    return CardFacts(**{**known, **changed})


def twins(**changed) -> tuple[str, str]:
    """What a reader sees of the HTML, and the text: every fact must be in both."""
    return Page(card_html(facts(**changed))).text, card_text(facts(**changed))


def metric(key: str, value: float | None, **known) -> MetricFact:
    return MetricFact(key=key, value=value, **known)


def everywhere(text: str) -> CardFacts:
    """A card with *text* in every place that can hold some."""
    numbers = {"previous": 0.5, "best": 0.6, "best_run": text, "direction": "higher"}
    return CardFacts(
        run_id=text,
        run_name=text,
        status=text,
        experiment=text,
        metrics=[metric(text + str(i), 0.1, **numbers) for i in range(9)],
        params={text + str(i): text for i in range(12)},
        params_changed=[ParamChange(key=text, before=text, now=text)],
        children=ChildrenFacts(count=2, best_name=text, metrics=[metric(text, 1.0)]),
        fits=[FitFact(name=text, metrics={text: 1.0})],
        error=text,
        notes=[text],
        store_path=text,
    )


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_a_run_stays_text(hostile):
    """Names, values and messages cannot open a tag, leave an attribute or hide what they are."""
    page = Page(card_html(everywhere(hostile)))

    assert page.unwanted == []
    assert page.open == []
    seen = page.text + "".join(page.titles) + card_text(everywhere(hostile)).replace("\n", "")
    assert not set(seen) & set("\u202e\x1b\x00\r\n\udc80")


def test_a_long_name_is_cut_and_whole_in_its_title():
    """Cutting loses nothing: the title has the rest."""
    name = "RandomForest " * 20

    page = Page(card_html(facts(run_name=name)))

    assert name not in page.text
    assert name in page.titles


def test_the_headline_says_what_ran_how_it_ended_and_how_long_it_took():
    """Name, status, duration, attempt and experiment stand first, in both twins."""
    for seen in twins(duration_seconds=14.2, attempt=3, experiment="churn"):
        first = seen.split("run 7f3a91c2")[0]
        for word in ("SVC C=10", "finished", "14.2 s", "attempt 3", "churn"):
            assert word in first


@pytest.mark.parametrize(
    ("value", "previous", "way", "said"),
    [
        (0.9561, 0.9438, "higher", "▲ +0.0123 better"),
        (0.9438, 0.9561, "higher", "▼ −0.0123 worse"),
        (0.1432, 0.1642, "lower", "▼ −0.0210 better"),
        (0.1642, 0.1432, "lower", "▲ +0.0210 worse"),
        (0.5, 0.5, "higher", "="),
        (0.1 + 0.2, 0.3, "lower", "="),
    ],
)
def test_an_arrow_shows_where_the_number_went_and_a_word_what_that_means(
    value, previous, way, said
):
    """The verdict never rests on colour, nor on the arrow alone."""
    for seen in twins(metrics=[metric("m", value, previous=previous, direction=way)]):
        assert said in seen


def test_without_a_direction_there_is_a_difference_but_no_arrow_and_no_best():
    """Nobody knows whether more leaves are better."""
    leaves = metric("n_leaves", 120, previous=100, best=150, best_run="other", direction=None)
    for seen in twins(metrics=[leaves]):
        assert "+20" in seen
        assert not set(seen) & set("▲▼★")
        assert "better" not in seen
        assert "other" not in seen


@pytest.mark.parametrize(
    ("value", "best", "said"),
    [
        (0.96, 0.95, "★ beats 0.95 baseline"),
        (0.95, 0.95, "= 0.95 baseline"),
        (0.94, 0.95, "0.95 baseline"),
        (math.nan, 0.95, "0.95 baseline"),
    ],
)
def test_the_best_other_run_is_named_and_beaten_only_when_it_is(value, best, said):
    """A star is for the run that is better than all others; a tie is a tie, NaN beats nobody."""
    scored = metric("f1", value, best=best, best_run="baseline", direction="higher")
    for seen in twins(metrics=[scored]):
        assert said in seen
        assert ("★" in seen) == (value == 0.96)


@pytest.mark.parametrize(
    ("value", "best", "previous", "said"),
    [
        (0.5, 0.95, None, "0.50 0.95 b"),
        (0.5, 0.972, None, "0.500 0.972 b"),
        (0.5, 1 / 30, None, "0.50000 ★ beats 0.03333 b"),
        (0.9561, 0.9994, 0.5, "0.9561 ▲ +0.4561 better 0.9994 b"),
        (0.5, 0.99996, 0.972, "0.5000 ▼ −0.4720 worse 1.0000 b"),
        (1, 0.95, 0.9, "1.00 ▲ +0.10 better ★ beats 0.95 b"),
    ],
)
def test_numbers_that_are_compared_lose_no_digit(value, best, previous, said):
    """A row shares its decimals, as many as any of its numbers needs: 0.95 is not 0.9."""
    known = {"previous": previous, "best": best, "best_run": "b", "direction": "higher"}
    for seen in twins(metrics=[metric("m", value, **known)], previous_attempt=1):
        assert f"m {said}" in " ".join(seen.split())


def test_a_missing_metric_is_a_dash_and_a_bad_one_is_named():
    """Absent is not zero, and NaN has no difference to anything."""
    numbers = [
        metric("a", None, previous=0.9),
        metric("b", math.nan, previous=0.31),
        metric("c", math.inf),
        metric("d", 1.5, previous=None),
    ]
    for seen in twins(metrics=numbers):
        words = seen.split()
        assert words[words.index("a") + 1] == "–"
        assert words[words.index("b") + 1] == "NaN"
        assert words[words.index("c") + 1] == "inf"
        assert "was 0.9" in seen
        assert words[words.index("d") + 2] == "–"
        assert "0.0" not in seen


def test_a_failed_run_shows_the_type_and_first_line_of_its_error():
    """The rest of the message is in the traceback above the card."""
    error = "sklearn.exceptions.FitError: C must be > 0, got -1\nsecond line"
    for seen in twins(status="FAILED", error=error):
        assert "failed" in seen
        assert "FitError" in seen
        assert "C must be > 0, got -1 …" in seen
        assert "second line" not in seen


def test_an_interrupted_run_is_killed_not_failed():
    """KILLED is shown as what it is."""
    for seen in twins(status="KILLED", error="KeyboardInterrupt"):
        assert "killed" in seen
        assert "KeyboardInterrupt" in seen


def test_six_metrics_are_shown_and_the_rest_folded():
    """A card stays small however much was logged; nothing is dropped without saying so."""
    markup = card_html(facts(metrics=[metric(f"m{i}", i / 8) for i in range(8)]))

    assert markup.count("<tr") == 6
    assert "+2 more" in Page(markup).text
    assert "m7" in Page(markup).text
    assert "+2 more: m6 0.750 · m7 0.875" in card_text(
        facts(metrics=[metric(f"m{i}", i / 8) for i in range(8)])
    )


def test_changed_params_come_with_both_sides():
    """A param that is new or gone has a dash on the other side."""
    changes = [
        ParamChange(key="lr", before="0.01", now="0.02"),
        ParamChange(key="depth", before=None, now="5"),
        ParamChange(key="alpha", before="1", now=None),
    ]
    for seen in twins(params_changed=changes, params={"lr": "0.02", "cv": "3"}):
        for words in ("lr 0.01 → 0.02", "depth – → 5", "alpha 1 → –"):
            assert words in seen
        assert "lr=" not in seen


def test_what_was_inferred_says_so():
    """Logged by hand and guessed from the cell are told apart, for params and metrics."""
    known = {"params": {"C": "1", "lr": "2"}, "inferred": frozenset({"lr"})}
    known["inferred_metrics"] = frozenset({"acc"})
    page, text = twins(metrics=[metric("acc", 0.5), metric("f1", 0.6)], **known)

    assert "acc inferred  0.5" in text
    assert "inferred  lr=2" in text
    assert "f1           " in text
    assert page.index("inferred") < page.index("0.5")
    assert page.rindex("inferred") > page.index("C=")


def test_metrics_of_children_are_shown_with_the_name_of_their_run():
    """A sweep's cell has no metrics of its own: the best child speaks for it."""
    children = ChildrenFacts(
        count=12,
        failed=1,
        killed=2,
        best_name="depth=8",
        metrics=[metric("f1", 0.9, direction="higher")],
    )
    for seen in twins(children=children):
        assert "best of 12 children (1 failed, 2 killed)" in seen
        assert "depth=8" in seen
        assert "0.9" in seen


def test_an_own_metric_comes_before_those_of_children():
    """With metrics of its own the run shows those, and its children in one line."""
    children = ChildrenFacts(count=3, best_name="depth=8", metrics=[metric("f1", 0.9)])
    for seen in twins(metrics=[metric("f1", 0.8)], children=children):
        assert "3 · best: depth=8, f1 0.9" in seen


def test_of_many_metrics_of_fits_the_most_telling_are_columns():
    """Four, the user's own and of tests first; what all fits have before what one has."""
    hooks = {
        **dict.fromkeys(["training_score", "training_roc_auc"], Origin.TRAINING),
        **dict.fromkeys(["loss_x", "f1_score_X_test"], Origin.MEASURED),
    }
    of_all = ["training_score", "training_roc_auc", "mine", "loss_x"]
    fits = [
        FitFact(name="A", metrics=dict.fromkeys([*of_all, "alone"], 0.5), origins=hooks),
        FitFact(name="B", metrics=dict.fromkeys([*of_all, "f1_score_X_test"], 0.25), origins=hooks),
    ]
    for seen in twins(fits=fits):
        head, more = seen.split("+2 more: ")
        keys = re.findall("mine|loss_x|alone|f1_score_X_test|training_[a-z_]+", head)
        assert keys == ["mine", "alone", "loss_x", "f1_score_X_test"]
        assert more.startswith("training_roc_auc · training_score")


def test_several_fits_are_listed_as_equals():
    """Each fit is a row; a metric it lacks is a dash."""
    fits = [FitFact(name="A", metrics={"f1": 0.5, "auc": 0.7}), FitFact(name="B", metrics={})]
    for seen in twins(fits=fits):
        assert "2 fits" in seen
        assert "B – –" in " ".join(seen.split())


def test_notes_cost_artifacts_and_store_are_told():
    """What went wrong, what nbtrack cost and where the record is."""
    told = {"notes": ["lr was declared 0.1"], "cost_ms": 3.2, "artifacts": 2}
    for seen in twins(store_path="/home/a/.nbtrack", store_is_temporary=True, **told):
        for words in ("lr was declared 0.1", "recording took 3.2 ms", "2 artifacts"):
            assert words in seen
        assert "/home/a/.nbtrack (temporary" in seen


def test_why_a_store_is_temporary(tmp_path):
    """A folder for temporary files is emptied; that of a lent machine goes with the machine."""
    told = {"store_is_temporary": True}
    for seen in twins(store_path=str(tmp_path / ".nbtrack"), **told):
        assert "(temporary folder: the system may empty /" in seen
    for seen in twins(store_path="/content/.nbtrack", **told):
        assert "/content/.nbtrack (temporary: lost with this machine)" in seen


def test_a_series_is_drawn_in_characters():
    """The trend needs no picture, and NaN or a huge span do not break it."""
    for seen in twins(metrics=[metric("loss", 1.0, spark=[1e308, 1.0, math.nan, -1e308])]):
        assert "█" in seen
        assert "▁" in seen


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED", "RUNNING"])
def test_a_themed_colour_follows_a_plain_one(status):
    """Sanitizers strip variables: the plain colour must stand before, in the same property."""
    markup = card_html(facts(status=status, error="no", notes=["so"]))
    styles = [value or "" for name, value in Page(markup).attributes if name == "style"]
    pairs = [pair for style in styles for pair in pairwise(["", *style.split(";")])]
    themed = [(before, one) for before, one in pairs if "var(" in one]

    assert themed
    for before, one in themed:
        assert before.split(":")[0] == one.split(":")[0]
        assert "var(" not in before


def test_what_marks_the_prompt():
    """How it ended, and by which metrics no other run was better: not of a first one, nor where
    nobody knows which way is better."""
    known = {"previous": 0.5, "best": 0.6}
    metrics = [
        metric("f1", 0.7, direction="higher", **known),
        metric("loss", 0.7, direction="lower", **known),
        metric("size", 0.7, **known),
    ]

    assert card_mark(facts(metrics=metrics)) == "best f1"
    assert card_mark(facts(metrics=[metric("f1", 0.7, direction="higher")])) == "finished"
    assert card_mark(facts(metrics=metrics, status="FAILED")) == "failed"
