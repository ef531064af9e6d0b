"""What all panels share: answers to questions of the page, pushes to it, and two outputs.

A saved notebook must never hold only a widget, so a panel is displayed as its static twins (a
table, a picture) and, in an output of its own, the widget, which hides them while it lives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from nbtrack.base.guard import tried
from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.panels.shared import live_updates
from nbtrack.panels.shared.quiet import quiet
from nbtrack.panels.shared.requests import Request, read_request, speakable, text_of
from nbtrack.panels.shared.rights import ALL, Rights
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store

Handler = Callable[[Any, Mapping[str, Any]], Any]  # (panel, arguments) -> JSON-able

STATIC_CLASS = "nbtrack-static"  # JupyterLab's sanitizer keeps classes
# Only our extension of JupyterLab knows it (nbtrack/jupyter/data): it has a quiet line where
# the widget is gone. Others take the view of the widget, as if it were not there.
PANEL_TYPE = "application/vnd.nbtrack.panel+json"
_NO_WORDS = {"text/plain": "", "text/latex": ""}  # nbconvert sets an empty text in a block of LaTeX
# An output that may be filled later: before the widget, where a static twin is looked for.
PLACEHOLDER = {"text/html": f'<div class="{STATIC_CLASS}"></div>', **_NO_WORDS}


class Panel(anywidget.AnyWidget):
    """A subclass sets `_esm`, `_css` and its table of handlers, and gives its static twins.

    Handlers run on whatever thread the question came by, also in the middle of a cell, one at a
    time for each panel. Their arguments come from a page: nothing about them is certain.
    """

    handlers: ClassVar[Mapping[str, Handler]] = {}
    follows_store: ClassVar[bool] = False  # `refresh` is called when the store has changed

    _twins = traitlets.Int(0).tag(sync=True)  # how many outputs before the widget are its twins

    def __init__(self, store: Store | None = None, **traits: Any) -> None:
        self.store = current_session().store if store is None else store
        self.twin_outputs: list[Any] = []  # handles of the twins, as they were last displayed
        self.rights: Rights = ALL  # of whoever looks at its pages
        self.views: set[str] = set()  # pages, or parts of one, that show the panel now
        self.lock = threading.RLock()
        self.asked_at = 0.0  # when a page asked anything last, by `time.monotonic`
        super().__init__(**traits)
        self.on_msg(receive)

    # --- for subclasses

    def static_bundles(self) -> list[dict[str, Any]]:
        """One MIME bundle for each output that stands in for the panel where nothing is alive."""
        return []

    def push(self, name: str, result: Any) -> None:
        """News for every view, from whatever thread."""
        self.send({"push": name, "result": speakable(result)})

    def update_twin(self, place: int, bundle: dict[str, Any]) -> None:
        """The static twin at that place shows this from now on, if it is anywhere."""
        if self.twin_outputs:
            self.twin_outputs[place].update(_marked(bundle), raw=True)

    def refresh(self) -> None:
        """Look again and push; called by the polling thread, under the lock."""

    def view_closed(self, view: str) -> None:
        """Forget what is kept for this view."""

    # --- outputs

    def _ipython_display_(self) -> None:
        from IPython.display import display

        twins = [_marked(bundle) for bundle in self.static_bundles()]
        self._twins = len(twins)
        self.twin_outputs = [
            display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
            for bundle in twins
        ]
        display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # type: ignore[override]
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        # What a page says that cannot show widgets: the twin above has said it all.
        return {
            PANEL_TYPE: {"version": 1},
            "application/vnd.jupyter.widget-view+json": view,
            **_NO_WORDS,
        }

    # --- the line to the page

    def open(self) -> None:
        """Not yet: a panel that only gives its DataFrame sends nothing to the page."""

    @property
    def model_id(self) -> str:
        """The first who asks wants to show the panel."""
        if self.comm is None:
            super().open()
            _answer_while_a_cell_runs(self.comm)
        return str(self.comm.comm_id)

    def close(self) -> None:
        live_updates.forget(self)
        super().close()

    def __del__(self) -> None:
        if live_updates is not None:  # the interpreter goes down, and has taken the modules
            super().__del__()


def receive(panel: Panel, message: object, _buffers: object) -> None:
    request = read_request(message)
    if request is None:
        return
    with quiet() as heard:
        answer = tried(lambda: _answer(panel, request), on_fault=_as_error)
        answer.update({"notes": heard} if heard else {})
        panel.send({"id": request.id, "do": request.do, **answer})


def _answer(panel: Panel, request: Request) -> dict[str, Any]:
    handler = _OF_EVERY_PANEL.get(request.do) or panel.handlers.get(request.do)
    if handler is None:
        raise InvalidValue(f"This panel cannot do {request.do!r}.")
    panel.asked_at = time.monotonic()
    with panel.lock:
        return {"result": speakable(handler(panel, request.arguments))}


def _as_error(fault: Exception) -> dict[str, Any]:
    if isinstance(fault, NbtrackError):
        return {"error": str(fault)}
    first_line = (str(fault).splitlines() or [""])[0]
    return {"error": f"{type(fault).__name__}: {first_line}"[:300]}


def _view_opened(panel: Panel, arguments: Mapping[str, Any]) -> None:
    panel.views.add(text_of(arguments, "view"))
    if panel.follows_store:
        live_updates.watch(panel)


def _view_closed(panel: Panel, arguments: Mapping[str, Any]) -> None:
    view = text_of(arguments, "view")
    panel.views.discard(view)
    panel.view_closed(view)
    if not panel.views:
        live_updates.forget(panel)


_OF_EVERY_PANEL: Mapping[str, Handler] = {"opened": _view_opened, "closed": _view_closed}


def _answer_while_a_cell_runs(comm: Any) -> None:
    """ipykernel 7.4 sends a page's message to the shell that last wrote to this comm: after one
    push from a cell's thread, clicks would wait for the cell. Let the page's own choice stand."""
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default


def _marked(bundle: dict[str, Any]) -> dict[str, Any]:
    if "text/html" not in bundle or bundle is PLACEHOLDER:
        return bundle
    return {**bundle, "text/html": f'<div class="{STATIC_CLASS}">{bundle["text/html"]}</div>'}
