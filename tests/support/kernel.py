"""One real kernel for a module of tests: run cells, see what came back, read the store."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from nbtrack.records.runs import Run, RunQuery
from nbtrack.stores.opening import open_store
from nbtrack.stores.store import Store
from tests.support.kernel_forks import forked_kernels

TIMEOUT = 60
START_SECONDS = 120  # on a machine that starts many at once


# For how long a cell waits for what it can do without, as on a busy machine.
_BUDGETS = """
from nbtrack.cells import cell_warnings, completion, look_back, measured_names, tracked_cell
for module, name in (
    (cell_warnings, "PATIENCE_SECONDS"),
    (completion, "_LOOK_SECONDS"),
    (look_back, "WAIT_SECONDS"),
    (measured_names, "PATIENT_SECONDS"),
    (tracked_cell, "TRACE_WAIT_SECONDS"),
):
    usual = vars(module).setdefault(f"_USUAL_{name}", getattr(module, name))
    setattr(module, name, 60 if %s else usual)
"""
PATIENT, HURRIED = _BUDGETS % True, _BUDGETS % False
# What `%load_ext nbtrack` imports, and, for two seconds of each kernel's, cells that train.
LOADED = (
    "nbtrack.cells.extension",
    "nbtrack.panels.magics",
    "duckdb",
    "pandas",
    "sklearn.datasets",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sklearn.pipeline",
)


def start_kernel(
    *, env: dict[str, str], cwd: str | None = None, imported: tuple[str, ...] = ()
) -> tuple[KernelManager, BlockingKernelClient]:
    """A kernel that is ready. By sockets of the file system: another process may take a TCP port
    between its being found free and the kernel's use of it."""
    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.ip = str(Path(tempfile.gettempdir()) / f"nb-{uuid.uuid4().hex[:12]}")
    with forked_kernels(*imported):
        manager.start_kernel(cwd=cwd, env=env)
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    _wait_until_ready(client)
    return manager, client


def _wait_until_ready(client: BlockingKernelClient) -> None:
    """As `client.wait_for_ready`, but for the fifth of a second in which that throws messages away:
    here nobody minds those of another request."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        client.kernel_info()
        with suppress(Empty):
            client.get_shell_msg(timeout=1)
            client.get_iopub_msg(timeout=0.2)
            return
    raise TimeoutError("no kernel started")


@dataclass
class Reply:
    """What one cell sent: the reply's content, and the messages of the output channel."""

    content: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.content["status"]

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["header"]["msg_type"] in kinds]

    def stream(self, name: str) -> str:
        return "".join(m["text"] for m in self.of("stream") if m["name"] == name)

    @property
    def stdout(self) -> str:
        return self.stream("stdout")

    @property
    def stderr(self) -> str:
        return self.stream("stderr")

    @property
    def result(self) -> str | None:
        """The last value, as text."""
        found = self.of("execute_result")
        return found[0]["data"]["text/plain"] if found else None

    @property
    def displays(self) -> list[dict[str, Any]]:
        return [content["data"] for content in self.of("display_data")]

    @property
    def cards(self) -> list[str]:
        """The text twins of the cards."""
        return [
            data["text/plain"]
            for data in self.displays
            if "recording took" in data.get("text/html", "")
        ]

    @property
    def table(self) -> str:
        """The text twin of a panel of runs."""
        found = [d for d in self.displays if "nbtrack-static" in d.get("text/html", "")]
        found = [d for d in found if d["text/plain"]]  # a place for a picture has no words
        assert len(found) == 1, self.displays
        return found[0]["text/plain"]

    @property
    def card(self) -> str:
        assert len(self.cards) == 1, (self.content.get("evalue"), self.stderr, self.displays)
        return self.cards[0]

    @property
    def errors(self) -> list[str]:
        return [content["ename"] for content in self.of("error")]


class Kernel:
    def __init__(
        self,
        folder: Path,
        *,
        load: bool = True,
        **environment: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.project = folder / "project"
        names = {n: v for n, v in os.environ.items() if not n.startswith(("NBTRACK_", "JPY_"))}
        env = {**names, "NBTRACK_DIR": str(self.project), **environment}
        self.manager, self.client = start_kernel(
            cwd=str(folder), env=env, imported=LOADED if load else ()
        )
        self._store: Store | None = None
        if load:
            self.run("%load_ext nbtrack")
            self.do(PATIENT)

    def run(self, code: str, *, cell_id: str | None = None, silent: bool = False) -> Reply:
        """Run a cell to the end: until the kernel is idle again."""
        reply = Reply()
        self._finish(self.send(code, cell_id=cell_id, silent=silent), reply)
        return reply

    def send(self, code: str, *, cell_id: str | None = None, silent: bool = False) -> str:
        content = {
            "code": code, "silent": silent, "store_history": not silent, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": True,
        }  # fmt: skip
        message = self.client.session.msg(
            "execute_request", content, metadata={"cellId": cell_id} if cell_id else None
        )
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def finish(self, request: str) -> Reply:
        reply = Reply()
        self._finish(request, reply)
        return reply

    def wait_for_output(self, text: str) -> None:
        """Until a running cell has printed *text*."""
        seen = ""
        while text not in seen:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            seen += message["content"].get("text", "")

    def value(self, expression: str) -> str:
        """What an expression is in the kernel, without a tracked cell or an output."""
        reply = self.client.execute_interactive(
            "", silent=True, user_expressions={"_": expression}, output_hook=lambda _: None
        )
        found = reply["content"]["user_expressions"]["_"]
        return found["data"]["text/plain"] if found["status"] == "ok" else str(found)

    def do(self, code: str) -> None:
        """Run *code* beside the cells, and beside their names."""
        found = self.value(f"exec({code!r}, {{}})")
        assert found == "None", found

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Cells go without what does not come at once, as they do for users."""
        self.do(HURRIED)
        yield
        self.do(PATIENT)

    @property
    def store(self) -> Store:
        """What other processes see of the project."""
        if self._store is None:
            self._store = open_store(str(self.project))
        return self._store

    def runs(self) -> list[Run]:
        """Every run that is not deleted, the newest first."""
        return self.store.search_runs(RunQuery())

    def newest(self) -> Run:
        return self.runs()[0]

    def cell(self, run: Run) -> dict[str, Any]:
        found = self.store.read_cell(run.info.run_id)
        assert found is not None
        return found

    def artifacts(self, run: Run) -> dict[str, bytes]:
        """What is recorded of a run's artifacts, by path."""
        folder = Path(run.info.artifact_uri)
        listed = self.store.list_artifact_records(run.info.run_id)
        return {file.path: (folder / file.path).read_bytes() for file in listed}

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def kill(self) -> None:
        """As the system does it when memory runs out; the client can be closed afterwards."""
        self.manager.signal_kernel(9)
        while self.manager.is_alive():
            time.sleep(0.01)

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def shut_down(self) -> None:
        """As a front end does it: the kernel may finish what it has to."""
        self.client.stop_channels()
        self.manager.shutdown_kernel()

    def completed(self, line: str) -> list[str]:
        """What is offered behind *line*. A look at the project is short: on a busy machine it may
        have to be taken again."""
        end = time.monotonic() + TIMEOUT
        while not (found := self._completed_now(line)) and time.monotonic() < end:
            time.sleep(0.5)
        return found

    def _completed_now(self, line: str) -> list[str]:
        request = self.client.complete(line, len(line))
        while True:
            answer = self.client.get_shell_msg(timeout=TIMEOUT)
            if answer["parent_header"].get("msg_id") == request:
                matches: list[str] = answer["content"]["matches"]
                return matches

    def _finish(self, request: str, reply: Reply) -> None:
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != request:
                continue
            reply.messages.append(message)
            if message["content"].get("execution_state") == "idle":
                break
        while True:
            answer = self.client.get_shell_msg(timeout=TIMEOUT)
            if answer["parent_header"].get("msg_id") == request:
                reply.content = answer["content"]
                return


def newest_as(kernel: Kernel, name: str) -> Run:
    return next(run for run in kernel.runs() if run.info.run_name == name)
