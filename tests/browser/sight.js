// What of a page a person sees without scrolling: measured, not read off the markup.
window.sight = (() => {
  const SLACK = 1; // a pixel, for rounding
  const READABLE = 4.5; // the least contrast of words to what is behind them
  const LINE = 20; // pixels: the height of a line
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

  /** Its texts, without those for screen readers only, which are a pixel large. */
  function wordNodes(el) {
    const nodes = [];
    const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
    while (walker.nextNode())
      if (walker.currentNode.parentElement.clientWidth !== 1) nodes.push(walker.currentNode);
    return nodes;
  }

  /** Where the words of *el* stand. */
  function wordsBox(el) {
    const boxes = wordNodes(el)
      .flatMap((node) => [...boxesOf(node)])
      .filter(({ width }) => width > 1);
    if (!boxes.length) return null;
    return {
      left: Math.min(...boxes.map((box) => box.left)),
      top: Math.min(...boxes.map((box) => box.top)),
      right: Math.max(...boxes.map((box) => box.right)),
      bottom: Math.max(...boxes.map((box) => box.bottom)),
    };
  }

  function boxesOf(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getClientRects();
  }

  /** Nothing lies over it, such as a column that stays while others scroll. */
  function isOnTop(el, x, y) {
    const top = document.elementFromPoint(x, y);
    return Boolean(top) && (el.contains(top) || top.contains(el));
  }

  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  /** The red, green and blue of colours that lie over one another, the lowest first. */
  function painted(colours) {
    pixel.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }

  /** As WCAG has it. */
  function luminance(rgb) {
    const [red, green, blue] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /** Of the most of its words to what is behind them. */
  function contrast(el) {
    const said = wordNodes(el).sort((one, other) => other.data.length - one.data.length)[0];
    const backgrounds = [];
    for (let at = said.parentElement; at; at = at.parentElement)
      backgrounds.unshift(getComputedStyle(at).backgroundColor);
    const colour = getComputedStyle(said.parentElement).color;
    const ground = luminance(painted(["white", ...backgrounds]));
    const words = luminance(painted(["white", ...backgrounds, colour]));
    return (Math.max(ground, words) + 0.05) / (Math.min(ground, words) + 0.05);
  }

  /** Whether the words of *el* can be read: all, or their beginning where they may be cut. */
  function canRead(el, { mayBeCut = false } = {}) {
    const words = el && wordsBox(el);
    if (!words || contrast(el) < READABLE) return false;
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

  async function bringUp(panel) {
    const cell = panel.closest(".jp-Cell") ?? panel;
    cell.scrollIntoView({ block: "start" });
    await nextFrame();
    cell.scrollIntoView({ block: "start" }); // cells above got their height when they came near
    await nextFrame();
  }

  function nextFrame() {
    return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }

  async function fileBrowser(isOpen) {
    const { shell } = window.jupyterapp;
    if (shell.leftCollapsed === isOpen) isOpen ? shell.expandLeft() : shell.collapseLeft();
    await nextFrame();
    await nextFrame();
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

  /** What of one run's row cannot be read: its name, the heads of *wanted* columns, its values. */
  function unread(panel, runId, wanted) {
    if (!canRead(cellOf(panel, runId, "run_name"), { mayBeCut: true })) return ["name"];
    return wanted.flatMap((column) => {
      if (!canRead(headOf(panel, column), { mayBeCut: true })) return [`head of ${column}`];
      return canRead(cellOf(panel, runId, column)) ? [] : [column];
    });
  }

  function columns(panel) {
    return [...panel.querySelectorAll("thead [data-column]")].map((el) => ({
      id: el.dataset.column,
      canBeRead: canRead(el, { mayBeCut: true }),
      left: Math.round(el.getBoundingClientRect().left - panel.getBoundingClientRect().left),
    }));
  }

  /** As far to the right as it goes; *then* is asked there, and the table put back. */
  async function scrolledRight(panel, then) {
    const table = panel.querySelector("tr[data-run-id]").closest("table");
    const scroller = scrollerOf(table);
    scroller.scrollLeft = scroller.scrollWidth;
    await nextFrame();
    const answer = then();
    scroller.scrollLeft = 0;
    await nextFrame();
    return answer;
  }

  function scrollerOf(el) {
    for (let at = el; ; at = at.parentElement)
      if (at.scrollWidth > at.clientWidth + SLACK || at === document.body) return at;
  }

  function nameStays(panel) {
    const runId = panel.querySelector("tr[data-run-id]").dataset.runId;
    const name = () => canRead(cellOf(panel, runId, "run_name"), { mayBeCut: true });
    return scrolledRight(panel, name);
  }

  // --- what else a panel shows

  /** Whether *key* and, on its line, what begins with *value* can be read in *el*, not in code. */
  function reads(el, key, value) {
    const keys = wordsOf(el, (word) => word === key);
    const values = wordsOf(el, (word) => word.startsWith(value));
    const middle = (each) => (wordsBox(each).top + wordsBox(each).bottom) / 2;
    return keys.some((left) =>
      values.some((right) => Math.abs(middle(left) - middle(right)) < LINE / 2),
    );
  }

  /** The elements with a word of their own that is wanted, and can be read. */
  function wordsOf(el, isWanted) {
    const own = (each) => [...each.childNodes].filter(({ nodeType }) => nodeType === 3);
    const words = (each) => own(each).flatMap((node) => node.textContent.split(/[\s=:,]+/));
    return [...el.querySelectorAll("*")].filter(
      (each) => !each.closest("pre, code") && words(each).some(isWanted) && canRead(each),
    );
  }

  /** Of several elements, those that begin on the screen. */
  function onScreen(elements) {
    return [...elements].filter((el) => {
      const { left, top } = el.getBoundingClientRect();
      const corner = { left, top, right: left + START, bottom: top + START };
      const seen = clipped(corner, el);
      return seen.right - seen.left >= START - SLACK && seen.bottom - seen.top >= START - SLACK;
    });
  }

  function charted(panel) {
    const cards = onScreen(panel.querySelectorAll(".nbt-chart-card")).filter((card) =>
      card.querySelector("svg"),
    );
    return cards.map((card) => card.dataset.metric);
  }

  function comparedLines(panel) {
    const lines = [...panel.querySelectorAll("[data-line]")].filter((line) =>
      [...line.cells].every((cell) => canRead(cell)),
    );
    return lines.map((line) => line.dataset.line);
  }

  /** All that is to be known of the table at first sight. *best* has run and columns of several. */
  async function look(panel, best) {
    const runs = best.map(([runId, wanted]) => unread(panel, runId, wanted));
    return { runs, columns: columns(panel), nameStays: await nameStays(panel) };
  }

  return {
    bringUp,
    canRead,
    charted,
    columns,
    comparedLines,
    fileBrowser,
    look,
    reads,
  };
})();
