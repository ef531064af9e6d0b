import assert from "node:assert/strict";
import test from "node:test";

import { firstLook, modelFolders } from "../../nbtrack/panels/artifacts/page/artifact_tree.js";

const files = (...paths) => paths.map((path) => ({ path, state: "" }));

test("the picture is looked at first, else the table", () => {
  assert.equal(firstLook(files("a.csv", "notes.md", "plots/curve.PNG")), "plots/curve.PNG");
  assert.equal(firstLook(files("MLmodel.txt", "notes.md", "scores.parquet")), "scores.parquet");
});

test("what is in a model is not what somebody came to see", () => {
  const found = files("model/MLmodel", "model/conda.yaml", "model/data/table.csv");
  assert.equal(firstLook(found), null);
  assert.equal(firstLook([...found, ...files("report.html")]), "report.html");
  assert.deepEqual(modelFolders(found), new Set(["model"]));
});

test("a file that is gone is not looked at", () => {
  assert.equal(firstLook([{ path: "a.png", state: "missing" }, ...files("b.png")]), "b.png");
});
