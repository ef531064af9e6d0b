"""Gates: what they let through, what they say, and who went on all the same."""

from __future__ import annotations

import json

import pytest

import nbtrack
from nbtrack.errors import GateFailed, InvalidFilter, InvalidValue
from nbtrack.model_registry.gate_check import RuleCheck, Verdict, VersionValues
from nbtrack.model_registry.gate_rule import parse_rule
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.provenance.reproduction.verdicts import Verdict as RunVerdict
from tests.support.naming import naming

THERE = VersionValues(
    label="version 1",
    metrics={"f1": 0.84, "loss": 0.2, "f1 score": 0.5, "nan": float("nan")},
    params={"depth": "5"},
)
CANDIDATE = VersionValues(
    label="version 2",
    metrics={"f1": 0.83, "loss": 0.2, "f1 score": 0.6, "val.f1": 0.7, "nan": float("nan")},
    params={"depth": "10", "kind": "SVC"},
    tags={"reviewed": "yes", "n": "3"},
)


def verdict(rule, *, there=THERE):
    stages = {"production": there, "release candidate": there}
    return RuleCheck(CANDIDATE, lambda stage: stages[stage.lower()]).verdict(parse_rule(rule))


PASSES = [
    "metrics.f1 >= 0.8",
    "metrics.f1 = 0.83 and metrics.f1 != 0.84",
    "metrics.f1 >= production.metrics.f1 - 0.01",  # 0.83, as on paper
    "metrics.f1 >= production.metrics.f1 -0.01",
    "metrics.f1 + 0.01 >= PRODUCTION.metrics.f1",
    "metrics.loss <= production.metrics.loss * 1.05",
    "0.8 < metrics.f1",
    "not metrics.f1 > 0.9",
    "not not metrics.f1 > 0.8",
    "metrics.f1 > 0.9 or metrics.loss < 0.5",
    "(metrics.f1 > 0.9 or metrics.loss < 0.5) and tags.reviewed = 'yes'",
    "metrics.`f1 score` > production.metrics.`f1 score`",
    "metrics.val.f1 = 0.7",
    "`release candidate`.metrics.loss = metrics.loss",
    "`release candidate`.metrics.`f1 score` < metrics.`f1 score`",
    "params.depth > 9",  # as a number: as text it is less
    "params.depth > production.params.depth",
    "params.kind in ('SVC', 'tree')",
    "params.kind not in ('tree')",
    "tags.n = 3 and tags.n = '3'",
    "tags.missing is null and tags.reviewed is not null",
    "params.kind != 3",
    "metric.f1 > 0.8 and param.depth = 10 and tag.reviewed = 'yes'",
]
FAILS = [
    "metrics.f1 > 0.83",
    "metrics.f1 >= production.metrics.f1",
    "metrics.f1 > 0.9 and metrics.loss < 0.5",
    "tags.reviewed = 'no'",
    "tags.reviewed is null",
    "params.kind in ('tree')",
    "not (metrics.f1 > 0.8 or metrics.missing > 1)",
]
UNKNOWN = [
    "metrics.nan > 0",
    "not metrics.nan > 5",  # a loss that is NaN is not below 5
    "metrics.nan != 1",
    "metrics.nan not in (1, 2)",
    "metrics.nan = production.metrics.nan",
    "metrics.missing > 0.5",
    "not metrics.missing > 0.5",  # what is missing opens no gate, whichever way it is asked
    "metrics.missing != 1",
    "metrics.f1 > production.metrics.missing",
    "tags.missing != 'no'",
    "params.kind > 3",
    "params.kind > params.depth",
    "metrics.f1-0.01 > 0.5",  # a name: minus needs spaces
    "metrics.f1 > 0.9 or metrics.missing > 1",
]


@pytest.mark.parametrize("rule", PASSES)
def test_what_passes(rule):
    assert verdict(rule) == Verdict.PASSED


@pytest.mark.parametrize("rule", FAILS)
def test_what_fails(rule):
    assert verdict(rule) == Verdict.FAILED


@pytest.mark.parametrize("rule", UNKNOWN)
def test_what_is_missing_opens_no_gate(rule):
    assert verdict(rule) == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("metrics.f1 > production.metrics.f1", Verdict.NOTHING_THERE),
        ("not metrics.f1 > production.metrics.f1", Verdict.NOTHING_THERE),
        ("metrics.f1 > production.metrics.f1 and metrics.f1 > 0.8", Verdict.PASSED),
        ("metrics.f1 > production.metrics.f1 and metrics.f1 > 0.9", Verdict.FAILED),
        ("metrics.f1 > production.metrics.f1 or metrics.f1 > 0.9", Verdict.NOTHING_THERE),
        ("metrics.missing > production.metrics.f1", Verdict.NOTHING_THERE),
    ],
)
def test_a_comparison_with_nothing_counts_as_passed(rule, expected):
    """The first version must be able to enter; what else the rule asks is asked of it too."""
    assert verdict(rule, there=None) == expected


UNREADABLE = {
    "metrics.f1": "Expected an operator",
    "metrics.f1 >": "Expected a key",
    "f1 > 1": "Expected a key such as metrics.f1",
    "metrics. > 1": "Expected a key",
    "production.f1 > 1": "Expected a key",
    "1 > 2": "compares nothing of a version",
    "metrics.f1 > '0.5'": "compare it with a number without quotes",
    "metrics.f1 > 1 and": "Expected a key",
    "(metrics.f1 > 1": "closing",
    "metrics.f1 > 1)": "the end of the rule",
    "metrics.f1 > production.metrics.f1 - x": "a number after -",
    "metrics.f1 > production.metrics.f1 / 2": "Unexpected '/'",
    "metrics.f1 > 1; drop table x": "Unexpected ';'",
    "__import__('os').system('x') = 1": "Expected",
    "metrics.f1 > metrics.f1 * inf": "a finite number",
    "tags.a in 'x'": "a list after IN",
    "(" * 60 + "metrics.f1 > 1" + ")" * 60: "nest at most",
    " and ".join(["metrics.f1 > 1"] * 300): "at most 200",
}


def test_a_rule_that_cannot_be_read_is_refused_when_it_is_set(churn, client):
    """With a caret under the place, and not when somebody promotes at night."""
    churn()
    with pytest.raises(InvalidValue, match="needs a rule"):
        client.require_gate("churn", rule="")
    said = {rule: refusal(client, rule) for rule in UNREADABLE}
    for rule, problem in UNREADABLE.items():
        assert problem in said[rule], rule
        assert said[rule].endswith("^"), rule
    assert client.get_registered_model("churn").gates == ()


def refusal(client, rule):
    """What is said of it; nothing if it is taken."""
    try:
        client.require_gate("churn", rule=rule)
    except InvalidFilter as exc:
        return str(exc)
    return ""


def test_a_failing_version_is_refused_with_the_numbers(churn, client):
    """And stays where it is; nothing is recorded."""
    churn(f1=0.9), churn(f1=0.7)
    client.transition_model_version_stage("churn", 1, "Production")
    rule = "metrics.f1 >= production.metrics.f1 - 0.01 and tags.reviewed = 'yes'"
    nbtrack.require_gate("churn", stage="Production", rule=rule)
    before = client.get_registry_events()

    with pytest.raises(GateFailed) as caught:
        client.transition_model_version_stage("churn", 2, "production")
    message = str(caught.value)
    assert "metrics.f1 of version 2 is 0.7" in message
    assert "metrics.f1 of version 1 is 0.9, - 0.01 makes 0.89" in message
    assert "version 2 has no tags.reviewed" in message
    assert "override_gate=True" in message
    assert [check.verdict for check in caught.value.result.checks] == ["failed", "unknown"]
    assert client.get_registry_events() == before


def test_a_version_that_passes_goes_with_the_numbers_on_record(churn, client):
    churn(f1=0.9), churn(f1=0.895)
    client.transition_model_version_stage("churn", 1, "Production")
    client.require_gate("churn", rule="metrics.f1 >= production.metrics.f1 - 0.01")
    client.transition_model_version_stage("churn", 2, "Production", True)
    gate = json.loads(client.get_registry_events()[-1].details)["gate"]

    assert (gate["is_passed"], gate["is_overridden"]) == (True, False)
    assert "0.895" in gate["checks"][0]["says"]


def test_an_override_is_on_record(churn, client):
    """With the numbers that spoke against it; an override that was not needed is none."""
    churn(f1=0.1), churn(f1=0.9)
    client.require_gate("churn", rule="metrics.f1 > 0.5")
    details = []
    for version in (1, 2):
        client.transition_model_version_stage(
            "churn", version, "Production", override_gate=True, reason="the old one is broken"
        )
        details.append(json.loads(client.get_registry_events()[-1].details)["gate"])

    assert [gate["is_overridden"] for gate in details] == [True, False]
    assert "0.1" in details[0]["checks"][0]["says"]


def test_who_made_a_version_may_not_approve_it(churn, client, as_user):
    churn()
    client.require_gate("churn", approver="other")

    with pytest.raises(GateFailed, match="ada made version 1, ada moves it"):
        client.transition_model_version_stage("churn", 1, "Production")
    as_user("grace")
    assert client.transition_model_version_stage("churn", 1, "Production").current_stage


def test_a_gate_is_for_its_stage(churn, client):
    """Other stages, and other models, have none."""
    churn()
    client.require_gate("churn", rule="metrics.f1 > 0.5")

    client.transition_model_version_stage("churn", 1, "Staging")
    assert client.check_gate("churn", 1, "Archived").rule is None
    assert not client.check_gate("churn", 1).is_passed


def test_the_first_version_passes_a_comparison_with_nothing(churn, client):
    """And is told so."""
    churn(f1=0.5)
    nbtrack.require_gate("churn", rule="metrics.f1 >= production.metrics.f1")
    result = nbtrack.check_gate("churn", "1")

    assert result.is_passed
    assert "no version is in production yet" in result.summary
    assert client.transition_model_version_stage("churn", 1, "Production")


def test_gates_are_replaced_and_removed_on_record(churn, client):
    churn()
    client.require_gate("churn", rule="metrics.f1 > 0.5", reason="quality")
    client.require_gate("churn", rule="metrics.f1 > 0.5")  # says nothing new
    client.require_gate("churn", rule="metrics.f1 > 0.1", approver="other")
    nbtrack.remove_gate("churn", reason="in the way")
    nbtrack.remove_gate("churn")

    assert [(e.kind, e.reason) for e in client.get_registry_events()[2:]] == [
        ("gate_set", "quality"), ("gate_set", None), ("gate_removed", "in the way"),
    ]  # fmt: skip
    assert client.get_registered_model("churn").gates == ()
    assert client.transition_model_version_stage("churn", 1, "Production")


NO_GATES = [
    ({}, "needs a rule="),
    ({"rule": "  "}, "needs a rule="),
    ({"rule": 3}, "give a text"),
    ({"approver": "grace"}, "it is 'other'"),
    ({"rule": "canary.metrics.f1 > 1"}, "The stage is 'canary'"),
    ({"rule": "metrics.f1 > 1", "stage": "Live"}, "The stage is 'Live'"),
]


def test_a_gate_that_cannot_be_is_refused(churn, client):
    churn()
    for arguments, match in NO_GATES:
        with naming(arguments), pytest.raises(InvalidValue, match=match):
            client.require_gate("churn", **arguments)


def test_numbers_are_those_of_the_run_now(churn, client):
    """A score that was computed after the registration counts."""
    made = churn()
    client.require_gate("churn", rule="metrics.f1 > 0.5")
    assert not client.check_gate("churn", 1).is_passed

    client.log_metric(made.run_id, "f1", 0.9)
    assert client.check_gate("churn", 1).is_passed


def test_tags_are_those_of_the_version(churn, client):
    """A tag of the run is set by whoever trains, and is in no record."""
    made = churn()
    client.set_tag(made.run_id, "reviewed", "yes")
    client.require_gate("churn", rule="tags.reviewed = 'yes'")
    assert not client.check_gate("churn", 1).is_passed

    client.set_model_version_tag("churn", 1, "reviewed", "yes")
    assert client.check_gate("churn", 1).is_passed


@pytest.mark.parametrize(("maker", "mover"), [("", ""), (" ", ""), ("ada", "ada ")])
def test_whoever_has_no_name_is_no_other_person(churn, client, as_user, maker, mover):
    """They are recorded by the same name, and compared by it."""
    as_user(maker)
    churn()
    client.require_gate("churn", approver="other")
    as_user(mover)

    assert not client.check_gate("churn", 1).is_passed


def test_nobody_promotes_what_nobody_can_rebuild(churn, client):
    """The rule `reproduced`, alone and with others; the sentence says how to get there."""
    made = churn()
    client.require_gate("churn", rule="reproduced and metrics.f1 > 0.1")
    told = client.check_gate("churn", 1)
    assert not told.is_passed
    assert f"nbtrack reproduce {made.run_id}" in told.summary
    for outcome, is_passed in [(Outcome.DIFFERENT, False), (Outcome.CLOSE, True)]:
        verdict = RunVerdict(run_id=made.run_id, name="churn", outcome=outcome, new_run_id="abc")
        for key, value in verdict.tags().items():
            client.set_tag(made.run_id, key, value)
        client.log_metric(made.run_id, "f1", 0.9)
        assert client.check_gate("churn", 1).is_passed is is_passed
