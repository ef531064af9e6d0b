// What somebody looks at stays where it is on the screen, whatever grows or shrinks around it.

/** Draw, then scroll so that what `find` gives is where it was: first in `el`, then around it.
 *  @param {Element} el @param {() => Element | null} find @param {() => void} draw */
export function stayPut(el, find, draw) {
  const was = topOf(find());
  draw();
  for (const scroller of scrollersOf(el)) {
    const now = topOf(find());
    if (was === null || now === null || now === was) return;
    scroller.scrollTop += now - was;
  }
}

/** @param {Element | null} el */
function topOf(el) {
  return el && Math.round(el.getBoundingClientRect().top);
}

/** @param {Element} el @returns {Generator<Element>} */
function* scrollersOf(el) {
  /** @type {Element | null} */
  let at = el;
  for (; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) yield at;
  }
}
