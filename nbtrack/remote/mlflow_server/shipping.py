"""What waits in the outbox is brought to an MLflow server: lines as requests, files through its
proxy."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlsplit

from nbtrack.base.guard import warn_once
from nbtrack.errors import MlflowException, NotAllowed, NotFound, NotIdentified, StoreBusy
from nbtrack.remote.mlflow_server.ids import Ids
from nbtrack.remote.mlflow_server.rest import Rest
from nbtrack.remote.mlflow_server.sending import Sender
from nbtrack.remote.outbox import LoggedFile, Outbox
from nbtrack.remote.shipping import FILE_SECONDS, Shipping

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
_PROXIED = "mlflow-artifacts"
_MOST_AT_ONCE = 1 << 19  # bytes: 5 to 20 requests, between which nobody looks at the time


class MlflowShipping(Shipping):
    def __init__(self, rest: Rest, outbox: Outbox, artifacts: Path, ids: Ids) -> None:
        super().__init__(rest, outbox, artifacts)
        self._ids, self._sender = ids, Sender(rest, ids)

    def _send_lines(self, segment: str) -> None:
        """Some at once; where one of them was killed, they are sent again."""
        is_again = self._outbox.note_trying(segment)
        sent, end = self._outbox.sent(segment), self._outbox.whole(segment)
        for text in self._outbox.lines(segment, sent.lines, end, most=_MOST_AT_ONCE):
            self._check_time()
            self._sender.send(text, is_again=is_again)
            is_again = False
            sent.lines += len(text)
            sent.files = min(self._outbox.sent(segment).files, sent.lines)
            self._outbox.note_sent(segment, sent)
        self._outbox.forget_trying(segment)

    def _send_file(self, logged: LoggedFile) -> None:
        place = self._place_of(logged)
        if place is None:
            return
        try:
            if logged.sha256 is None:
                self._line.request("DELETE", place)
            else:
                self._put(logged, place)
        except (StoreBusy, NotIdentified, NotAllowed):
            raise
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, NotFound):
            pass  # a later line tells of it
        except (MlflowException, OSError) as exc:
            warn_once(f"nbtrack: the file {logged.path!r} is not sent: {exc!s:.300}")

    def _put(self, logged: LoggedFile, place: str) -> None:
        with open(self._artifacts / logged.owner / logged.path, "rb") as file:
            headers = {"content-length": str(os.fstat(file.fileno()).st_size)}
            self._line.request(
                "PUT", place, self._read(file), headers=headers, timeout=FILE_SECONDS
            )

    def _place_of(self, logged: LoggedFile) -> str | None:
        """A logged model's files are in its run, as before MLflow 3."""
        run_id, path = logged.owner, logged.path
        if (model := self._ids.model(logged.owner)) is not None:
            run_id, path = model[0], f"{model[1]}/{path}"
        known = self._ids.run(run_id)
        if known is None:
            warn_once(f"nbtrack: {logged.path!r} is of no run on the server, and is not sent.")
            return None
        root = urlsplit(known.files)
        if root.scheme != _PROXIED:
            warn_once(
                f"nbtrack: the MLflow server keeps files at a {root.scheme or 'folder'}: location "
                "and takes none itself: those of runs stay on this machine."
            )
            return None
        return ARTIFACTS + quote(f"{root.path.strip('/')}/{path}")

    def _end_writer(self, writer: str) -> None:
        self._sender.end_writer(writer)
