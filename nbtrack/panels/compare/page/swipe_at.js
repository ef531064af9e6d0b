// Where the edge between two pictures is: how much of the first one is seen, in percent.

const STEP = 2;
const STRIDE = 10;

/** By a key that moves sliders; null for any other.
 *  @param {string} key @param {number} at @param {{ isFar?: boolean }} [options] with shift */
export function movedBy(key, at, { isFar = false } = {}) {
  const step = isFar ? STRIDE : STEP;
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return within(at - step);
    case "ArrowRight":
    case "ArrowUp":
      return within(at + step);
    case "PageDown":
      return within(at - STRIDE);
    case "PageUp":
      return within(at + STRIDE);
    case "Home":
      return 0;
    case "End":
      return 100;
    default:
      return null;
  }
}

/** @param {number} x from the left @param {number} width */
export function placeIn(x, width) {
  return width > 0 ? within(Math.round((100 * x) / width)) : 50;
}

/** @param {number} at */
function within(at) {
  return Math.min(100, Math.max(0, at));
}
