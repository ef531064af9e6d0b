"""Where a project was shown last: the same port again, and pages that were let in are not asked
again. The token in the printed address is a new one each time."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FILE = "ui.json"


@dataclass(frozen=True, slots=True)
class LastAddress:
    """*port* 0: there was none. *secret* is what a page that was let in has as its cookie."""

    file: Path
    port: int
    secret: str

    @classmethod
    def of(cls, folder: Path) -> LastAddress:
        file = folder / _FILE
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            port, secret = int(found["port"]), str(found["secret"])
        except (OSError, ValueError, TypeError, KeyError):
            port, secret = 0, ""
        return cls(file, port, secret or secrets.token_urlsafe(32))

    def keep(self, port: int) -> None:
        """For its owner alone to read; in a folder that is read-only nothing is kept."""
        if not self.file.parent.is_dir():
            return  # no project is there yet, and a look at nothing makes none
        new = self.file.with_suffix(".new")
        with suppress(OSError):
            new.unlink(missing_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
                json.dump({"port": port, "secret": self.secret}, opened)
            new.replace(self.file)
