"""Recorded artifacts against the files on disk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.cli.console import count, harmless, listed
from nbtrack.cli.leftovers import StoredFile, stored_files, unrecorded
from nbtrack.display.number_format import format_size
from nbtrack.errors import ArtifactNotFound, InvalidValue
from nbtrack.stores.local.inventory import RecordedFile, known_runs, recorded_files
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    recorded: Sequence[RecordedFile]
    missing: Sequence[RecordedFile]
    changed: Sequence[RecordedFile]
    unreadable: Sequence[tuple[RecordedFile, str]]
    untracked: Sequence[StoredFile]  # of runs that recorded others
    strangers: Sequence[StoredFile]  # of runs that the database does not know

    def summary(self) -> str:
        if not self.recorded and not self.untracked and not self.strangers:
            return "none"
        total = format_size(sum(file.size for file in self.recorded))
        parts = {
            "missing": self.missing,
            "changed": self.changed,
            "unreadable": self.unreadable,
            "untracked": self.untracked,
            "of runs that this database does not know": self.strangers,
        }
        found = [f"{len(files):,} {word}" for word, files in parts.items() if files]
        return f"{count(len(self.recorded), 'file')}, {total}: {', '.join(found) or 'as recorded'}"

    def troubles(self) -> Iterator[str]:
        """One text for each kind of trouble, with its cure."""
        if self.missing:
            yield _trouble(
                f"{count(len(self.missing), 'artifact')} recorded but not there. Put them back "
                "from a backup, or log them again; if a server keeps them in a bucket, say which: "
                "--artifacts s3://bucket/prefix",
                [_name(file) for file in self.missing],
            )
        if self.changed:
            yield _trouble(
                f"{count(len(self.changed), 'artifact')} changed since they were recorded. Restore "
                "them, or log them again to record what they are now",
                [_name(file) for file in self.changed],
            )
        if self.unreadable:
            yield _trouble(
                f"{count(len(self.unreadable), 'artifact')} not readable",
                [f"{_name(file)}: {harmless(why)}" for file, why in self.unreadable],
            )
        if self.untracked:
            yield _trouble(
                f"{count(len(self.untracked), 'file')} that no run recorded. nbtrack gc --yes "
                "removes them; log_artifact records a copy",
                [harmless(f"{file.run_id}/{file.path}") for file in self.untracked],
            )


def check_files(store: Store) -> FileReport:
    """Reads every recorded artifact once. Raises StoreError."""
    files = stored_files(folder_of(store.uri) / "artifacts")  # before the records
    alive = {writer["writer"] for writer in store.status()["writers"] if writer["is_alive"]}
    runs = known_runs(store)
    known, busy = {r.run_id for r in runs}, {r.run_id for r in runs if r.writer in alive}
    recorded = recorded_files(store)
    missing, changed, unreadable = [], [], []
    for file in recorded:
        try:
            stored = open_artifacts(file.artifact_uri, run_id=file.run_id)
            if not stored.has(file.path):
                missing.append(file)
            elif stored.sha256(file.path) != file.sha256:
                changed.append(file)
        except ArtifactNotFound:  # removed since we looked
            missing.append(file)
        except (InvalidValue, OSError) as exc:
            unreadable.append((file, str(exc)))
    left = unrecorded(files, recorded, but=busy)
    return FileReport(
        recorded=recorded,
        missing=missing,
        changed=changed,
        unreadable=unreadable,
        untracked=[file for file in left if file.run_id in known],
        strangers=[file for file in left if file.run_id not in known],
    )


def _trouble(summary: str, names: Sequence[str]) -> str:
    return "\n".join([f"{summary}:", *listed((f"    {name}" for name in names), most=10)])


def _name(file: RecordedFile) -> str:
    return harmless(f"{file.run_id}/{file.path}")
