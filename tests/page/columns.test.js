import assert from "node:assert/strict";
import test from "node:test";

import {
  allColumns,
  askedWith,
  columnGroups,
  hiddenOfThose,
  movedTo,
  onlyMine,
  pinnedFirst,
  withColumns,
} from "../../nbtrack/panels/runs/page/column_groups.js";
import {
  cutInTheMiddle,
  fittedWidths,
  roomIn,
  TICK,
} from "../../nbtrack/panels/runs/page/column_widths.js";

const letters = (text) => text.length; // a letter is a pixel
const column = (least, wanted = least) => ({ least, wanted });

test("there is room for as many columns as fit with their headers; the kernel gives four at least", () => {
  assert.equal(roomIn(0), 0); // not known
  assert.equal(roomIn(740), 3);
  assert.ok(roomIn(1050) >= 7);
  assert.ok(roomIn(1530) > roomIn(1050));
});

test("columns fill the table, each a bit wider than it needs", () => {
  assert.deepEqual(fittedWidths([column(50, 100), column(50, 60)], TICK + 200), [120, 80]);
});

test("no pixel is left over", () => {
  const widths = fittedWidths([column(50), column(50), column(50)], TICK + 200);
  assert.deepEqual(widths, [68, 66, 66]);
});

test("where it is narrow, wide columns give way and narrow ones stay", () => {
  assert.deepEqual(fittedWidths([column(50, 150), column(50)], TICK + 150), [100, 50]);
});

test("what says all it has to say does not grow", () => {
  const fixed = { ...column(50), isFixed: true };
  assert.deepEqual(fittedWidths([column(50), fixed, column(50)], TICK + 200), [75, 50, 75]);
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

const key = (name, part) => ({ key: name, part });
const KEYS = {
  metrics: [key("accuracy", "mine"), key("score_X_test", "measured"), key("n_iter", "bookkeeping")],
  params: [key("C", "mine"), key("gamma", "defaults"), key("verbose", "bookkeeping")],
  tags: [key("team", "tags")],
  experiments: [],
};

test("the menu has one's own first, and each column once", () => {
  const groups = columnGroups(KEYS).map(({ title, columns }) => [title, columns.map((c) => c.id)]);
  assert.deepEqual(groups.slice(0, 5), [
    ["Your metrics", ["metrics.accuracy"]],
    ["Your params", ["params.C"]],
    ["Measured", ["metrics.score_X_test"]],
    ["Defaults", ["params.gamma"]],
    ["Bookkeeping", ["metrics.n_iter", "params.verbose"]],
  ]);
  assert.equal(new Set(allColumns(KEYS)).size, allColumns(KEYS).length);
});

test("what is one's own, or was measured, and is not in the table", () => {
  assert.deepEqual(hiddenOfThose(KEYS, ["run_name", "params.C"]), [
    "metrics.accuracy",
    "metrics.score_X_test",
  ]);
});

test("only mine is name, status, age and what somebody wrote down", () => {
  assert.deepEqual(onlyMine(KEYS), [
    "run_name",
    "status",
    "start_time",
    "metrics.accuracy",
    "params.C",
  ]);
});

test("a group comes and goes as a whole, the others keep their places", () => {
  assert.deepEqual(withColumns(["a", "b"], ["b", "c"], true), ["a", "b", "c"]);
  assert.deepEqual(withColumns(["a", "b", "c"], ["b", "c"], false), ["a"]);
});

test("a column is moved to a place, and never before the name", () => {
  assert.deepEqual(movedTo(["a", "b", "c", "d"], "a", 2), ["b", "c", "a", "d"]);
  assert.deepEqual(movedTo(["a", "b", "c", "d"], "d", 1), ["a", "d", "b", "c"]);
  assert.deepEqual(movedTo(["run_name", "b", "c"], "c", 0), ["run_name", "c", "b"]);
});

test("a pinned column comes first where columns were chosen, and what is not chosen stays so", () => {
  assert.deepEqual(pinnedFirst(["run_name", "b", "c"], "c"), ["run_name", "c", "b"]);
  assert.deepEqual(pinnedFirst(["b"], undefined), ["b"]);
  assert.equal(pinnedFirst(null, "c"), null);
});

test("a table is not sorted or filtered by a column that was hidden", () => {
  const asked = {
    sort: [
      ["a", true],
      ["b", true],
    ],
    quick: { a: "> 1", b: "x" },
  };
  assert.deepEqual(askedWith(asked, ["b"], ["a", "b"]), {
    columns: ["b"],
    sort: [["b", true]],
    quick: { b: "x" },
  });
  assert.deepEqual(askedWith(asked, null, ["a", "b"]), { columns: null });
});
