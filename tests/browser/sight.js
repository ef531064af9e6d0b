// What of a page a person sees without scrolling: measured, not read off the markup.
window.sight = (() => {
  const SLACK = 1; // a pixel, for rounding
  const START = 24; // of a text that may be cut: so much shows that it is there

  /** The part of *box* that neither the window nor a scrolling or clipping ancestor hides. */
  function clipped(box, el) {
    let { left, top, right, bottom } = box;
    const cut = (by) => {
      left = Math.max(left, by.left);
      top = Math.max(top, by.top);
      right = Math.min(right, by.right);
      bottom = Math.min(bottom, by.bottom);
    };
    cut({ left: 0, top: 0, right: innerWidth, bottom: innerHeight });
    for (let at = el; at && at !== document.body; at = at.parentElement)
      if (getComputedStyle(at).overflow !== "visible") cut(at.getBoundingClientRect());
    return { left, top, right, bottom };
  }

  /** Where the words of *el* stand; those for screen readers only are a pixel large. */
  function wordsBox(el) {
    const boxes = [];
    const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      if (walker.currentNode.parentElement.clientWidth === 1) continue;
      boxes.push(...[...range.getClientRects()].filter(({ width }) => width > 1));
    }
    if (!boxes.length) return null;
    return {
      left: Math.min(...boxes.map((box) => box.left)),
      top: Math.min(...boxes.map((box) => box.top)),
      right: Math.max(...boxes.map((box) => box.right)),
      bottom: Math.max(...boxes.map((box) => box.bottom)),
    };
  }

  /** Nothing lies over it, such as a column that stays while others scroll. */
  function isOnTop(el, x, y) {
    const top = document.elementFromPoint(x, y);
    return Boolean(top) && (el.contains(top) || top.contains(el));
  }

  /** Whether the words of *el* can be read: all, or their beginning where they may be cut. */
  function canRead(el, { mayBeCut = false } = {}) {
    const words = el && wordsBox(el);
    if (!words) return false;
    const wanted = { ...words };
    if (mayBeCut) wanted.right = Math.min(words.right, words.left + START);
    const seen = clipped(wanted, el);
    const isWhole =
      seen.left <= wanted.left + SLACK &&
      seen.right >= wanted.right - SLACK &&
      seen.top <= wanted.top + SLACK &&
      seen.bottom >= wanted.bottom - SLACK;
    const middle = (wanted.top + wanted.bottom) / 2;
    return isWhole && [wanted.left + 2, wanted.right - 2].every((x) => isOnTop(el, x, middle));
  }

  function bringUp(panel) {
    const cell = panel.closest(".jp-Cell") ?? panel;
    cell.scrollIntoView({ block: "start" });
  }

  // --- the table of runs

  function headOf(panel, column) {
    return panel.querySelector(`thead [data-column="${column}"]`);
  }

  function rowOf(panel, runId) {
    return panel.querySelector(`tr[data-run-id="${runId}"]`);
  }

  function cellOf(panel, runId, column) {
    const head = headOf(panel, column)?.closest("th");
    return head ? rowOf(panel, runId)?.cells[head.cellIndex] : null;
  }

  /** What of one run's row cannot be read: its name, the heads of *columns* and its values. */
  function unread(panel, runId, columns) {
    if (!canRead(cellOf(panel, runId, "run_name"), { mayBeCut: true })) return ["its name"];
    return columns.flatMap((column) => {
      if (!canRead(headOf(panel, column), { mayBeCut: true })) return [`the head of ${column}`];
      return canRead(cellOf(panel, runId, column)) ? [] : [`its ${column}`];
    });
  }

  function columns(panel) {
    return [...panel.querySelectorAll("thead [data-column]")].map((el) => ({
      id: el.dataset.column,
      canBeRead: canRead(el, { mayBeCut: true }),
    }));
  }

  return { canRead, bringUp, headOf, rowOf, cellOf, unread, columns };
})();
