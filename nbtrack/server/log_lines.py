"""What the server says on stderr: faults as text, or all that it does as a line of JSON each."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from nbtrack.server.measures import ACCESS

FORMATS = ("text", "json")


def set_up_logs(form: str) -> None:
    """*form* is one of FORMATS; with "json", each request has a line, too."""
    handler = logging.StreamHandler(sys.stderr)
    if form == "json":
        handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(ACCESS).setLevel(logging.INFO if form == "json" else logging.WARNING)


class JsonLines(logging.Formatter):
    """Text of requests is escaped as JSON does it: nobody else begins a line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"time": moment, "level": record.levelname.lower(), "logger": record.name}
        facts = getattr(record, "facts", None)
        told |= facts if isinstance(facts, dict) else {"message": record.getMessage()}
        if record.exc_info:
            told["fault"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)
