"""Copy the figures and tables that a cell displays; see `outputs.py` for when to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded

MAX_ITEMS = 50
MAX_BYTES = 32 << 20

_SUFFIXES = {"image/png": "png", "image/svg+xml": "svg", "image/jpeg": "jpg", "text/html": "html"}


class CopiedItem(NamedTuple):
    kind: str  # "figure" or "table"
    path: str  # "figures/figure_1.png", "tables/table_1.html"
    content: bytes


class CopiedDisplays(NamedTuple):
    items: list[CopiedItem]
    left_out: int  # how many more were displayed than are kept


class DisplayCopy:
    """Copies images, and HTML that holds a table, between `start()` and `stop()`.

    What the cell cleared or updated is kept in its last state only, as on the screen. Start and
    stop in the thread that runs the cell: ipykernel keeps hooks per thread, so what other threads
    display is not copied. Nor is what `%%capture` takes away, and in a terminal there is nothing.
    """

    def __init__(
        self, shell: Any, *, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._shown = _Shown(max_items=max_items, max_bytes=max_bytes)
        self._shell = shell
        self._hooked: list[Any] = []
        self._results_seen: tuple[int, int] | None = None

    def start(self) -> None:
        for publisher in (self._shell.display_pub, self._shell.displayhook):
            if hasattr(publisher, "register_hook"):
                publisher.register_hook(self._copy)
                self._hooked.append(publisher)
        if self._shell.displayhook not in self._hooked:
            self._results_seen = self._shell.execution_count, len(self._results())

    def stop(self) -> CopiedDisplays:
        for publisher in self._hooked:
            publisher.unregister_hook(self._copy)
        self._hooked = []
        with guarded("copy the cell's last value"):
            self._add_results()
        return self._shown.as_files()

    def _copy(self, message: Any) -> Any:
        with guarded("copy what was displayed"):
            self._shown.take(message["header"]["msg_type"], message["content"])
        return message

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


class _Shown:
    """What stands under the cell now."""

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items, self._max_bytes = max_items, max_bytes
        self._bundles: list[tuple[str | None, dict[str, Any]]] = []
        self._left_out = 0
        self._clear_on_next = False

    def take(self, message_type: str, content: Mapping[str, Any]) -> None:
        if message_type == "clear_output":
            self._clear_on_next = True
            if not content.get("wait"):
                self._clear()
            return
        if self._clear_on_next:
            self._clear()
        bundle = dict(_kept_parts(content["data"]))
        display_id = content.get("transient", {}).get("display_id")
        if message_type == "update_display_data":
            self._update(display_id, bundle)
        elif bundle:
            self._add(display_id, bundle)

    def as_files(self) -> CopiedDisplays:
        items: list[CopiedItem] = []
        counts = {"figure": 0, "table": 0}
        for _, bundle in self._bundles:
            kind = "table" if "text/html" in bundle else "figure"
            counts[kind] += 1
            for mime, value in bundle.items():
                if content := _as_bytes(mime, value):
                    path = f"{kind}s/{kind}_{counts[kind]}.{_SUFFIXES[mime]}"
                    items.append(CopiedItem(kind, path, content))
        return CopiedDisplays(items, self._left_out)

    def _clear(self) -> None:
        self._bundles.clear()
        self._left_out = 0
        self._clear_on_next = False

    def _update(self, display_id: str | None, bundle: dict[str, Any]) -> None:
        places = [i for i, (known, _) in enumerate(self._bundles) if known == display_id]
        for place in places:
            self._bundles[place] = (display_id, bundle)

    def _add(self, display_id: str | None, bundle: dict[str, Any]) -> None:
        size = sum(len(value) for _, each in self._bundles for value in each.values())
        room = self._max_bytes - size - sum(map(len, bundle.values()))
        if len(self._bundles) >= self._max_items or room < 0:
            self._left_out += 1
        else:
            self._bundles.append((display_id, bundle))


def _kept_parts(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The images of a bundle; or, if it has none, its HTML when that holds a table."""
    images = {mime: data[mime] for mime in _SUFFIXES if mime in data and mime != "text/html"}
    html = data.get("text/html")
    if images:
        yield from images.items()
    elif isinstance(html, str) and "<table" in html:
        yield "text/html", html


def _as_bytes(mime: str, value: str | bytes) -> bytes:
    """Images but SVG travel in base64; empty if this is none."""
    if isinstance(value, bytes):
        return value
    if mime in ("image/svg+xml", "text/html"):
        return value.encode("utf-8", "backslashreplace")
    from base64 import b64decode

    try:
        return b64decode(value)
    except ValueError:
        return b""
