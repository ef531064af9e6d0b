import assert from "node:assert/strict";
import test from "node:test";

import { placeAfter } from "../../nbtrack/panels/runs/page/grid_moves.js";

const WIDTHS = [4, 4, 1, 4]; // the third row has one wide cell
const after = (row, column, key, more = {}) => {
  const place = placeAfter({ row, column }, { key, ...more }, WIDTHS);
  return place && [place.row, place.column];
};

test("arrows go by one, and no further than the edge", () => {
  assert.deepEqual(after(0, 1, "ArrowDown"), [1, 1]);
  assert.deepEqual(after(0, 1, "ArrowUp"), [0, 1]);
  assert.deepEqual(after(1, 3, "ArrowRight"), [1, 3]);
  assert.deepEqual(after(1, 1, "ArrowLeft"), [1, 0]);
});

test("a row with fewer cells is entered at its last one", () => {
  assert.deepEqual(after(1, 3, "ArrowDown"), [2, 0]);
});

test("Home and End go along the row, with Ctrl to the corners", () => {
  assert.deepEqual(after(1, 2, "Home"), [1, 0]);
  assert.deepEqual(after(1, 2, "End"), [1, 3]);
  assert.deepEqual(after(1, 2, "Home", { ctrlKey: true }), [0, 0]);
  assert.deepEqual(after(1, 2, "End", { metaKey: true }), [3, 3]);
});

test("other keys lead nowhere", () => {
  assert.equal(after(1, 2, "x"), null);
  assert.equal(after(1, 2, "ArrowDown", { ctrlKey: true }), null);
});
