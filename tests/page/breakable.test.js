import assert from "node:assert/strict";
import test from "node:test";

import { wordsIn } from "../../nbtrack/panels/shared/page/breakable.js";

test("a name breaks behind its signs and between its words", () => {
  assert.deepEqual(wordsIn("training_accuracy_score"), ["training_", "accuracy_", "score"]);
  assert.deepEqual(wordsIn("svc__C"), ["svc__", "C"]);
  assert.deepEqual(wordsIn("val/lossMean-2"), ["val/", "loss", "Mean-", "2"]);
  assert.deepEqual(wordsIn("train scaler.transform"), ["train scaler.", "transform"]);
});

test("a word stays whole, and so does the name", () => {
  assert.deepEqual(wordsIn("accuracy"), ["accuracy"]);
  assert.equal(wordsIn("a_b.c-d/e=f").join(""), "a_b.c-d/e=f");
});
