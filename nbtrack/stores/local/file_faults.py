"""What DuckDB says when the database file is not to be had, as errors that name the cure."""

from __future__ import annotations

import re
from pathlib import Path

from nbtrack.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew

_DAMAGE = ("Corrupt database file", "not a valid DuckDB database", "Could not read enough bytes")
_LOCKED = "Could not set lock"
_LOCKED_HERE = "Unique file handle conflict"  # before there was an exception for it
# They are about the query, or about what else is attached, whatever the file's bytes are.
_NOT_OF_THE_FILE = (
    "BinderException",
    "CatalogException",
    "ParserException",
    "TransactionException",
    "ConnectionException",
    "InterruptException",
    "OutOfMemoryException",
    "PermissionException",
)


def is_damage(exc: BaseException) -> bool:
    """Whether the file's bytes are wrong, as opposed to the query, or to the disk's being full."""
    return any(sign in str(exc) for sign in _DAMAGE)


def is_lock_conflict(exc: BaseException) -> bool:
    # By the words and not by "lock": the path, or a "block", may have that in it.
    return _is_of_this_process(exc) or _LOCKED in str(exc)


def is_interruption(exc: BaseException | None) -> bool:
    """Whether the user stopped what was going on, so that nobody knows how far it came."""
    if exc is None:
        return False
    is_word_of_duckdb = type(exc) is RuntimeError and "interrupted" in str(exc)
    return is_word_of_duckdb or not isinstance(exc, Exception) or _named(exc, "InterruptException")


def interruption(exc: BaseException) -> BaseException:
    """What the user's signal raised, where DuckDB made a RuntimeError of it."""
    if not isinstance(exc, Exception):
        return exc
    return exc.__cause__ or KeyboardInterrupt()


def why_busy(file: Path, exc: BaseException) -> StoreBusy:
    return StoreBusy(
        f"{file} is held by {holder(exc)}, so it cannot be read now. Nothing is lost: what is "
        "logged waits in the journal. Close the file there, or open it read-only."
    )


def holder(exc: BaseException) -> str:
    if _is_of_this_process(exc):
        return "this very process, through another connection"
    found = re.search(r"held in (.+?\(PID \d+\)|PID \d+)", str(exc))
    return found.group(1) if found else "another program"


def cannot_be_attached(file: Path, exc: BaseException) -> StoreError:
    import duckdb

    if "newer version of DuckDB" in str(exc):
        return StoreTooNew(
            f"{file} was written by a newer DuckDB than {duckdb.__version__}. "
            "pip install --upgrade duckdb reads it. Logging goes on meanwhile."
        )
    if is_damage(exc):
        return damaged(file, exc)
    if isinstance(exc, duckdb.IOException) or _named(exc, *_NOT_OF_THE_FILE):
        return StoreError(f"{file} cannot be opened: {exc}\nLogging goes on meanwhile.")
    return damaged(file, exc)


def cannot_be_used(file: Path, exc: BaseException) -> StoreError:
    """*exc* came from a query of our own."""
    if is_damage(exc):
        return damaged(file, exc)
    return StoreError(f"{file} cannot answer: {exc}\nLogging goes on meanwhile.")


def damaged(file: Path, exc: BaseException) -> StoreDamaged:
    return StoreDamaged(
        f"{file} cannot be read: {exc}\nMove it away ({file.name} and, if there is "
        f"one, {file.name}.wal): nbtrack then starts a new one with all that the files "
        f"in {file.parent / 'journal'} still hold. Logging goes on meanwhile."
    )


def refuse_file_for_folder(folder: Path) -> None:
    """Raises StoreError if there can be no *folder*, because it, or what it is in, is a file."""
    there = next(level for level in (folder, *folder.parents) if level.exists())
    if not there.is_dir():
        raise StoreError(
            f"{there} is a file, and nbtrack needs a folder there. Move the file away, or set "
            "NBTRACK_DIR to another folder."
        )


def _is_of_this_process(exc: BaseException) -> bool:
    return _named(exc, "ResourceInUseException") or _LOCKED_HERE in str(exc)


def _named(exc: BaseException, *names: str) -> bool:
    """Whether *exc* is one of these exceptions of DuckDB; which of them there are, varies."""
    import duckdb

    kinds = (getattr(duckdb, name, None) for name in names)
    return isinstance(exc, tuple(kind for kind in kinds if kind is not None))
