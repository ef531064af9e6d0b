import assert from "node:assert/strict";
import test from "node:test";

import { sortWith, withTicks } from "../../nbtrack/panels/runs/page/choices.js";
import { Colours, striped } from "../../nbtrack/panels/runs/page/colours.js";
import { curvePoints } from "../../nbtrack/panels/runs/page/sparkline.js";

const column = (id, more = {}) => ({ id, descendingFirst: true, sorted: null, ...more });
const once = { isAdded: false };

test("ticks keep their order, the newest is the last", () => {
  assert.deepEqual(withTicks(["a", "b"], ["c"], true), ["a", "b", "c"]);
  assert.deepEqual(withTicks(["a", "b"], ["a", "c"], true), ["b", "a", "c"]);
  assert.deepEqual(withTicks(["a", "b", "c"], ["a", "c"], false), ["b"]);
});

test("a first click sorts as the column is mostly wanted", () => {
  assert.deepEqual(sortWith([], column("metrics.f1"), once), [["metrics.f1", true]]);
  assert.deepEqual(sortWith([], column("run_name", { descendingFirst: false }), once), [
    ["run_name", false],
  ]);
});

test("a second click turns the order, also that which nobody asked for", () => {
  const descending = column("start_time", { sorted: { place: 0, descending: true } });

  assert.deepEqual(sortWith([["start_time", true]], descending, once), [["start_time", false]]);
  assert.deepEqual(sortWith([], descending, once), [["start_time", false]]);
});

test("with Shift the other keys stay, in their places", () => {
  const before = [
    ["a", true],
    ["b", false],
  ];
  const sorted = column("a", { sorted: { place: 0, descending: true } });

  assert.deepEqual(sortWith(before, column("c"), { isAdded: true }), [...before, ["c", true]]);
  assert.deepEqual(sortWith(before, sorted, { isAdded: true }), [
    ["a", false],
    ["b", false],
  ]);
});

test("a run keeps its colour while others come and go, and has it again if it is free", () => {
  const colours = new Colours();
  colours.giveTo(["a", "b", "c"]);
  colours.giveTo(["c"]);
  assert.deepEqual([...colours.places], [["c", 2]]);

  colours.giveTo(["c", "b", "d"]);
  assert.deepEqual(Object.fromEntries(colours.places), { c: 2, b: 1, d: 0 });
});

test("a colour that has come round is striped", () => {
  assert.equal(striped("red", []), "red");
  assert.equal(
    striped("red", [4, 2]),
    "repeating-linear-gradient(red 0px 4px, transparent 4px 6px)",
  );
});

test("a small curve has its lowest value at the bottom, and gaps at what is no number", () => {
  assert.equal(curvePoints([0, "NaN", 1, 2]), "1.0,13.0 31.7,7.5 47.0,2.0");
  assert.equal(curvePoints([1, "NaN", 2]), "");
  assert.equal(curvePoints([5, 5, 5]), "1.0,13.0 24.0,13.0 47.0,13.0");
});
