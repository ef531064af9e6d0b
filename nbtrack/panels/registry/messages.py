"""What goes between the model registry and the page."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from nbtrack.panels.compare.messages import Section, Unchanged
from nbtrack.panels.shared.questions import MarkdownNode, Nothing, Question


class RegistryStart(TypedDict):
    name: str | None


class ModelLine(TypedDict):
    """`in_use` are (stage, version), `aliases` (alias, version); `mayEdit` is of whoever looks."""

    name: str
    versions: int
    in_use: list[tuple[str, str]]
    aliases: list[tuple[str, str]]
    changed: str
    description: str
    mayEdit: bool


class Models(TypedDict):
    models: list[ModelLine]


class ModelAsked(TypedDict):
    """`stamp` is that of the answer the page has, or ""."""

    name: str
    metric: str
    offset: int
    stamp: str


class SaidText(TypedDict):
    """As it is, for whoever edits it, and as Markdown."""

    raw: str
    shown: list[MarkdownNode]


class SaidTag(TypedDict):
    """`key` is what the kernel is asked with, the others are to be shown."""

    key: str
    label: str
    value: str


class GateRule(TypedDict):
    stage: str
    rule: str
    approver: str | None


class VersionCard(TypedDict):
    """`who` put it there, `age` ago; `value` is that of the page's metric."""

    version: str
    stage: str
    value: str
    run_id: str | None
    run_name: str
    is_run_gone: bool
    who: str
    age: str
    moment: str
    aliases: list[str]
    tags: list[SaidTag]
    description: SaidText


class StageLane(TypedDict):
    stage: str
    cards: list[VersionCard]


class EventLine(TypedDict):
    """`stage` is the one that a version came to, else ""."""

    n: int
    moment: str
    version: str
    stage: str
    words: str
    who: str
    reason: str
    run_id: str | None
    run_name: str


class ModelPage(TypedDict):
    """One model, with `pageSize` of its `total` events, the newest first; `mayEdit` and `mayMove`
    are of the page's user."""

    stamp: str
    name: str
    words: str
    serving: list[str]
    description: SaidText
    tags: list[SaidTag]
    aliases: list[tuple[str, str]]
    stages: list[str]
    gates: list[GateRule]
    metric: str
    metrics: list[str]
    lanes: list[StageLane]
    events: list[EventLine]
    offset: int
    pageSize: int
    total: int
    mayEdit: bool
    mayMove: bool


class VersionAsked(TypedDict):
    name: str
    version: str


class VersionDetails(TypedDict):
    """`facts` and `data` are (name, text)."""

    version: str
    facts: list[tuple[str, str]]
    inputs: list[str] | None
    outputs: list[str] | None
    data: list[tuple[str, str]]
    source: str | None
    code: str


class VersionsAsked(TypedDict):
    name: str
    version: str
    against: str


class VersionHead(TypedDict):
    version: str
    stage: str
    run_id: str | None
    run_name: str


class VersionDifference(TypedDict):
    """Seen from the first of `heads`."""

    heads: list[VersionHead]
    sections: list[Section]


class Audit(TypedDict):
    events: int
    head: str
    isIntact: bool
    brokenAt: int | None
    problems: list[str]
    remarks: list[str]
    limits: str


class MoveCheckAsked(TypedDict):
    name: str
    version: str
    stage: str


Verdict = Literal["passed", "failed", "unknown", "nothing there"]


class GateCheck(TypedDict):
    text: str
    verdict: Verdict
    says: str


class GateResult(TypedDict):
    rule: str | None
    isPassed: bool
    isKnown: bool  # else the server decides when it is moved
    checks: list[GateCheck]


MoveCheck = TypedDict(  # one of its names is a word of Python
    "MoveCheck",
    {
        "version": str,
        "from": str,
        "stage": str,
        "gate": GateResult | None,
        "others": list[str],
        "archives": bool,
        "archivesByDefault": bool,
        "needsReason": bool,
    },
)
MoveAsked = TypedDict(
    "MoveAsked",
    {
        "name": str,
        "version": str,
        "from": str,
        "stage": str,
        "reason": str,
        "archive": bool,
        "override": bool,
        "others": list[str],
    },
)


class Moved(TypedDict):
    version: str
    stage: str


class RegistryEditAsked(TypedDict):
    """Of the model, or of one of its versions; `key` is of a tag, or an alias."""

    name: str
    what: Literal["describe", "set_tag", "delete_tag", "set_alias", "delete_alias"]
    version: NotRequired[str]
    key: NotRequired[str]
    text: NotRequired[str]


class RegisterAsked(TypedDict):
    run: str
    name: str
    path: str


class Registered(TypedDict):
    name: str
    version: str


class RunModelsAsked(TypedDict):
    run: str


class RunModels(TypedDict):
    """`mayRegister` is of the page's user."""

    paths: list[str]
    mayRegister: bool


class RegistryNews(TypedDict):
    """The number of the newest event that whoever looks may see."""

    events: int


QUESTIONS = {
    "start": Question(Nothing, RegistryStart),
    "registry_models": Question(Nothing, Models),
    "registry_model": Question(ModelAsked, ModelPage | Unchanged),
    "registry_version": Question(VersionAsked, VersionDetails),
    "registry_compare": Question(VersionsAsked, VersionDifference),
    "registry_check": Question(Nothing, Audit),
    "registry_move_check": Question(MoveCheckAsked, MoveCheck),
    "registry_move": Question(MoveAsked, Moved),
    "registry_edit": Question(RegistryEditAsked, None),
    "registry_register": Question(RegisterAsked, Registered),
    "registry_models_of_run": Question(RunModelsAsked, RunModels),
}
PUSHES = {"registry": RegistryNews}
