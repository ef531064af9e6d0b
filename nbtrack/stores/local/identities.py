"""Which runs did what by the digest of it: `records.tags.IDENTITY_TAG`, in a table of its own.

Before a cell trains it is looked up: among 1.5 million tags of 100,000 runs in 20 ms, among as
many numbers, which are the beginnings of digests, in 0.3.
"""

from __future__ import annotations

from pathlib import Path

from nbtrack.journal.reading import segment_sizes
from nbtrack.records.tags import IDENTITY_TAG

_LOOKED_AT = 1 << 20  # bytes at the end of a journal: what is older is folded
_MOST_JOURNALS = 50

CREATE = """
    create table if not exists project.stored.identities (number bigint, run_key integer)
"""
_NUMBER = "try_cast('0x' || left({}, 15) as bigint)"
FILL = f"""
    insert into project.stored.identities
    select {_NUMBER.format("value")}, run_key from project.stored.tags where key = '{IDENTITY_TAG}'
"""
# Of the lines that are being folded.
NOTE = f"""
    insert into project.stored.identities
    select {_NUMBER.format("v")}, run_key from incoming join keys_of_lines on r = run_id
    where k = 'tag' and n = '{IDENTITY_TAG}' and v is not null and not is_bad
"""
FORGET = "delete from project.stored.identities where list_contains($keys, run_key)"

FOLDED = f"""
    select run_key from project.stored.identities where number = {_NUMBER.format("$digest")}
"""
# The same with the tails.
ALL = f"select run_key from stored.tags where key = '{IDENTITY_TAG}' and value = $digest"


def is_in_journals(folder: Path, digest: str) -> bool:
    """Whether the end of one of them has a run of that identity."""
    wanted = f'"n":"{IDENTITY_TAG}","v":"{digest}"'.encode()
    sizes = segment_sizes(folder)
    return any(wanted in _end_of(folder / name, sizes[name]) for name in [*sizes][:_MOST_JOURNALS])


def _end_of(path: Path, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, size - _LOOKED_AT))
            return file.read()
    except OSError:  # folded and deleted since, or not ours to read
        return b""
