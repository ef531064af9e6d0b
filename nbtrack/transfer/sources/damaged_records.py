"""What a file of records with checksums may end in."""

from __future__ import annotations


class CutRecord(Exception):
    """The last record of a file is not whole: whoever wrote it was killed, or writes still."""


class DamagedRecord(Exception):
    """A record is not what was written; where the next one begins is not known."""
