"""How far something is that takes a while: a bar, where somebody may be looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nbtrack.display.in_kernel import is_in_kernel


@contextmanager
def shown_progress(unit: str = "cell") -> Iterator[Callable[[int, int, str], None]]:
    """What it gives is called with how much is done, how much there is, and what runs now."""
    from tqdm import tqdm

    # disable=None: no bar where there is no terminal to draw it on; a notebook is none, and can.
    is_off = False if is_in_kernel() else None
    with tqdm(total=0, unit=unit, disable=is_off, leave=False) as bar:

        def show(done: int, total: int, words: str) -> None:
            bar.total = total
            bar.set_description_str(words, refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield show
