import assert from "node:assert/strict";
import test from "node:test";

import {
  balancedColumns,
  isUsual,
  moved,
  takenOff,
  USUAL,
  withMetrics,
} from "../../nbtrack/panels/charts_tab/page/layout.js";

const GROUPS = [["loss", "val_loss"], ["acc"], ["f1"]];

test("a metric comes onto another's chart, and leaves its own", () => {
  const layout = { ...USUAL, shown: ["loss", "acc", "f1"] };
  const changed = withMetrics(layout, GROUPS, "loss", ["acc"]);

  assert.deepEqual(changed.together, [["loss", "val_loss", "acc"]]);
  assert.deepEqual(changed.shown, ["loss", "f1"]);
});

test("who loses the metric it is called after is called after the next one", () => {
  const layout = { ...USUAL, shown: ["loss", "acc"], together: [["loss", "val_loss"]] };
  const changed = withMetrics(layout, GROUPS, "acc", ["loss"]);

  assert.deepEqual(changed.together, [["acc", "loss"], ["val_loss"]]);
  assert.deepEqual(changed.shown, ["val_loss", "acc"]);
});

test("a metric that has no chart yet can be added; one that is there is not added twice", () => {
  const changed = withMetrics(USUAL, GROUPS, "f1", ["f1", "recall"]);

  assert.deepEqual(changed, { together: [["f1", "recall"]], shown: null });
});

test("what is taken off stands beside, and siblings do not bring it back", () => {
  const layout = { ...USUAL, shown: ["loss", "acc"] };
  const changed = takenOff(layout, GROUPS, "loss", ["val_loss"]);

  assert.deepEqual(changed, {
    together: [["loss"], ["val_loss"]],
    shown: ["loss", "val_loss", "acc"],
  });
  assert.equal(takenOff(USUAL, GROUPS, "loss", ["val_loss"]).shown, null);
});

test("what other charts have on them stays", () => {
  const layout = { ...USUAL, together: [["hidden", "behind"]] };

  assert.deepEqual(withMetrics(layout, GROUPS, "acc", ["f1"]).together, [
    ["hidden", "behind"],
    ["acc", "f1"],
  ]);
});

test("charts change places, but not over the ends", () => {
  assert.deepEqual(moved(GROUPS, "f1", -1).shown, ["loss", "f1", "acc"]);
  assert.deepEqual(moved(GROUPS, "loss", -1).shown, ["loss", "acc", "f1"]);
  assert.deepEqual(moved(GROUPS, "loss", 1).shown, ["acc", "loss", "f1"]);
});

test("a layout is usual until something was chosen", () => {
  assert.ok(isUsual(USUAL));
  assert.ok(!isUsual({ ...USUAL, log: true }));
  assert.ok(!isUsual({ ...USUAL, together: [["loss"]] }));
});

test("charts fill their lines", () => {
  const widths = [300, 700, 1000, 1600];
  const columns = (/** @type {number} */ charts) => widths.map((w) => balancedColumns(charts, w));

  assert.deepEqual(columns(0), [1, 1, 1, 1]);
  assert.deepEqual(columns(1), [1, 1, 1, 1]);
  assert.deepEqual(columns(4), [1, 2, 2, 4]);
  assert.deepEqual(columns(6), [1, 2, 3, 3]);
});
