// Waiting until somebody has done.

/** `run`, but only once the calls have paused for so many milliseconds, which are asked at each.
 *  @template {unknown[]} Given
 *  @param {number | (() => number)} milliseconds @param {(...given: Given) => unknown} run
 *  @returns {(...given: Given) => void} */
export function afterPause(milliseconds, run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (...given) => {
    clearTimeout(timer);
    const pause = typeof milliseconds === "number" ? milliseconds : milliseconds();
    timer = setTimeout(() => run(...given), pause);
  };
}

/** `run` once what was drawn just now is on the screen.
 *  @param {() => unknown} run */
export function afterPaint(run) {
  requestAnimationFrame(() => setTimeout(run, 0));
}
