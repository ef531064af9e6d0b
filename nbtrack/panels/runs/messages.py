"""What goes between the runs panel and its page."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from nbtrack.panels.shared.questions import MarkdownNode, Nothing, Question, Spoken


class TableAsked(TypedDict):
    """What a view shows; `experiments` null are all, `columns` null those that matter, as many as
    there is `room` for (params and metrics; 0: not known). `unfolded`: by run, how many of its
    children; `flat` null is flat where the order is by a metric."""

    experiments: list[str] | None
    filter: str
    quick: dict[str, str]
    sort: list[tuple[str, bool]]
    page: int
    group: str
    columns: list[str] | None
    unfolded: dict[str, int]
    flat: bool | None
    deleted: bool
    room: int


class RunsStart(TypedDict):
    state: TableAsked
    selected: list[str]
    palette: list[str]
    dashes: list[list[int]]


class Wrong(TypedDict):
    """What was typed and is no filter: words, "" for none."""

    filter: str
    quick: dict[str, str]


class Refused(TypedDict):
    """The page stays as it is."""

    wrong: Wrong


class SortedAs(TypedDict):
    place: int
    descending: bool


class TableColumn(TypedDict):
    """`isOwn` is false of params and metrics that nobody wrote down by that name."""

    id: str
    label: str
    group: str
    isNumber: bool
    better: Literal["higher", "lower"] | None
    descendingFirst: bool
    sorted: SortedAs | None
    origin: str
    isOwn: bool


class RunWarning(TypedDict):
    """`sentence` is any text."""

    kind: str
    sentence: str


class RunRow(TypedDict):
    """`cells`, `titles` and `shares` go by column; `best` are ids of columns. `bestOf`: it shows
    what the best of so many children has; 0: what it has itself. `error`: why it failed, or
    was pruned. `reproduced`: what became of it when it was run once more; "": nobody tried."""

    id: str
    name: str
    status: str
    error: str
    depth: int
    children: int
    parent: str | None
    pinned: bool
    baseline: bool
    bestOf: int
    reproduced: str
    warnings: list[RunWarning]
    experiment: str
    started: int
    cells: list[str]
    titles: list[str | None]
    shares: list[float | None]
    best: list[str]


class Spread(TypedDict):
    mean: str
    std: str | None
    count: int


class GroupRow(TypedDict):
    """`cells` go by `groupColumns`; `condition` is the filter that leaves only this group."""

    value: str | None
    label: str | None
    runs: int
    newest: str
    cells: list[Spread | None]
    condition: str | None


class KnownKey(TypedDict):
    """`part` is that of the Columns menu."""

    key: str
    part: Literal["mine", "measured", "defaults", "bookkeeping", "tags"]
    runs: int
    number: bool
    differs: bool


class KnownExperiment(TypedDict):
    id: str
    name: str


class Keys(TypedDict):
    params: list[KnownKey]
    metrics: list[KnownKey]
    tags: list[KnownKey]
    experiments: list[KnownExperiment]


class Page(TypedDict):
    """Rows, or groups where the view groups; `keys` where the view has not seen them; `view` where
    nobody asked. `chosen` are the columns that were asked for, or are remembered; `whyNothing`
    says which key of the filter no run has, "" for none; `absence` why this may not be all;
    `isBin`: the runs are deleted ones. `keepsChoices`: columns and charts that the user chooses are
    remembered; `readOnly` are experiments of these rows whose runs he may not change."""

    view: NotRequired[str]
    all: int
    columns: list[TableColumn]
    chosen: list[str] | None
    pinned: list[str]
    now: int
    wrong: Wrong
    isGlance: bool
    whyNothing: str
    absence: str
    keepsChoices: bool
    readOnly: list[str]
    keys: NotRequired[Keys]
    total: int
    matching: int
    page: int
    pages: int
    rows: NotRequired[list[RunRow]]
    isBin: NotRequired[bool]
    isFlat: NotRequired[bool]
    hasFamilies: NotRequired[bool]
    groups: NotRequired[list[GroupRow]]
    groupColumns: NotRequired[list[str]]


class ColumnsAsked(TypedDict):
    """To be remembered of these experiments, or, null, of all together; `columns` null: those that
    matter. What is left out stays as it is in each; `pin` and `unpin` are about one of the pinned
    columns."""

    experiments: list[str] | None
    columns: NotRequired[list[str] | None]
    pinned: NotRequired[list[str]]
    pin: NotRequired[str]
    unpin: NotRequired[str]


class SelectAsked(TypedDict):
    runs: list[str]


class RunAsked(TypedDict):
    run: str


class RunFile(TypedDict):
    path: str
    size: str
    sha256: str


class RunValue(TypedDict):
    """A param or a metric; one that is folded stands behind those that matter."""

    key: str
    text: str
    origin: str
    isFolded: bool


class RunCell(TypedDict):
    """The path of a notebook, and which of its cells; "" where that is not known."""

    notebook: str
    id: str


class RunDetails(TypedDict):
    """`facts` stand beside the name, `origin` at the end; `note` is as it was typed, `noteShown`
    what that says. `mayEdit` and `mayRegister` are of the page's user."""

    id: str
    name: str
    status: str
    isDeleted: bool
    facts: list[tuple[str, str]]
    origin: list[tuple[str, str]]
    cell: RunCell
    warnings: list[RunWarning]
    error: str
    traceback: str
    note: str
    noteShown: list[MarkdownNode]
    source: str
    tags: dict[str, str]
    params: list[RunValue]
    metrics: list[RunValue]
    files: list[RunFile]
    hasModel: bool
    pinned: bool
    baseline: bool
    mayEdit: bool
    mayRegister: bool


class SparklinesAsked(TypedDict):
    runs: list[str]
    keys: list[str]


Sparklines = dict[str, dict[str, list[Spoken]]]  # by run, by metric


class EditAsked(TypedDict):
    """`text` is a name, a note or the value of the tag `key`; `on` is of pin and baseline."""

    run: str
    what: Literal["rename", "note", "set_tag", "delete_tag", "pin", "baseline"]
    text: NotRequired[str]
    key: NotRequired[str]
    on: NotRequired[bool]


class TagAsked(TypedDict):
    runs: list[str]
    key: str
    text: str


class RunIds(TypedDict):
    ids: list[str]


class Children(TypedDict):
    """`readOnly` are those of them that the user may not change."""

    ids: list[str]
    readOnly: list[str]


class TextFile(TypedDict):
    name: str
    text: str


class CodeAsked(TypedDict):
    run: str
    what: Literal["model", "rerun", "frame"]


class Code(TypedDict):
    source: str


QUESTIONS = {
    "start": Question(Nothing, RunsStart),
    "page": Question(TableAsked, Page | Refused),
    "columns": Question(ColumnsAsked, None),
    "select": Question(SelectAsked, None),
    "details": Question(RunAsked, RunDetails),
    "children": Question(SelectAsked, Children),
    "sparklines": Question(SparklinesAsked, Sparklines),
    "edit": Question(EditAsked, RunDetails),
    "tag": Question(TagAsked, RunIds),
    "csv": Question(SelectAsked, TextFile),
    "delete": Question(SelectAsked, RunIds),
    "restore": Question(RunIds, RunIds),
    "code": Question(CodeAsked, Code),
}
PUSHES = {"page": Page, "sparklines": Sparklines, "selected": list[str]}
