// What somebody looks at stays where it is on the screen, whatever grows or shrinks around it.

/** Scroll until the top of `el` is at `top`, as far as may be: first `scroller`, then what is
 *  around it.
 *  @param {Element} el @param {number} top @param {Element} scroller */
export function bringTo(el, top, scroller) {
  for (const each of scrollersFrom(scroller)) {
    const now = topOf(el);
    if (now === top) return;
    each.scrollTop += now - top;
  }
}

/** @param {Element} el */
export function topOf(el) {
  return Math.round(el.getBoundingClientRect().top);
}

/** @param {Element} el @returns {Generator<Element>} */
function* scrollersFrom(el) {
  /** @type {Element | null} */
  let at = el;
  for (; at; at = at.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(at).overflowY)) yield at;
  }
  if (document.scrollingElement) yield document.scrollingElement;
}
