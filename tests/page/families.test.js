import assert from "node:assert/strict";
import test from "node:test";

import {
  PORTION,
  parentsToOffer,
  parentsWithMore,
  withFold,
} from "../../nbtrack/panels/runs/page/families.js";

const row = (id, depth, children = 0) => ({ id, depth, children });
const ids = (found) => Object.fromEntries([...found].map(([id, of]) => [id, of.map((r) => r.id)]));

test("a parent is unfolded by portions, and folded whole", () => {
  assert.deepEqual(withFold({ b: 5 }, "a", PORTION), { b: 5, a: PORTION });
  assert.deepEqual(withFold({ a: 100 }, "a", 200), { a: 200 });
  assert.deepEqual(withFold({ a: 100, b: 5 }, "a", 0), { b: 5 });
});

test("below the last child that is shown one can ask for more", () => {
  const rows = [row("a", 0, 9), row("a1", 1), row("a2", 1), row("b", 0, 3)];
  assert.deepEqual(ids(parentsWithMore(rows, { a: 2 })), { a2: ["a"] });
  assert.deepEqual(ids(parentsWithMore(rows, { a: 9 })), {});
});

test("of a family in a family the inner one is cut first", () => {
  const rows = [row("a", 0, 9), row("a1", 1, 7), row("deep", 2)];
  assert.deepEqual(ids(parentsWithMore(rows, { a: 1, a1: 1 })), { deep: ["a1", "a"] });
});

test("who ticks a parent is asked for its children, once", () => {
  const rows = [row("a", 0, 9), row("b", 0, 2), row("c", 0)];
  const offered = (ticked, asked) =>
    parentsToOffer(rows, ticked, new Set(asked)).map(({ id }) => id);
  assert.deepEqual(offered(["a", "c"], []), ["a"]);
  assert.deepEqual(offered(["a", "b"], ["a"]), ["b"]);
});
