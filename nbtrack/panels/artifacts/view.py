"""The artifacts of a run as a list that stands still, as text and as HTML."""

from __future__ import annotations

from nbtrack.display.look import CODE_FONT, LINE, ROW, WARN, muted
from nbtrack.display.markup import Html, clipped, clipped_html, tag
from nbtrack.display.text_table import aligned
from nbtrack.panels.artifacts.facts import ArtifactFile, RunArtifacts, artifacts_of_run
from nbtrack.stores.store import Store

_MOST_ROWS = 100
_PATH_LIMIT = 80
_FRAME = "overflow-x:auto;margin:2px 0 4px;font-variant-numeric:tabular-nums"
_TABLE = f"border-collapse:collapse;border:{LINE};font-size:13px;margin:0"
_CAPTION = "caption-side:top;text-align:left;padding:2px 0 6px;font-size:13px"
_CELL = "padding:3px 8px;line-height:1.4;text-align:left;vertical-align:baseline"
_HEADS = ("artifact", "size", "sha256", "")


class ArtifactsView:
    def __init__(self, store: Store, run_id: str) -> None:
        self.found = artifacts_of_run(store, run_id)
        self.name = store.get_run(run_id).info.run_name or run_id[:8]

    def __len__(self) -> int:
        return len(self.found.files)

    def __repr__(self) -> str:
        rows = [(clipped(f.path, _PATH_LIMIT), *_facts(f)) for f in self.found.files[:_MOST_ROWS]]
        table = aligned([_HEADS, *rows], right={1}) if rows else []
        return "\n".join([_summary(self.found, self.name), *table])

    def _repr_html_(self) -> str:
        summary = muted(_summary(self.found, self.name))
        caption = tag("caption", tag("div", summary, align="left"), style=_CAPTION)
        head = tag(
            "tr", *(tag("th", muted(w), align="left", style=_CELL) for w in _HEADS), style=ROW
        )
        rows = (_row(file) for file in self.found.files[:_MOST_ROWS])
        table = tag("table", caption, tag("thead", head), tag("tbody", *rows), style=_TABLE)
        return tag("div", table, style=_FRAME)


def _summary(found: RunArtifacts, name: str) -> str:
    count = len(found.files) + found.more
    shown = min(len(found.files), _MOST_ROWS)
    words = f"{count:,} artifact{'' if count == 1 else 's'} of {clipped(name, _PATH_LIMIT)}"
    return words + (f", the first {shown}" if shown < count else "") + f" in {found.folder}"


def _facts(file: ArtifactFile) -> tuple[str, str, str]:
    return file.words, file.sha256[:10], file.state


def _row(file: ArtifactFile) -> Html:
    size, digest, state = _facts(file)
    path = tag("th", clipped_html(file.path, _PATH_LIMIT, dir="auto"), scope="row", align="left",
               style=f"{_CELL};font-weight:normal")  # fmt: skip
    code = tag("td", muted(digest), style=f"{_CELL};{CODE_FONT}", title=file.sha256 or None)
    words = tag("td", tag("span", state, style=WARN), style=_CELL)
    return tag("tr", path, tag("td", size, align="right", style=_CELL), code, words, style=ROW)
