"""A local project of which all that is logged is brought to a server, whatever kind of server."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, NoReturn

from nbtrack.base.guard import guarded, warn
from nbtrack.errors import InvalidValue, MlflowException, NotIdentified, StoreBusy
from nbtrack.remote.line import Line
from nbtrack.remote.outbox import Outbox
from nbtrack.remote.shipping import Shipping
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.local.folding_thread import FoldingThread

CATCH_UP_SECONDS = 2.0  # for another process that sends lines
CLOSE_SECONDS = 5.0  # for what waits at the end of the process; later ones send the rest
SHIP_BYTES = 1 << 18  # worth sending at once: 2,000 points, or 9,000 in lines of many


class ShippedStore(DuckDBStore):
    has_tables = False  # those that are here are of this machine's runs
    keeps_pages = False
    _instead_of_sql = "Run nbtrack sql there, in the project's folder."

    def __init__(
        self, uri: str, folder: Path, *, line: Line, outbox: Outbox, shipping: Shipping
    ) -> None:
        super().__init__(folder, outbox=outbox.folder)
        self.uri, self.line, self.outbox = uri, line, outbox
        self._appended, self._sent = 0, 0  # calls of `append`, and how many of them are there
        self._waiting = 0  # characters that were appended since lines were sent last
        self._shipping = shipping
        self._shipper = FoldingThread(self.ship, name="nbtrack-ship", guard=self._guarded)
        self._told_away: float | None = None
        self.missed_answers = 0

    @property
    def absence(self) -> str:
        waiting = self.outbox.waiting_lines() if not self.is_up_to_date else 0
        refused, since = self.outbox.refused_lines(), self.line.away_since
        words = [
            f"offline since {time.strftime('%H:%M', time.localtime(since))}" if since else "",
            f"{waiting:,} lines waiting" if waiting else "",
            f"{refused:,} lines refused by the server" if refused else "",
        ]
        return ", ".join(filter(None, words))

    @property
    def is_up_to_date(self) -> bool:
        """The server has all that this process has logged, and all that others of this machine had
        when this one sent something last."""
        return self._sent == self._appended

    def append(self, text: str) -> None:
        self._appended += 1
        super().append(text)
        size = len(text)  # first: in a call, the shipper may set what waits to 0
        before, self._waiting = self._waiting, self._waiting + size
        if before == 0 or before < SHIP_BYTES <= self._waiting:
            # While the server is away, each attempt costs much and brings nothing.
            is_much = self._waiting >= SHIP_BYTES and not self.line.seems_away()
            self._shipper.request(is_much)

    def ship(self) -> bool:
        """Send what waits; False if the server is away, or another process sends it."""
        if not self.outbox.folder.is_dir():
            return True  # nobody has logged yet
        try:
            is_done = self._ship_lines()  # what the cell logs meanwhile is the next turn's
        except NotIdentified:
            raise
        except MlflowException:  # of some lines: files of the others go on
            self._shipping.ship_files(self.writer)
            raise
        is_done = is_done and self._shipping.ship_files(self.writer)
        if is_done and self.outbox.has_others(self.writer):
            self._shipper.request(False)  # forks of this process send nothing themselves
        return is_done

    def flush(self) -> None:
        """Others wait for what is sent; the file here is read while the server is away."""
        self._shipper.request(True)

    def close(self) -> None:
        """First what others wait for, then the file here; then the server hears of the end."""
        self._shipping.end_within(CLOSE_SECONDS)  # of the turn that is under way, and the rest
        self._shipper.close()
        self._ship_rest()
        super().close()
        self._shipping.end_within(CLOSE_SECONDS)
        self._ship_rest()

    def _ship_rest(self) -> None:
        if not self.line.seems_away():
            with self._guarded():
                self.ship()

    def knock(self) -> None:
        """Whether it is there and lets us in. Raises StoreBusy, NotIdentified, NotAllowed."""
        raise NotImplementedError

    def _greet(self) -> None:
        """Before anything is sent. Raises StoreBusy if it is not to be sent there."""

    def _on_waiting(self, is_much: bool) -> None:  # noqa: ARG002 - `append` sees to what is much
        super()._on_waiting(False)
        self._shipper.request(False)

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded(f"send to {self.uri}", outcome="what was logged waits, and is sent later")

    def _ship_lines(self, *, wait: float = 0.0) -> bool:
        if not self.outbox.folder.is_dir():
            return True  # nobody has logged yet
        appended, self._sent, self._waiting = self._appended, -1, 0
        with suppress(StoreBusy):
            self._greet()
            if self._shipping.ship_lines(wait=wait):
                self._sent = appended  # what was logged meanwhile may not be there yet
                return True
        return False

    def _catch_up(self) -> None:
        """What cannot be sent is no reason not to read."""
        with suppress(MlflowException):
            self._ship_lines(wait=CATCH_UP_SECONDS)

    def query(self, *_: Any, **__: Any) -> NoReturn:
        """Raises InvalidValue: it would see a part of the project only."""
        raise InvalidValue(
            "SQL looks into the file of a project, and this one is on a server: "
            f"{self.uri}. {self._instead_of_sql}"
        )

    first_rows = query

    def remove_runs(self, *_: Any, **__: Any) -> NoReturn:
        """Raises InvalidValue: the same."""
        raise InvalidValue(
            f"What was deleted is taken out for good where it is kept, which is on {self.uri}: by "
            "nbtrack gc there, of a server of MLflow's by mlflow gc."
        )

    remove_models = remove_executions = remove_runs

    def _say_away(self) -> None:
        """Once each time that it goes away."""
        self.missed_answers += 1
        if self._told_away != self.line.away_since:
            self._told_away = self.line.away_since
            warn(
                f"nbtrack: {self.uri} does not answer. What is shown is what this machine knows; "
                "what is logged waits here, and is sent when the server is back."
            )
