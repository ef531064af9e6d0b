// The lines of two cells: numbered, and those folded that are far from any change.

/** @import { SignedLine } from "./messages.d.ts" */
/** @import { CodePiece, NumberedLine } from "./compare_types.d.ts" */

const CONTEXT = 3; // equal lines that stay around a change

/** @param {SignedLine[]} lines @returns {NumberedLine[]} */
export function numbered(lines) {
  let left = 0;
  let right = 0;
  return lines.map(([sign, before, after]) => ({
    sign,
    before,
    after,
    left: before === null ? "" : ++left,
    right: after === null ? "" : ++right,
  }));
}

/** Runs of lines; a single line is never folded.
 *  @param {NumberedLine[]} lines */
export function piecesOf(lines) {
  const isNear = lines.map((_, n) =>
    lines.slice(Math.max(0, n - CONTEXT), n + CONTEXT + 1).some(({ sign }) => sign !== "="),
  );
  /** @type {CodePiece[]} */
  const pieces = [];
  for (const [n, line] of lines.entries()) {
    const last = pieces.at(-1);
    if (last && last.isFolded === !isNear[n]) last.lines.push(line);
    else pieces.push({ isFolded: !isNear[n], lines: [line] });
  }
  return pieces.map((piece) => (piece.lines.length > 1 ? piece : { ...piece, isFolded: false }));
}

/** One below the other: of each change what went, then what came in its place.
 *  @param {NumberedLine[]} lines @returns {NumberedLine[]} */
export function oneBelowTheOther(lines) {
  /** @type {NumberedLine[]} */
  const found = [];
  /** @type {NumberedLine[]} */
  let changed = [];
  for (const line of lines) {
    if (line.sign !== "=") {
      changed.push(line);
      continue;
    }
    found.push(...goneThenCome(changed), line);
    changed = [];
  }
  return [...found, ...goneThenCome(changed)];
}

/** @param {NumberedLine[]} changed @returns {NumberedLine[]} */
function goneThenCome(changed) {
  const gone = changed.filter(({ before }) => before !== null);
  const come = changed.filter(({ after }) => after !== null);
  return [
    ...gone.map((line) => /** @type {const} */ ({ ...line, sign: "-", right: "" })),
    ...come.map((line) => /** @type {const} */ ({ ...line, sign: "+", left: "" })),
  ];
}
