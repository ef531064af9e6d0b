"""What this process has written of the contents of data: once per store, however often it is read.

The newest ones are remembered, for the card of the cell, before anybody has folded them.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.executions import CONTENT_KEY
from nbtrack.stores.store import Store

_MOST = 1000


class KnownContents:
    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()  # by writer and digest
        self._lock = Lock()

    def write(self, store: Store, dataset: Any, digest: str) -> None:
        """Of a dataset that tells its content; others have only a digest."""
        if not hasattr(dataset, "content") or self._is_known(store.writer, digest):
            return
        text = dataset.content.to_text()
        with self._lock:
            self._texts[store.writer, digest] = text
            if len(self._texts) > _MOST:
                self._texts.popitem(last=False)
        store.append(lines.text_line(CONTENT_KEY + digest, text, t=now_us()))

    def read(self, store: Store, digests: list[str]) -> dict[str, str]:
        """By digest; what neither this process nor the store knows is left out."""
        found = {each: self._texts.get((store.writer, each)) for each in digests}
        missing = [CONTENT_KEY + each for each, text in found.items() if text is None]
        stored = store.read_texts(missing) if missing else {}
        found |= {key.removeprefix(CONTENT_KEY): text for key, text in stored.items()}
        return {digest: text for digest, text in found.items() if text is not None}

    def _is_known(self, writer: str, digest: str) -> bool:
        with self._lock:
            return (writer, digest) in self._texts


known_contents = KnownContents()
