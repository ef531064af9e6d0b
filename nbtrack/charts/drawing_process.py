"""A process that draws, and the end of its line in the kernel.

Altair takes a second to import, and vl-convert holds the GIL while it renders: in the kernel, a
training cell would stand still for that. The other end of the line is one JSON text a line:
{"do": name, "with": {...}} there, {"result": ...} or {"error": text} back.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import IO, Any

from nbtrack.base.guard import tried
from nbtrack.charts.drawing import spec_of
from nbtrack.charts.metric_lines import metric_lines
from nbtrack.charts.pictures import picture_bundle, png_of_foreign
from nbtrack.charts.run_styles import RunStyle
from nbtrack.charts.small_multiples import small_multiples
from nbtrack.errors import NbtrackError
from nbtrack.records.views import Axis, MetricSeries

IDLE_SECONDS = 300  # without a question for so long it ends; the next one starts another
LIVE_HEIGHT = 150
_LIVE_AXES: tuple[Axis, ...] = ("step", "relative")


class DrawingFailed(NbtrackError):
    """The process is gone, or could not draw."""


def live_specs() -> dict[str, Any]:
    """Vega-Lite of a live chart by its x; runs, looks and title are put in by the page."""
    # One run with buckets, so that there is a layer for their band; dashed, so that a line may be.
    shape = MetricSeries(run_id="", key="", x=[0], low=[0], high=[1], last=[0], count=2)
    look: dict[str, Any] = {"names": {"": "run"}, "styles": {"": RunStyle("#888888", (1, 0))}}
    return {x: spec_of(metric_lines([shape], **look, x=x, height=LIVE_HEIGHT)) for x in _LIVE_AXES}


def picture(
    series: list[dict[str, Any]],
    names: Mapping[str, str],
    styles: Mapping[str, tuple[str, list[int]]] | None,
    title: str,
    **options: Any,
) -> dict[str, Any]:
    found = [MetricSeries(**each) for each in series]
    looks = {run: RunStyle(colour, tuple(dash)) for run, (colour, dash) in (styles or {}).items()}
    drawing = small_multiples(found, names=names, styles=looks or None, title=title, **options)
    keys = ", ".join(dict.fromkeys(each.key for each in found))
    return picture_bundle(drawing, f"Chart of {keys}: {title}")


def foreign_picture(spec: dict[str, Any]) -> dict[str, Any]:
    from base64 import b64encode

    return {"image/png": b64encode(png_of_foreign(spec)).decode("ascii")}


class DrawingProcess:
    """Started by `start` or by the first question; safe to ask from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: Any = None

    def start(self) -> None:
        """It needs a second or two until it can answer: the earlier the better."""
        with self._lock:
            self._started()

    def specs(self) -> dict[str, Any]:
        return self._ask("live_specs", {})

    def picture(
        self,
        series: list[MetricSeries],
        *,
        names: Mapping[str, str],
        title: str,
        styles: Mapping[str, RunStyle] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """A MIME bundle, as of `picture_bundle`; *options* are those of `small_multiples`. Raises
        DrawingFailed."""
        given = {"names": names, "title": title, "styles": styles, **options}
        return self._ask("picture", {"series": [asdict(each) for each in series], **given})

    def foreign_picture(self, spec: dict[str, Any]) -> dict[str, Any]:
        """A PNG of Vega-Lite that somebody else wrote. Raises DrawingFailed."""
        return self._ask("foreign_picture", {"spec": spec})

    def close(self) -> None:
        """Should this never be called, it ends when its input does."""
        child, self._child = self._child, None
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                tried(pipe.close, on_fault=lambda _: None)
            child.kill()  # it holds nothing that could be lost
            child.wait()

    def _ask(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        question = (json.dumps({"do": name, "with": arguments}) + "\n").encode()
        with self._lock:
            answer = _exchange(self._started(), question)
            if not answer:  # it had ended for want of work
                self.close()
                answer = _exchange(self._started(), question)
        if not answer:
            raise DrawingFailed("The process that draws charts ended.")
        said = json.loads(answer)
        if "error" in said:
            raise DrawingFailed(said["error"])
        result: dict[str, Any] = said["result"]
        return result

    def _started(self) -> Any:
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if self._child is None:
            import subprocess

            atexit.unregister(self.close)
            atexit.register(self.close)
            self._child = subprocess.Popen(
                # -P: no file of the notebook's folder may stand in for a module.
                [sys.executable, "-P", "-m", "nbtrack.charts.drawing_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # an interrupt is for the kernel alone
            )
        return self._child


def _exchange(child: Any, question: bytes) -> bytes:
    try:
        child.stdin.write(question)
        child.stdin.flush()
        answer: bytes = child.stdout.readline()
    except OSError:
        return b""
    return answer


_process: DrawingProcess | None = None
_making = threading.RLock()


def drawing_process() -> DrawingProcess:
    """The one of this process."""
    global _process
    with _making:
        if _process is None:
            _process = DrawingProcess()
        return _process


def _after_fork() -> None:
    global _process, _making
    _process, _making = None, threading.RLock()  # the pipe is the parent's


os.register_at_fork(after_in_child=_after_fork)


# --- the other end

_TASKS: Mapping[str, Callable[..., Any]] = {
    "live_specs": live_specs,
    "picture": picture,
    "foreign_picture": foreign_picture,
}


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    import altair  # noqa: F401 - before the first question comes

    while _is_asked(questions) and (line := questions.readline()):
        answers.write((json.dumps(_tried_answer(line)) + "\n").encode())
        answers.flush()


def _is_asked(questions: IO[bytes]) -> bool:
    """Wait for a question; False if none comes for long. (Every line is read before the next.)"""
    if sys.platform == "win32":
        return True  # `select` knows only sockets there
    import select

    return bool(select.select([questions], [], [], IDLE_SECONDS)[0])


def _tried_answer(line: bytes) -> dict[str, Any]:
    return tried(lambda: _answer(json.loads(line)), on_fault=lambda fault: {"error": repr(fault)})


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"result": _TASKS[asked["do"]](**asked["with"])}


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
