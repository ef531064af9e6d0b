"""Servers of MLflow's, or not quite, each as odd as was met: what an import asks of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Where it does."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Door(BaseHTTPRequestHandler):
    """Tells its version to whoever has the right password, and nothing else."""

    heard: list[str | None] = []  # noqa: RUF012 - one server of the test

    def do_GET(self) -> None:
        self.heard.append(self.headers.get("authorization"))
        is_known = self.headers.get("authorization") == "Basic bWU6c2VjcmV0"  # me:secret
        self.send_response(200 if is_known else 401)
        body = b"3.1.0" if is_known else b"no"
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


class Shelf(BaseHTTPRequestHandler):
    """Three runs with a file each and one that no disk takes. Of the first run the gateway has not
    got the file, of the second not the list."""

    asked: list[str] = []  # noqa: RUF012 - one server of the test

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        experiment = {"experiment_id": "1", "name": "e", "lifecycle_stage": "active"}
        facts = {"experiment_id": "1", "status": "FINISHED", "start_time": 5, "end_time": 6}
        runs = [{"info": {**facts, "run_id": c * 32}, "data": {}} for c in "abc"]
        kinds = {"experiments/search": {"experiments": [experiment]}, "runs/search": {"runs": runs}}
        self._answer(next((told for kind, told in kinds.items() if kind in self.path), {}))

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_file, is_list = "get-artifact" in self.path, "artifacts/list" in self.path
        if (is_file and "aaa" in self.path) or (is_list and "bbb" in self.path):
            self._answer({}, 504)
        elif is_list:
            names = ("good.txt", "x" * 300, "../out.txt")
            self._answer({"files": [{"path": n, "is_dir": False, "file_size": 2} for n in names]})
        else:
            self._answer({} if is_file or "/api/" in self.path else "2.22.0")

    def _answer(self, told: object, code: int = 200) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(told.encode() if isinstance(told, str) else json.dumps(told).encode())

    log_message = Door.log_message


class First(Shelf):
    """As one of MLflow 1.30, which does not say its version."""

    def do_GET(self) -> None:
        if self.path == "/version":
            self._answer("not found", 404)
        elif "experiments/search" in self.path:
            self._answer({"experiments": [{"experiment_id": "0", "name": "Default"}]})
        else:
            super().do_GET()


class Second(Shelf):
    """As one of MLflow 2."""

    def do_POST(self) -> None:
        if "logged-models" not in self.path:
            return super().do_POST()
        self.rfile.read(int(self.headers["content-length"]))
        return self._answer("<!doctype html>", 404)


class Behind(First):
    """As one of MLflow 3 behind a proxy that passes its API alone. Of its models, one is whole."""

    asked: list[str] = []  # noqa: RUF012 - one server of the test

    def do_POST(self) -> None:
        if "logged-models" not in self.path:
            return super().do_POST()
        self.rfile.read(int(self.headers["content-length"]))
        infos = [{"model_id": f"m-{c * 32}", "experiment_id": "1", "name": c} for c in "abc"]
        point = {"key": "k", "value": 1.0, "timestamp": 1, "step": 0, "run_id": "a" * 32}
        data = [{}, {"metrics": [point, {**point, "value": "none"}]}, {"metrics": "none"}]
        models = [{"info": i, "data": d} for i, d in zip(infos, data, strict=True)]
        return self._answer({"models": [*models, {"data": {}}, "none"]})


class Ours(First):
    """As a server of nbtrack's behind the same one."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer({"answer": "7"} if self.path.endswith("/questions/version") else {})


class Shut(Shelf):
    def do_GET(self) -> None:
        self._answer({"experiments": []}, 403 if self.path == "/version" else 200)


class Nothing(Shelf):
    def do_GET(self) -> None:
        self._answer({"error": "not found"}, 404 if self.path == "/version" else 200)
