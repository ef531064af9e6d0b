import assert from "node:assert/strict";
import test from "node:test";

import { foldersOf, nameOf, treeOf } from "../../nbtrack/panels/artifacts/page/artifact_tree.js";
import {
  numbered,
  oneBelowTheOther,
  piecesOf,
} from "../../nbtrack/panels/compare/page/code_lines.js";
import { countWords, foundModels } from "../../nbtrack/panels/registry/page/model_search.js";
import {
  archives,
  gateWords,
  usualMove,
  whyNotYet,
} from "../../nbtrack/panels/registry/page/move_words.js";

// --- the cells of two runs

const equal = (count) => Array.from({ length: count }, (_, n) => ["=", `${n}`, `${n}`]);

test("lines are numbered on the sides where they are", () => {
  const lines = numbered([
    ["=", "a", "a"],
    ["-", "b", null],
    ["~", "c", "d"],
    ["+", null, "e"],
  ]);

  assert.deepEqual(
    lines.map(({ left, right }) => [left, right]),
    [
      [1, 1],
      [2, ""],
      [3, 2],
      ["", 3],
    ],
  );
});

test("what is far from any change is folded, three lines around it are not", () => {
  const lines = numbered([...equal(10), ["-", "x", null], ...equal(4)]);

  assert.deepEqual(
    piecesOf(lines).map(({ isFolded, lines: { length } }) => [isFolded, length]),
    [
      [true, 7],
      [false, 7],
      [false, 1], // a single line takes no more room than its fold
    ],
  );
});

test("one below the other: all that went, then all that came", () => {
  const lines = numbered([
    ["~", "a", "A"],
    ["~", "b", "B"],
    ["=", "c", "c"],
    ["+", null, "d"],
  ]);

  assert.deepEqual(
    oneBelowTheOther(lines).map(({ sign, left, right }) => `${sign}${left}|${right}`),
    ["-1|", "-2|", "+|1", "+|2", "=3|3", "+|4"],
  );
});

// --- artifacts

test("files stand in their folders, which know how many are below them", () => {
  const paths = ["model/a.txt", "model/data/b.txt", "c.txt"];
  const root = treeOf(paths.map((path) => ({ path })));
  const model = root.folders.get("model");

  assert.equal(root.count, 3);
  assert.deepEqual([model.count, model.files.length, model.path], [2, 1, "model"]);
  assert.equal(model.folders.get("data").path, "model/data");
  assert.deepEqual(foldersOf("a/b/c.txt"), ["a", "a/b"]);
  assert.deepEqual(["a/b/c.txt", "c.txt"].map(nameOf), ["c.txt", "c.txt"]);
});

// --- the registry

test("a model is found by words of its name, description, aliases and stages", () => {
  const models = [
    { name: "churn", description: "who leaves", aliases: [["champion", "3"]], in_use: [] },
    { name: "fraud", description: "", aliases: [], in_use: [["Production", "1"]] },
  ];
  const names = (query) => foundModels(models, query).map(({ name }) => name);

  assert.deepEqual(names("LEAVES champ"), ["churn"]);
  assert.deepEqual(names("production"), ["fraud"]);
  assert.deepEqual(names(" "), ["churn", "fraud"]);
  assert.deepEqual([countWords(1, 1), countWords(1, 2000)], ["1 model", "1 of 2,000 models"]);
});

const check = { stage: "Production", needsReason: true, gate: null, archives: true, others: ["3"] };
const move = { check, reason: "", override: false, trouble: "" };
const closed = { ...check, needsReason: false, gate: { isPassed: false, isKnown: true } };

test("a move is confirmed only with what it needs", () => {
  assert.equal(whyNotYet({ ...move, check: null }), "Asking the gate…");
  assert.equal(whyNotYet({ ...move, check: null, trouble: "no" }), "It could not be checked.");
  assert.match(whyNotYet(move), /Production needs a reason/);
  assert.equal(whyNotYet({ ...move, reason: "better" }), "");
  assert.equal(whyNotYet({ ...move, reason: "better", isSent: true }), "Moving…");
});

test("a closed gate can be overridden, with a reason", () => {
  assert.equal(whyNotYet({ ...move, check: closed }), "The gate is closed.");
  assert.match(whyNotYet({ ...move, check: closed, override: true }), /overriding a gate/);
  assert.equal(whyNotYet({ ...move, check: closed, override: true, reason: "urgent" }), "");
});

test("a gate that only the server can ask holds up nothing", () => {
  const asked = { ...check, needsReason: false, gate: { isPassed: false, isKnown: false } };

  assert.equal(whyNotYet({ ...move, check: asked }), "");
  assert.match(whyNotYet({ ...move, check: asked, override: true }), /overriding a gate/);
  assert.deepEqual([{ isPassed: true }, closed.gate, asked.gate].map(gateWords), [
    "Gate passed",
    "Gate not passed",
    "The gate is asked when it is moved",
  ]);
});

test("others make room only where there are any, and if it is wanted", () => {
  assert.equal(archives({ check, archive: true }), true);
  assert.equal(archives({ check, archive: false }), false);
  assert.equal(archives({ check: { ...check, others: [] }, archive: true }), false);
  assert.equal(archives({ check: null, archive: true }), false);
  assert.deepEqual(["None", "Staging", "canary"].map(usualMove), [
    "Staging",
    "Production",
    "Production",
  ]);
});
