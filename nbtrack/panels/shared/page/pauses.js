// Waiting until somebody has done.

/** `run`, but only once the calls have paused for so many milliseconds.
 *  @template {unknown[]} Given
 *  @param {number} milliseconds @param {(...given: Given) => unknown} run
 *  @returns {(...given: Given) => void} */
export function afterPause(milliseconds, run) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), milliseconds);
  };
}
