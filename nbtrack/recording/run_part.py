"""`RunPart`: what is logged of one thing in a run that may become a run of its own.

The first fit of a tracked cell is the cell's while it is the only one. With the second it turns
out to be one of several, and becomes a child like the others, with all that was logged of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.origins import ORIGINS_TAG, Origins, origins_text
from nbtrack.records.runs import FileInfo, RunInfo, RunStatus
from nbtrack.records.tags import PARENT_TAG

if TYPE_CHECKING:
    from nbtrack.artifact_store.store import ArtifactStore
    from nbtrack.recording.active_run import RunOwner

_ARTIFACT_LINE = '{"k":"artifact"'
_MODEL_LINE = '{"k":"model",'
_MODEL_LINK_LINE = '{"k":"modellink"'


class RunPart(ActiveRun):
    """It logs to *whole*, and from `become_child` on to a child of that run.

    Whoever holds it, to log what is measured later, need not know which of the two it is.
    """

    def __init__(
        self, owner: RunOwner, whole: ActiveRun, *, name: str, tags: Mapping[str, str]
    ) -> None:
        began_us = now_us()
        self.whole = whole
        self.is_child = False
        info = replace(whole.info, start_time=began_us // 1000)
        super().__init__(owner, whole.store, info, parent=whole)
        self.began_us = began_us
        self.hook_params = whole.hook_params
        self._own_name, self._own_tags = name, tags
        self._changing = RLock()
        self._written: list[str] | None = []  # None: it stays what it is
        self._children: list[str] = []
        self._child_id = ""
        self._ended: tuple[RunStatus, int] | None = None

    # --- as a part

    @property
    def is_deleted(self) -> bool:
        return self._is_deleted if self.is_child else self.whole.is_deleted

    @is_deleted.setter
    def is_deleted(self, value: bool) -> None:
        self._is_deleted = value

    def note_origins(self, found: Origins, *, may_wait: bool = False) -> None:
        with self._changing:
            if self.is_child:
                super().note_origins(found, may_wait=may_wait)
            else:
                self._origins = self._known_origins() | found
                of_whole = self.whole.logged.left_alone(found)
                self.whole.note_origins(of_whole, may_wait=may_wait)

    def write_origins(self) -> None:
        with self._changing:
            if self.is_child:
                super().write_origins()
            else:
                self.whole.write_origins()

    def note_children(self, run_ids: Iterable[str]) -> None:
        with self._changing:
            if not self.is_child:
                self._children += run_ids

    def end(
        self, status: RunStatus | str = RunStatus.FINISHED, *, end_us: int | None = None
    ) -> None:
        """It is over; the whole goes on."""
        with self._changing:
            if self.is_child:
                super().end(status, end_us=end_us)
            else:
                self._ended = self._own_status(status), end_us or now_us()

    def stay(self) -> None:
        """It becomes no child any more: what was written of it need not be kept in mind."""
        with self._changing:
            self._written = None

    def _append(self, text: str) -> None:
        with self._changing:
            if self.is_child:
                super()._append(self._of_child(text))  # it may have been made a moment before
                return
            self.whole._append(text)
            if self._written is not None:
                self._written.append(text)

    def _store_files(
        self, write: Callable[[], list[FileInfo]], *, source: str | Path | None = None
    ) -> None:
        with self._changing:  # a file goes where its line goes
            super()._store_files(write, source=source)

    # --- becoming a child

    def become_child(self) -> bool:
        """Whether it became one now. Nothing that was logged is taken away: the whole keeps it,
        and says that it was moved.

        The child exists with all of it or not at all, whenever this process dies.
        """
        with self._changing:
            if self._written is None:
                return False
            written, self._written = "".join(self._written), None
            info, header = self._owner.describe_child(
                self.whole, name=self._own_name, tags=self._own_tags, start_us=self.began_us
            )
            self._link_files(written, open_artifacts(info.artifact_uri, run_id=info.run_id))
            self._child_id = info.run_id
            text = header + self._of_child(written) + self._last_lines()
            self._store.append(text + self._moved_models(written))
            self._turn_into_child(info, header)
        self._leave_whole()
        return True

    def _of_child(self, text: str) -> str:
        for name in ("r", "source_run_id"):
            text = text.replace(f'"{name}":"{self.whole.run_id}"', f'"{name}":"{self._child_id}"')
        return text

    def _link_files(self, written: str, place: ArtifactStore) -> None:
        found: dict[str, None] = {}
        for fields in _lines_of(written, _ARTIFACT_LINE):
            found.pop(fields["n"], None)
            if fields.get("v") is not None:
                found[fields["n"]] = None
        files = self.whole.artifacts
        place.link_all({path: files.download(path) for path in found if files.has(path)})

    def _last_lines(self) -> str:
        """What the part did not write itself: where its keys are from, its children, its end."""
        run_id, t = self._child_id, self.later_us()
        text = lines.tag_line(run_id, ORIGINS_TAG, origins_text(self._known_origins()), t=t)
        text += "".join(lines.tag_line(each, PARENT_TAG, run_id, t=t) for each in self._children)
        if self._ended is not None:
            status, end_us = self._ended
            text += lines.run_line(run_id, t=t, status=status, end_us=end_us)
        return text

    def _moved_models(self, written: str) -> str:
        """The logged models that the part made are the child's, and not the whole's any more."""
        found = {fields["n"]: None for fields in _lines_of(written, _MODEL_LINE)}
        t = self.later_us()
        text = "".join(lines.model_line(each, t=t, source_run_id=self._child_id) for each in found)
        for link in _lines_of(written, _MODEL_LINK_LINE):
            step = link.get("s", 0)
            text += lines.model_link_line(self.whole.run_id, link["n"], "none", step=step, t=t)
        return text

    def _turn_into_child(self, info: RunInfo, header: str) -> None:
        if self._ended is not None:
            status, end_us = self._ended
            info = replace(info, status=status, end_time=end_us // 1000)
            self.is_open = False
        self.run_id, self.artifact_uri = info.run_id, info.artifact_uri
        self._info, self._header = info, header
        self.is_child = True
        self._owner.remember(self)

    def _leave_whole(self) -> None:
        """What the user logged under a name of the part's is on the whole as he logged it."""
        known, by_hand = self._known_origins(), self.whole.logged
        both = {key: text for key, text in by_hand.params.items() if key in known.params}
        self.whole.note_origins(by_hand.moved(known))
        self.whole.log_params(both)


def _lines_of(written: str, start: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in written.splitlines() if line.startswith(start))
