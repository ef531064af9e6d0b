// A chart is taken by its title and let go over another one.

const CARD = ".nbt-chart-card";
const SLACK = 6; // pixels: who moves less than that has clicked

/** `drop(metric)` is told over whose chart.
 *  @param {HTMLElement} title @param {(metric: string) => unknown} drop */
export function dropOnto(title, drop) {
  title.addEventListener("pointerdown", (begun) => {
    if (begun.button === 0) follow(title, begun, drop);
  });
}

/** @param {HTMLElement} title @param {PointerEvent} begun @param {(metric: string) => unknown} drop */
function follow(title, begun, drop) {
  /** @type {HTMLElement | null} */
  let over = null;
  let isDragged = false;
  const listening = new AbortController();
  const { signal } = listening;
  /** @param {HTMLElement | null} card */
  const mark = (card) => {
    over?.classList.remove("nbt-drop-here");
    over = card;
    over?.classList.add("nbt-drop-here");
  };
  /** @param {PointerEvent} event */
  const move = (event) => {
    const way = Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY);
    isDragged ||= way > SLACK;
    if (isDragged) mark(otherCard(title, event));
  };
  const end = () => {
    listening.abort();
    const metric = over?.dataset.metric;
    mark(null);
    if (isDragged) swallowClick(title);
    if (metric !== undefined) drop(metric);
  };
  window.addEventListener("pointermove", move, { signal });
  window.addEventListener("pointerup", end, { signal });
  window.addEventListener(
    "pointercancel",
    () => {
      mark(null);
      listening.abort();
    },
    { signal },
  );
}

/** The one below the pointer, if it is another than the title's own.
 *  @param {HTMLElement} title @param {PointerEvent} event @returns {HTMLElement | null} */
function otherCard(title, { clientX, clientY }) {
  const page = /** @type {Document | ShadowRoot} */ (title.getRootNode());
  const card = page.elementFromPoint(clientX, clientY)?.closest(CARD);
  const isOurs = card?.parentElement === title.closest(CARD)?.parentElement;
  return isOurs && card !== title.closest(CARD) ? /** @type {HTMLElement} */ (card) : null;
}

/** A button that was let go over itself is clicked, too.
 *  @param {HTMLElement} title */
function swallowClick(title) {
  const swallow = (/** @type {Event} */ event) => event.stopPropagation();
  title.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => title.removeEventListener("click", swallow, { capture: true }));
}
