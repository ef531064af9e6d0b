import assert from "node:assert/strict";
import test from "node:test";

import {
  cutInTheMiddle,
  fittedWidths,
  roomIn,
  TICK,
} from "../../nbtrack/panels/runs/page/column_widths.js";

const letters = (text) => text.length; // a letter is a pixel
const column = (least, wanted = least) => ({ least, wanted });

test("a small screen has room for two metrics and two params, a large one for as many as fit", () => {
  assert.equal(roomIn(0), 0); // not known
  assert.equal(roomIn(740), 4);
  assert.ok(roomIn(1050) >= 7);
  assert.ok(roomIn(1530) > roomIn(1050));
});

test("columns fill the table, each a bit wider than it needs", () => {
  assert.deepEqual(fittedWidths([column(50, 100), column(50, 60)], TICK + 200), [120, 80]);
});

test("where it is narrow, wide columns give way and narrow ones stay", () => {
  assert.deepEqual(fittedWidths([column(50, 150), column(50)], TICK + 150), [100, 50]);
});

test("what does not fit stands to the right as wide as it likes, and the others fill the table", () => {
  const widths = fittedWidths([column(50, 90), column(50, 90), column(80, 120)], TICK + 120);
  assert.deepEqual(widths, [60, 60, 120]);
});

test("a long name keeps its beginning and its end", () => {
  assert.equal(cutInTheMiddle("calm-heron", 10, letters), "calm-heron");
  assert.equal(cutInTheMiddle("HistGradientBoosting-17", 11, letters), "HistG…ng-17");
  assert.equal(cutInTheMiddle("🙂🙂🙂🙂🙂🙂", 7, letters), "🙂🙂…🙂");
});
