import assert from "node:assert/strict";
import test from "node:test";

import { movedBy, placeIn } from "../../nbtrack/panels/compare/page/swipe_at.js";

test("arrows move the edge, with shift far, and never past an end", () => {
  assert.equal(movedBy("ArrowRight", 50), 52);
  assert.equal(movedBy("ArrowLeft", 50, { isFar: true }), 40);
  assert.equal(movedBy("ArrowLeft", 1), 0);
  assert.equal(movedBy("PageUp", 95), 100);
});

test("Home and End go to the ends, other keys nowhere", () => {
  assert.equal(movedBy("Home", 50), 0);
  assert.equal(movedBy("End", 50), 100);
  assert.equal(movedBy("Tab", 50), null);
});

test("the edge is where the pointer is", () => {
  assert.equal(placeIn(25, 100), 25);
  assert.equal(placeIn(-5, 100), 0);
  assert.equal(placeIn(500, 100), 100);
  assert.equal(placeIn(1, 0), 50);
});
