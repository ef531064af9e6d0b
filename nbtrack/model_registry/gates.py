"""Gates: what a version must fulfil before it may enter a stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nbtrack.base.values import checked_text
from nbtrack.errors import InvalidValue, ModelVersionNotFound, NotAllowed, RunNotFound
from nbtrack.lookup.registered_models import creation_event, get_model, get_version, newest_version
from nbtrack.lookup.registry_names import check_stage
from nbtrack.model_registry.changes import Change, commit
from nbtrack.model_registry.evidence import evidence_in, metrics_in
from nbtrack.model_registry.gate_check import GateCheck, RuleCheck, Verdict, VersionValues
from nbtrack.model_registry.gate_rule import parse_rule, references_in
from nbtrack.model_registry.models import of_model
from nbtrack.recording.acting import acting_user
from nbtrack.records.registry import (
    EventKind,
    Gate,
    ModelVersion,
    RegisteredModel,
    RegistryHead,
)
from nbtrack.stores.store import Store

OTHER = "other"
_APPROVED = "approved by another person"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """Whether a version may enter a stage; without a gate, *rule* and *approver* are None.

    Not *is_known*: the rule asks a run that whoever asks may not see; the server decides when the
    version is moved, and *is_passed* says nothing.
    """

    name: str
    version: str
    stage: str
    rule: str | None = None
    approver: str | None = None
    is_passed: bool = True
    is_known: bool = True
    checks: tuple[GateCheck, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence, with the numbers."""
        no = "may not go" if self.is_known else "may or may not go"
        verb = "may go" if self.is_passed else no
        who = f"Version {self.version} of {self.name!r} {verb} to {self.stage}"
        wanted = (Verdict.FAILED, Verdict.UNKNOWN)
        told = [c for c in self.checks if self.is_passed or c.verdict in wanted]
        if not told:
            return f"{who}: there is no gate."
        return f"{who}: {'; '.join(f'{check.text} ({check.says})' for check in told)}."

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for the record."""
        checks = [asdict(check) | {"verdict": str(check.verdict)} for check in self.checks]
        return {
            "rule": self.rule, "approver": self.approver, "is_passed": self.is_passed,
            "checks": checks,
        }  # fmt: skip


def require_gate(
    store: Store,
    name: Any,
    stage: Any = "Production",
    rule: str | None = None,
    approver: str | None = None,
    *,
    reason: str | None = None,
) -> Gate:
    """Let only versions into *stage* that fulfil *rule*; the gate there before is replaced.

    *approver* "other": whoever made a version may not move it there. Raises InvalidFilter for a
    rule that cannot be read, RegisteredModelNotFound, InvalidValue.
    """
    if approver not in (None, OTHER):
        raise InvalidValue(f"approver is {approver!r}; it is 'other', or None for anybody.")
    text = (checked_text(rule, "rule") or "").strip() or None
    if text is None and approver is None:
        raise InvalidValue("A gate needs a rule=, or approver='other'. remove_gate takes one away.")
    term = None if text is None else parse_rule(text)

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        gate = Gate(stage=_stage(model, stage), rule=text, approver=approver)
        for reference in [] if term is None else references_in(term):
            if reference.stage is not None:
                _stage(model, reference.stage)
        before = _gate_of(model, gate.stage)
        if before == gate:
            return Change(events=[])
        return Change(events=[_event(model, EventKind.GATE_SET, before, gate, reason)])

    commit(store, decide)
    model = get_model(store, name)
    return Gate(stage=_stage(model, stage), rule=text, approver=approver)


def remove_gate(
    store: Store, name: Any, stage: Any = "Production", *, reason: str | None = None
) -> None:
    """Where there is no gate, nothing happens."""

    def decide(_: RegistryHead) -> Change:
        model = get_model(store, name)
        before = _gate_of(model, _stage(model, stage))
        if before is None:
            return Change(events=[])
        return Change(events=[_event(model, EventKind.GATE_REMOVED, before, None, reason)])

    commit(store, decide)


def _event(
    model: RegisteredModel, kind: EventKind, before: Gate | None, after: Gate | None,
    reason: str | None,
) -> Any:  # fmt: skip
    details = {"key": (after or before or Gate(stage="")).stage}
    values = {"from_value": _text(before), "to_value": _text(after)}
    return of_model(model, kind, reason=reason, details=details, **values)


def _text(gate: Gate | None) -> str | None:
    if gate is None:
        return None
    return json.dumps({"rule": gate.rule, "approver": gate.approver})


def _stage(model: RegisteredModel, stage: Any) -> str:
    return check_stage(stage, model.stages, model=model.name)


def _gate_of(model: RegisteredModel, stage: str) -> Gate | None:
    return next((gate for gate in model.gates if gate.stage == stage), None)


def check_gate(store: Store, name: Any, version: Any, stage: Any = "Production") -> GateResult:
    """What would be said now if the version were to be moved; nothing is."""
    model, found = get_model(store, name), get_version(store, name, version)
    target = _stage(model, stage)
    try:
        result = result_of_gate(store, model, found, target)
    except NotAllowed:
        result = _unknown_result(model, found, target)
    return result or GateResult(name=model.name, version=found.version, stage=target)


def _unknown_result(model: RegisteredModel, version: ModelVersion, stage: str) -> GateResult | None:
    """Of whoever may not see a run that the rule asks; the server asks it in his place."""
    gate = _gate_of(model, stage)
    if gate is None or gate.rule is None:
        return None
    says = "this asks a run that you may not see: the server does when the version is moved"
    checks = [GateCheck(text=gate.rule, verdict=Verdict.UNKNOWN, says=says)]
    if gate.approver == OTHER:
        says = f"{version.user_id} made version {version.version}; the server knows who moves it"
        checks.append(GateCheck(text=_APPROVED, verdict=Verdict.UNKNOWN, says=says))
    verdicts = [check.verdict for check in checks]
    return _result(model, version, gate, verdicts, checks=checks, is_known=False)


def result_of_gate(
    store: Store, model: RegisteredModel, version: ModelVersion, stage: str
) -> GateResult | None:
    """None if there is no gate to *stage*."""
    gate = _gate_of(model, stage)
    if gate is None:
        return None
    verdicts, checks = [], []
    if gate.rule is not None:
        check = RuleCheck(_values(store, version), lambda name: _in_stage(store, model, name))
        verdicts.append(check.verdict(parse_rule(gate.rule)))
        checks += check.checks
    if gate.approver == OTHER:
        checks.append(_approval(version))
        verdicts.append(checks[-1].verdict)
    return _result(model, version, gate, verdicts, checks=checks)


def _result(
    model: RegisteredModel,
    version: ModelVersion,
    gate: Gate,
    verdicts: Sequence[Verdict],
    *,
    checks: Sequence[GateCheck],
    is_known: bool = True,
) -> GateResult:
    return GateResult(
        name=model.name,
        version=version.version,
        stage=gate.stage,
        rule=gate.rule,
        approver=gate.approver,
        is_passed=all(v in (Verdict.PASSED, Verdict.NOTHING_THERE) for v in verdicts),
        is_known=is_known,
        checks=tuple(checks),
    )


def _in_stage(store: Store, model: RegisteredModel, stage: str) -> VersionValues | None:
    try:
        name = check_stage(stage, model.stages, model=model.name)
    except InvalidValue as exc:
        raise KeyError(stage) from exc
    try:
        return _values(store, newest_version(store, model, name))
    except ModelVersionNotFound:
        return None


def _values(store: Store, version: ModelVersion) -> VersionValues:
    """Metrics and params of its run as they are now; when the run is gone, as they were."""
    run_tags: Mapping[str, str] = {}
    try:
        run = store.get_run(version.run_id or "")
        evidence, run_tags = evidence_in(run), run.data.tags
    except RunNotFound:
        evidence = json.loads(creation_event(store, version).details).get("evidence", {})
    return VersionValues(
        label=f"version {version.version}",
        metrics=metrics_in(evidence),
        params=evidence.get("params", {}),
        # Of the version, not of the run: who sets those is in the record.
        tags=version.tags,
        run_id=version.run_id,
        run_tags=run_tags,
    )


def _approval(version: ModelVersion) -> GateCheck:
    actor = acting_user()
    is_other = actor != version.user_id
    says = f"{version.user_id} made version {version.version}, {actor} moves it"
    verdict = Verdict.PASSED if is_other else Verdict.FAILED
    return GateCheck(text=_APPROVED, verdict=verdict, says=says)
