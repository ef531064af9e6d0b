"""How long a page takes from a click, or a key, to the frame that paints what came of it.

The clicks are the mouse's, and the clock is the page's: it begins with the time that the browser
gives to the event, and stops behind the first frame that has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

ROOT = "document.querySelector('[data-nbtrack=runs]')"
# Of the first event of that name; milliseconds. A task that is sent in a frame comes behind it.
_BEGIN = """([event, stands]) => {
    const holds = eval(stands);
    const begun = new Promise(begin =>
        addEventListener(event, begin, { capture: true, once: true }));
    window.nbtrackTimed = begun.then(async ({ timeStamp: from }) => {
        do {
            if (performance.now() - from > 60000) throw Error(`not within a minute: ${stands}`);
            await new Promise(requestAnimationFrame);
        } while (!holds());
        const { port1, port2 } = new MessageChannel();
        const painted = new Promise(end => { port1.onmessage = end; });
        port2.postMessage(null);
        await painted;
        return performance.now() - from;
    });
}"""
_TABLE = f"""() => ({{
    ids: [...{ROOT}.querySelectorAll('tr[data-run-id]')].map(row => row.dataset.runId).join(),
    sort: [...{ROOT}.querySelectorAll('th[aria-sort]')]
        .map(head => head.querySelector('[data-column]').dataset.column + ' ' + head.ariaSort)
        .join(),
}})"""
# Other runs under a header that says another order; numbers in it, as far as they are shown.
_SORTED = f"""() => {{
    const before = %s, now = ({_TABLE})();
    const head = {ROOT}.querySelector('[data-column="%s"]').closest('th');
    if (!head.ariaSort || now.sort === before.sort || now.ids === before.ids) return false;
    const numbers = [...{ROOT}.querySelectorAll('tr[data-run-id]')]
        .map(row => parseFloat(row.cells[head.cellIndex].textContent.replace(/[^0-9.]*/, '')));
    const sign = head.ariaSort === 'descending' ? -1 : 1;
    const isNumber = /^(metrics|params)/.test('%s') && !numbers.some(isNaN);
    return !isNumber || numbers.every((n, at) => !at || sign * (n - numbers[at - 1]) >= 0);
}}"""


def time_of(page: Any, act: Callable[[], object], stands: str, *, event: str = "click") -> float:
    """Milliseconds from the *event* that *act* makes to the frame in which *stands* holds."""
    page.evaluate(_BEGIN, [event, stands])
    act()
    return float(page.evaluate("() => window.nbtrackTimed"))


def click_time(page: Any, selector: str, stands: str) -> float:
    """Of a click of the mouse on what *selector* finds in the panel."""
    part = page.locator(f"[data-nbtrack=runs] {selector}").first
    return time_of(page, part.click, stands)


def sort_time(page: Any, column: str) -> float:
    """From a click on its header to the rows in their new order."""
    before = json.dumps(page.evaluate(_TABLE))
    stands = _SORTED % (before, column, column)
    return click_time(page, f'button[data-column="{column}"]', stands)
