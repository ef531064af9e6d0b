import assert from "node:assert/strict";
import test from "node:test";

import { shownText } from "../../nbtrack/panels/charts_tab/page/shown_text.js";
import { ChartBox } from "../../nbtrack/panels/live/page/live_chart.js";
import { linesOf, rowsOfLines } from "../../nbtrack/panels/live/page/live_lines.js";

const LOSS = { key: "loss", beside: [{ key: "val_loss", dash: [5, 3] }] };
const ONE = [{ id: "a", label: "first", colour: "#111" }];
const TWO = [...ONE, { id: "b", label: "second", colour: "#222" }];

const place = (x, last) => ({ x, last, low: last, high: last });

test("of one run, lines are called after metrics; the second one is dashed", () => {
  const lines = linesOf(LOSS, ONE).map(({ label, colour, dash }) => [label, colour, dash]);
  assert.deepEqual(lines, [
    ["loss", "#111", []],
    ["val_loss", "#111", [5, 3]],
  ]);
});

test("of several runs, lines say run and metric, and the colour is the run's", () => {
  const lines = linesOf(LOSS, TWO).map(({ label, colour }) => [label, colour]);
  assert.deepEqual(lines, [
    ["first · loss", "#111"],
    ["second · loss", "#222"],
    ["first · val_loss", "#111"],
    ["second · val_loss", "#222"],
  ]);
});

test("a metric that is alone on its chart is called after its runs", () => {
  const labels = linesOf({ key: "acc", beside: [] }, TWO).map(({ label }) => label);
  assert.deepEqual(labels, ["first", "second"]);
});

test("a metric is drawn whatever it is called", () => {
  const titleOf = (key) => {
    const told = { key, beside: [] };
    const template = { encoding: { color: { scale: {} } }, layer: [] };
    return ChartBox.prototype.spec.call({ told }, template, "step", linesOf(told, ONE)).title;
  };
  assert.deepEqual(["loss", "constructor", "a\nb\r\n\u2028"].map(titleOf), [
    "loss",
    "constructor\u200b",
    "a↵b←↵↵",
  ]);
  const lines = linesOf({ key: "toString", beside: [{ key: "a\nb", dash: [5, 3] }] }, ONE);
  assert.deepEqual(
    lines.map(({ key, label }) => [key, label]),
    [
      ["toString", "toString\u200b"],
      ["a\nb", "a↵b"],
    ],
  );
});

test("text that is shown is shown the same again", () => {
  for (const text of ["constructor", "a\r\nb"]) {
    assert.equal(shownText(shownText(text)), shownText(text));
  }
});

test("the rows of two metrics of one run are two lines", () => {
  const runs = (...values) => new Map([["a", values.map((value, x) => place(x, value))]]);
  const metrics = new Map([
    ["loss", { axis: "step", runs: runs(3, 2) }],
    ["val_loss", { axis: "step", runs: runs(4) }],
  ]);
  const rows = rowsOfLines(linesOf(LOSS, TWO), metrics);
  assert.deepEqual(
    rows.map(({ id, run, y, end }) => [id, run, y, end]),
    [
      ["a loss", "first · loss", 3, 0],
      ["a loss", "first · loss", 2, 1],
      ["a val_loss", "first · val_loss", 4, 1],
    ],
  );
});
