"""Copy the figures and tables that a cell displays; see `outputs.py` for when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.capture.interactive_figures import MAX_BYTES as MAX_INTERACTIVE_BYTES
from nbtrack.capture.interactive_figures import Written, interactive_figures

MAX_ITEMS = 50
MAX_BYTES = 32 << 20

_IMAGES = {"image/png": "png", "image/svg+xml": "svg", "image/jpeg": "jpg"}


class CopiedItem(NamedTuple):
    kind: str  # "figure" or "table"
    path: str  # "figures/figure_1.png", "tables/table_1.html"
    content: bytes


class CopiedDisplays(NamedTuple):
    items: list[CopiedItem]
    left_out: int  # how many more were displayed than are kept
    would_be_cleared: bool = False  # by whatever is shown next


class DisplayCopy:
    """Copies figures, and HTML that holds a table, between `start()` and `stop()`.

    What the cell cleared or updated is kept in its last state only, as on the screen. Start and
    stop in the thread that runs the cell: ipykernel keeps hooks per thread, so what other threads
    display is not copied. Nor is what `%%capture` takes away, and in a terminal there is nothing.
    *writes* counts what is printed: it too ends a `clear_output(wait=True)`.
    """

    def __init__(
        self,
        shell: Any,
        *,
        writes: Callable[[], int] = lambda: 0,
        max_items: int = MAX_ITEMS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._writes, self._writes_at_clear = writes, 0
        self._shown = _Shown(max_items=max_items, max_bytes=max_bytes)
        self._shell = shell
        self._hooked: list[Any] = []
        self._results_seen: tuple[int, int] | None = None
        self._undo: Callable[[], None] = lambda: None

    def start(self) -> None:
        for publisher in (self._shell.display_pub, self._shell.displayhook):
            if hasattr(publisher, "register_hook"):
                publisher.register_hook(self._copy)
                self._hooked.append(publisher)
        if self._shell.displayhook in self._hooked:
            return
        if not hasattr(self._shell.history_manager, "outputs"):
            self._follow_results()
        else:
            self._results_seen = self._shell.execution_count, len(self._results())

    def stop(self) -> CopiedDisplays:
        for publisher in self._hooked:
            publisher.unregister_hook(self._copy)
        self._hooked = []
        undo, self._undo = self._undo, lambda: None
        undo()
        with guarded("copy the cell's last value"):
            self._add_results()
        return self._shown.as_files()._replace(
            would_be_cleared=self._shown.clears_on_next and self._writes() == self._writes_at_clear
        )

    def _copy(self, message: Any) -> Any:
        with guarded("copy what was displayed"):
            self._shown.take(message["header"]["msg_type"], message["content"])
            if message["header"]["msg_type"] == "clear_output":
                self._writes_at_clear = self._writes()
        return message

    def _follow_results(self) -> None:
        """IPython before 9.1 keeps none in its history either: what it shows goes through here."""
        hook, name = self._shell.displayhook, "write_format_data"
        show, before = getattr(hook, name), vars(hook).get(name)

        def copied(bundle: Mapping[str, Any], *more: Any, **named: Any) -> Any:
            with guarded("copy the cell's last value"):
                self._shown.take("execute_result", {"data": bundle})
            return show(bundle, *more, **named)

        setattr(hook, name, copied)
        self._undo = lambda: delattr(hook, name) if before is None else setattr(hook, name, before)

    def _add_results(self) -> None:
        """ipykernel before 7.4 has no hook for the last value; IPython's history holds it."""
        if self._results_seen is not None:
            count, seen = self._results_seen
            for bundle in self._results(count)[seen:]:
                self._shown.take("execute_result", {"data": bundle})

    def _results(self, count: int | None = None) -> list[Mapping[str, Any]]:
        outputs = getattr(self._shell.history_manager, "outputs", None) or {}
        found = outputs.get(self._shell.execution_count if count is None else count, [])
        return [each.bundle for each in found if each.output_type == "execute_result"]


class _Part(NamedTuple):
    """A file to be made of what is displayed; its kind may be "figure" or "table"."""

    kind: str
    suffix: str
    size: float
    write: Written
    is_small: bool = True  # for one of its kind


class _Shown:
    """What stands under the cell now."""

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._displays: list[tuple[str | None, list[_Part]]] = []
        self._left_out = 0
        self.clears_on_next = False

    def take(self, message_type: str, content: Mapping[str, Any]) -> None:
        if message_type == "clear_output":
            self.clears_on_next = True
            if not content.get("wait"):
                self._clear()
            return
        if self.clears_on_next:
            self._clear()
        parts = list(_kept_parts(content["data"], content.get("metadata") or {}))
        small = [part for part in parts if part.is_small]
        display_id = content.get("transient", {}).get("display_id")
        if message_type == "update_display_data":
            self._update(display_id, small)
        elif parts:
            self._add(display_id, small)

    def as_files(self) -> CopiedDisplays:
        items: list[CopiedItem] = []
        counts = {"figure": 0, "table": 0}
        for _, parts in self._displays:
            for kind in dict.fromkeys(part.kind for part in parts):
                counts[kind] += 1
            for part in parts:
                if content := part.write():
                    path = f"{part.kind}s/{part.kind}_{counts[part.kind]}.{part.suffix}"
                    items.append(CopiedItem(part.kind, path, content))
        return CopiedDisplays(items, self._left_out)

    def _clear(self) -> None:
        self._displays.clear()
        self._left_out = 0
        self.clears_on_next = False

    def _update(self, display_id: str | None, parts: list[_Part]) -> None:
        places = [i for i, (known, _) in enumerate(self._displays) if known == display_id]
        for place in places:
            self._displays[place] = (display_id, parts)

    def _add(self, display_id: str | None, parts: list[_Part]) -> None:
        size = sum(part.size for _, each in self._displays for part in each)
        room = self._max_bytes - size - sum(part.size for part in parts)
        if not parts or len(self._displays) >= self._max_items or room < 0:
            self._left_out += 1
        else:
            self._displays.append((display_id, parts))


def _kept_parts(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[_Part]:
    """The figures of a bundle; or, if it has none, its HTML when that holds a table."""
    figures = [*_images(data), *_interactive(data, metadata)]
    html = data.get("text/html")
    if figures:
        yield from figures
    elif isinstance(html, str) and "<table" in html:
        yield _Part("table", "html", len(html), partial(_text, html))


def _images(data: Mapping[str, Any]) -> Iterator[_Part]:
    for mime, suffix in _IMAGES.items():
        if (value := data.get(mime)) is not None:
            yield _Part("figure", suffix, len(value), partial(_image, mime, value))


def _interactive(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[_Part]:
    for suffix, size, write in interactive_figures(data, metadata):
        yield _Part("figure", suffix, size, write, size <= MAX_INTERACTIVE_BYTES)


def _image(mime: str, value: str | bytes) -> bytes:
    """Images but SVG travel in base64; empty if this is none."""
    if isinstance(value, bytes):
        return value
    if mime == "image/svg+xml":
        return _text(value)
    from base64 import b64decode

    try:
        return b64decode(value)
    except ValueError:
        return b""


def _text(value: str) -> bytes:
    return value.encode("utf-8", "backslashreplace")
