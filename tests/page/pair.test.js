import assert from "node:assert/strict";
import test from "node:test";

import { pairOf } from "../../nbtrack/panels/compare/page/compare_pair.js";

const content = { runs: ["a", "b", "c"].map((id) => ({ run_id: id })), baseline: 1 };
const ids = (pair) => pair && [pair.before.run_id, pair.after.run_id];

test("the baseline, and the run that was chosen", () => {
  assert.deepEqual(ids(pairOf(content, ["a", "b", "c"], "c")), ["b", "c"]);
  assert.deepEqual(ids(pairOf(content, ["a", "b", "c"], "")), ["b", "a"]);
});

test("only runs that have it", () => {
  assert.deepEqual(ids(pairOf(content, ["a", "c"], "b")), ["a", "c"]);
  assert.equal(pairOf(content, ["b"], "a"), null);
});
