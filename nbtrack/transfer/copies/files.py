"""The files of a run or model, copied as far as the other side does not have the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nbtrack.errors import ArtifactNotFound, InvalidValue, NotFound, OtherBytes
from nbtrack.remote.protocol import MODELS, kind_of_owner
from nbtrack.transfer.copies.sides import Side


class OwnerFiles(NamedTuple):
    """*owner* is the id of a run or model; *recorded* are digests by path."""

    owner: str
    recorded: Mapping[str, str]


@dataclass(slots=True)
class FileCopy:
    """*verified*: so many files were read on both sides, and are what was recorded."""

    verified: int = 0
    sent: int = 0
    bytes_sent: int = 0
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def copy_files(source: Side, target: Side, files: OwnerFiles) -> FileCopy:
    return _FileCopying(source, target, files).copy() if files.recorded else FileCopy()


class _FileCopying:
    def __init__(self, source: Side, target: Side, files: OwnerFiles) -> None:
        self._source, self._target, self._files = source, target, files
        self._done = FileCopy()

    def copy(self) -> FileCopy:
        owner, paths = self._files.owner, sorted(self._files.recorded)
        wanted = self._wanted(self._source.file_digests(owner, paths))
        try:
            known = self._target.file_digests(owner, sorted(wanted)) if wanted else {}
            for path, sha256 in wanted.items():
                if known.get(path) != sha256:
                    self._send(path, sha256)
            there = self._target.file_digests(owner, sorted(wanted)) if self._done.sent else known
        except (InvalidValue, NotFound) as exc:  # it keeps them where nobody may look
            self._done.faults.append(f"Files of {owner[:8]} are not copied: {exc}")
            return self._done
        self._compare(wanted, there)
        return self._done

    def _wanted(self, found: Mapping[str, str | None]) -> dict[str, str]:
        """Those that are here as they were recorded, and that the other side records so, too."""
        theirs = self._recorded_there()
        wanted = {}
        for path, sha256 in self._files.recorded.items():
            if theirs.get(path, sha256) != sha256:
                self._note(path, f"was logged again in {self._target.name}: it stays")
            elif found[path] == sha256:
                wanted[path] = sha256
            else:
                is_gone = found[path] is None
                what = "is not there any more" if is_gone else "is not what was logged"
                self._note(path, f"{what} in {self._source.name}: it is not copied")
        return wanted

    def _recorded_there(self) -> Mapping[str, str]:
        owner = self._files.owner
        if kind_of_owner(owner) == MODELS:
            found: Mapping[str, str] = self._target.ask("list_model_files", model_id=owner)
            return found
        records = self._target.ask("list_artifact_records", run_id=owner)
        return {each.path: each.sha256 for each in records if each.sha256}

    def _send(self, path: str, sha256: str) -> None:
        owner = self._files.owner
        try:
            content = self._source.read_file(owner, path)
            self._target.write_file(owner, path, content, sha256)
        except (ArtifactNotFound, OtherBytes):
            return  # it has just been changed; the comparison says so
        self._done.sent += 1
        self._done.bytes_sent += content.size

    def _compare(self, wanted: Mapping[str, str], there: Mapping[str, str | None]) -> None:
        for path, sha256 in wanted.items():
            if there.get(path) == sha256:
                self._done.verified += 1
            else:
                self._done.faults.append(
                    f"File {path!r} of {self._files.owner[:8]} is not the same in "
                    f"{self._target.name}. Copy again."
                )

    def _note(self, path: str, what: str) -> None:
        self._done.notes.append(f"File {path!r} of {self._files.owner[:8]} {what}.")
