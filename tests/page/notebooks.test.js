import assert from "node:assert/strict";
import test from "node:test";

import { pathBelow } from "../../nbtrack/jupyter/data/labextensions/nbtrack/static/notebooks.js";

const PLACES = [
  ["/home/ada", "/home/ada/deep/heron.ipynb", "deep/heron.ipynb"],
  ["/", "/heron.ipynb", "heron.ipynb"],
  ["/home/ada", "/home/adam/heron.ipynb", null],
  ["/home/ada", "/home/ada/odd\\heron.ipynb", "odd\\heron.ipynb"],
  ["C:\\Users\\ada", "C:\\Users\\ada\\deep\\heron.ipynb", "deep/heron.ipynb"],
  ["C:\\Users\\ada", "C:/Users/ada/heron.ipynb", "heron.ipynb"],
  ["D:\\", "D:\\heron.ipynb", "heron.ipynb"],
  ["\\\\share\\ada", "\\\\share\\ada\\heron.ipynb", "heron.ipynb"],
  ["C:\\Users\\ada", "D:\\heron.ipynb", null],
];

test("a notebook has its path below the folder of JupyterLab, on Windows too", () => {
  const found = PLACES.map(([root, notebook]) => pathBelow(root, notebook));

  assert.deepEqual(
    found,
    PLACES.map(([, , path]) => path),
  );
});
