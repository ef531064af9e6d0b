import assert from "node:assert/strict";
import test from "node:test";

import {
  idsWithin,
  isEmpty,
  linesOf,
  nearestRow,
  unpackRows,
} from "../../nbtrack/panels/charts_tab/page/rows.js";
import { rowsOf, withPart } from "../../nbtrack/panels/live/page/live_places.js";

test("packed columns become rows", () => {
  const columns = { run: { values: ["a", "b"], codes: [0, 1, 0] }, y: [1, null, 3] };

  assert.deepEqual(unpackRows({ length: 3, columns }), [
    { run: "a", y: 1 },
    { run: "b", y: null },
    { run: "a", y: 3 },
  ]);
});

const ROWS = [
  { id: "1", lr: 0.1, kind: "a" },
  { id: "2", lr: 0.5, kind: "b" },
  { id: "3", lr: null, kind: "a" },
];

test("a brush covers the runs between its ends, whichever way it was drawn", () => {
  assert.deepEqual(idsWithin(ROWS, { lr: [0.1, 0.4] }), ["1"]);
  assert.deepEqual(idsWithin(ROWS, { lr: [1, 0] }), ["1", "2"]);
});

test("a brush over names covers those names, and two brushes what both cover", () => {
  assert.deepEqual(idsWithin(ROWS, { kind: ["a"] }), ["1", "3"]);
  assert.deepEqual(idsWithin(ROWS, { kind: ["a", "b"], lr: [0.2, 1] }), ["2"]);
});

test("a brush over nothing is empty", () => {
  assert.deepEqual([null, {}, { x: [0, 1] }].map(isEmpty), [true, true, false]);
});

const line = [0, 10, 20, 30].map((x) => ({ id: "1", run: "a", x, y: x }));

test("lines leave out gaps, and keep runs apart", () => {
  const rows = [...line, { id: "2", run: "b", x: 0, y: null }, { id: "3", run: "c", x: 0, y: 1 }];

  assert.deepEqual(
    linesOf(rows).map((each) => each.length),
    [4, 1],
  );
});

test("the nearest row of a line, and none behind its ends", () => {
  assert.equal(nearestRow(line, 14)?.x, 10);
  assert.equal(nearestRow(line, 16)?.x, 20);
  assert.equal(nearestRow(line, -14)?.x, 0);
  assert.equal(nearestRow(line, 46), undefined);
});

const part = (x, more = {}) => ({ x, low: x, high: x, last: x, whole: false, ...more });

test("new points are added, and a whole series takes the place of what was there", () => {
  const before = withPart([], part([1, 2]));

  assert.deepEqual(
    withPart(before, part([3])).map(({ x }) => x),
    [1, 2, 3],
  );
  assert.deepEqual(
    withPart(before, part([7], { whole: true })).map(({ x }) => x),
    [7],
  );
});

test("past six hundred places two neighbours become one, with the ends of both", () => {
  const many = Array.from({ length: 601 }, (_, n) => n);
  const low = many.map((n) => (n === 1 ? null : n - 1000));
  const places = withPart([], part(many, { low }));

  assert.equal(places.length, 301);
  assert.deepEqual(places[0], { x: 1, low: -1000, high: 1, last: 1 });
  assert.deepEqual(places[1], { x: 3, low: -998, high: 3, last: 3 });
  assert.deepEqual(places[300], { x: 600, low: -400, high: 600, last: 600 });
});

test("a row has a band only where there is one, and a gap where there is no number", () => {
  const rows = rowsOf({ id: "1", label: "a" }, [
    { x: 0, low: 1, high: 3, last: 2 },
    { x: 1, low: 5, high: 5, last: "NaN" },
  ]);

  assert.deepEqual(
    rows.map(({ y, low, high, end }) => [y, low, high, end]),
    [
      [2, 1, 3, 0],
      [null, null, null, 1],
    ],
  );
});
