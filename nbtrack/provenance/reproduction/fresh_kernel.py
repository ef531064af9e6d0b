"""A kernel that has run nothing yet: cells go in, what became of each comes out."""

from __future__ import annotations

import json
import os
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager

_START_SECONDS = 120.0
_LOOK_SECONDS = 1.0  # between two looks whether the kernel lives


class KernelFailed(NbtrackError):
    """It did not start, died, or took too long."""


class FreshKernel:
    """With *python*; ends, whatever happens, with its `with` block."""

    def __init__(
        self, *, python: str, folder: Path, environment: Mapping[str, str], deadline: float | None
    ) -> None:
        self._deadline = deadline  # by time.monotonic
        self._place = tempfile.TemporaryDirectory(prefix="nbtrack-kernel-")
        self._manager = _manager(Path(self._place.name), python)
        self._folder, self._environment = folder, environment
        self._client: Any = None

    def __enter__(self) -> Self:
        try:
            self._manager.start_kernel(cwd=str(self._folder), env=dict(self._environment))
            self._client = self._manager.client()
            self._client.start_channels()
            self._client.wait_for_ready(timeout=min(_START_SECONDS, self._left()))
        except (RuntimeError, OSError) as exc:
            self._close()
            raise KernelFailed(f"no kernel started: {exc}") from exc
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def run(self, source: str) -> str | None:
        """Run a cell to its end; what it failed with, as one line. Raises KernelFailed."""
        content = self._execute(source, silent=False)
        return None if content["status"] == "ok" else _error_of(content)

    def prepare(self, source: str) -> None:
        """Run *source* beside the cells: nothing counts it. Raises KernelFailed."""
        content = self._execute(source, silent=True)
        if content["status"] != "ok":
            raise KernelFailed(_error_of(content))

    def ask(self, expression: str) -> Any:
        """What *expression*, which makes a text of JSON, says there. Raises KernelFailed."""
        content = self._execute("", silent=True, expressions={"_": expression})
        found = content.get("user_expressions", {}).get("_", {})
        if found.get("status") != "ok":
            raise KernelFailed(_error_of(found))
        import ast

        return json.loads(ast.literal_eval(found["data"]["text/plain"]))

    def finish(self) -> None:
        """Let it end as a front end would, so that all it recorded is known to all."""
        self._client.stop_channels()
        self._manager.shutdown_kernel()

    def _execute(
        self, source: str, *, silent: bool, expressions: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        request = self._client.execute(
            source,
            silent=silent,
            store_history=not silent,
            user_expressions=dict(expressions or {}),
            allow_stdin=False,
        )
        self._until_idle(request)
        while True:
            answer = self._next(self._client.get_shell_msg)
            if answer["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = answer["content"]
                return content

    def _until_idle(self, request: str) -> None:
        """Outputs are read off, or they would pile up."""
        while True:
            message = self._next(self._client.get_iopub_msg)
            is_its = message["parent_header"].get("msg_id") == request
            if is_its and message["content"].get("execution_state") == "idle":
                return

    def _next(self, receive: Any) -> dict[str, Any]:
        while True:
            try:
                message: dict[str, Any] = receive(timeout=min(_LOOK_SECONDS, self._left()))
            except Empty:
                if not self._manager.is_alive():
                    raise KernelFailed("the kernel died, perhaps for want of memory") from None
            else:
                return message

    def _left(self) -> float:
        if self._deadline is None:
            return _START_SECONDS
        if (left := self._deadline - time.monotonic()) <= 0:
            raise KernelFailed("it took longer than the time it was given")
        return left

    def _close(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
        if self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)
        self._place.cleanup()


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's own, with nothing in it of whatever run or project this process is in."""
    foreign = ("NBTRACK_", "MLFLOW_", "JPY_SESSION_NAME", "JPY_PARENT_PID")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, **settings}


def _manager(place: Path, python: str) -> KernelManager:
    """By sockets of the file system: another process may take a TCP port between its being found
    free and the kernel's use of it."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

    _write_spec(place / "kernels" / "fresh", [python, "-m", "ipykernel_launcher"])
    specs = KernelSpecManager(kernel_dirs=[str(place / "kernels")], ensure_native_kernel=False)
    manager = KernelManager(kernel_name="fresh", kernel_spec_manager=specs, transport="ipc")
    manager.connection_file = str(place / "connection.json")
    manager.ip = str(Path(tempfile.gettempdir()) / f"nb-{uuid.uuid4().hex[:12]}")  # 107 bytes long
    return manager


def _write_spec(folder: Path, command: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    # The history of what the user typed is no place for cells that run once more.
    options = ["--log-level=ERROR", "--HistoryManager.hist_file=:memory:"]
    argv = [*command, "-f", "{connection_file}", *options]
    spec = {"argv": argv, "display_name": "fresh", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def _error_of(content: Mapping[str, Any]) -> str:
    name, value = content.get("ename", "error"), str(content.get("evalue", ""))
    return f"{name}: {value.splitlines()[0]}" if value.strip() else str(name)
