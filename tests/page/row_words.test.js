import assert from "node:assert/strict";
import test from "node:test";

import { exampleFilter } from "../../nbtrack/panels/runs/page/example_filter.js";
import { tailsMissing } from "../../nbtrack/panels/runs/page/points.js";
import { badgesOf, statusWords } from "../../nbtrack/panels/runs/page/row_words.js";

const words = (status, error = "") => statusWords({ status, error });

test("a run that ended well takes no words, a failed one says why", () => {
  assert.equal(words("FINISHED"), "");
  assert.equal(words("RUNNING"), "running");
  assert.equal(words("KILLED"), "killed");
  assert.equal(
    words("FAILED", "sklearn.utils.InvalidParameterError: no kernel"),
    "InvalidParameterError",
  );
  assert.equal(words("FAILED", "KeyboardInterrupt"), "KeyboardInterrupt");
  assert.equal(words("FAILED", ""), "failed"); // it was no cell
  assert.equal(words("KILLED", "pruned at step 3: no hope"), "pruned");
  assert.equal(words("KILLED", "KeyboardInterrupt"), "killed");
});

test("how many children the best one is of is said once", () => {
  const run = {
    pinned: false,
    baseline: true,
    bestOf: 8,
    children: 0,
    reproduced: "",
    warnings: [],
  };
  const said = (more) => badgesOf({ ...run, ...more }).map((badge) => badge.words);

  assert.deepEqual(said({}), ["baseline", "best of 8"]);
  assert.deepEqual(said({ children: 8 }), ["baseline", "best"]);
  assert.deepEqual(said({ reproduced: "reproduced" }), ["baseline", "reproduced", "best of 8"]);
});

test("every verdict says what it means", () => {
  const run = { pinned: false, baseline: false, bestOf: 0, children: 0, warnings: [] };
  for (const reproduced of ["reproduced", "differs again", "not runnable"]) {
    const [badge] = badgesOf({ ...run, reproduced });
    assert.match(badge.title, /once more/);
  }
});

test("warnings are one small badge, with their sentences as its title", () => {
  const leak = { kind: "leak", sentence: "<b>12 of 30</b>" };
  const run = { pinned: false, baseline: false, bestOf: 0, children: 0, reproduced: "" };

  const [badge] = badgesOf({ ...run, warnings: [leak] });
  assert.deepEqual([badge.words, badge.title], ["⚠", "leak: <b>12 of 30</b>"]);
  const stale = { kind: "stale", sentence: "x" };
  assert.equal(badgesOf({ ...run, warnings: [leak, stale] })[0].words, "⚠ 2");
});

test("points stand under each other", () => {
  assert.deepEqual(tailsMissing(["100", "0.05", "−1.5", "–"]), [".00", "", "0", ""]);
  assert.deepEqual(tailsMissing(["1", "20"]), ["", ""]);
  assert.deepEqual(tailsMissing(["1e-05", "0.01", "27 s ago"]), ["", "", ""]);
  assert.deepEqual(tailsMissing(["0.123456789", "1"]), ["", ""]); // it would be mostly empty
});

const column = (id, group, better = null) => ({ id, group, better });
const key = (name) => ({ key: name });
const keys = { metrics: [key("rmse"), key("f1 score")], params: [key("lr")], tags: [] };
const example = (columns, ...cells) => {
  const rows = cells.map((each) => ({ cells: each }));
  return exampleFilter(keys, { columns, rows })?.text;
};

test("the example of a filter is about these runs", () => {
  const rmse = column("metrics.rmse", "Metrics", "lower");
  const f1 = column("metrics.f1 score", "Metrics", "higher");
  const lr = column("params.lr", "Params");

  assert.equal(example([rmse], ["–"], ["61.78"]), "rmse < 70");
  assert.equal(example([lr, f1], ["0.1", "0.9684"]), "`f1 score` > 0.9");
  assert.equal(example([lr], ["0.1"]), "lr = 0.1");
  assert.equal(example([rmse], ["–"]), undefined);
  assert.equal(example([rmse]), undefined);
});
