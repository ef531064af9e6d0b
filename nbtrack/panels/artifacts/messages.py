"""What goes between the artifacts of a run and the page."""

from __future__ import annotations

from typing import Literal, TypedDict

from nbtrack.panels.shared.questions import MarkdownNode, Nothing, Question


class ArtifactsStart(TypedDict):
    run: str
    name: str


class ArtifactsAsked(TypedDict):
    run: str


class ArtifactFile(TypedDict):
    """`words` is the size for people, `state` what is wrong with it."""

    path: str
    size: int | None
    words: str
    sha256: str
    state: Literal["", "missing", "changed", "not recorded"]


class Artifacts(TypedDict):
    """`more` files are past what is listed."""

    folder: str
    files: list[ArtifactFile]
    more: int


class PreviewAsked(TypedDict):
    run: str
    path: str


class Picture(TypedDict):
    mime: str
    base64: str


class PreviewTable(TypedDict):
    """`total` is null where nobody has counted."""

    columns: list[str]
    rows: list[list[str | float | bool | None]]
    total: int | None


class PreviewCell(TypedDict):
    kind: str
    source: str
    outputs: list[str]


class PicturePreview(TypedDict):
    kind: Literal["image"]
    content: Picture
    is_cut: bool


class TextPreview(TypedDict):
    """`none` says in words why there is nothing to see."""

    kind: Literal["text", "json", "page", "none"]
    content: str
    is_cut: bool


class MarkdownPreview(TypedDict):
    kind: Literal["markdown"]
    content: list[MarkdownNode]
    is_cut: bool


class TablePreview(TypedDict):
    kind: Literal["table"]
    content: PreviewTable
    is_cut: bool


class NotebookPreview(TypedDict):
    kind: Literal["notebook"]
    content: list[PreviewCell]
    is_cut: bool


Preview = PicturePreview | TextPreview | MarkdownPreview | TablePreview | NotebookPreview


class DownloadAsked(TypedDict):
    run: str
    path: str
    offset: int


class FilePart(TypedDict):
    """`data` is base64; `next` the offset of the next part, null after the last one."""

    data: str
    size: int
    next: int | None


QUESTIONS = {
    "start": Question(Nothing, ArtifactsStart),
    "artifacts": Question(ArtifactsAsked, Artifacts),
    "artifact_preview": Question(PreviewAsked, Preview),
    "artifact_download": Question(DownloadAsked, FilePart),
}
PUSHES: dict[str, object] = {}
