"""A line to a server that breaks: a proxy which closes both its sockets after some bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

_PIECE = 1 << 14


class CutLine:
    """To *port* of this machine. *left* is how many bytes it still lets through, both ways
    together; None: all. The answer to the next request that begins with *loses_answer_to* is lost.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.left: int | None = None
        self.loses_answer_to: bytes | None = None
        self._doomed: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Whatever is open now."""
        with self._lock:
            cut, self._open = self._open, set()
        for each in cut:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.port))
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    self._open |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_PIECE):
                if source in self._doomed:
                    self.cut()
                if self.loses_answer_to and data.startswith(self.loses_answer_to):
                    self.loses_answer_to = None
                    self._doomed.add(target)
                target.sendall(self._let_through(data))
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        with self._lock:
            self._open -= {source, target}

    def _let_through(self, data: bytes) -> bytes:
        with self._lock:
            if self.left is None:
                return data
            found = data[: self.left]
            self.left -= len(found)
        if len(found) < len(data):
            self.cut()
        return found
