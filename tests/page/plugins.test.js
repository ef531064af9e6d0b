import assert from "node:assert/strict";
import test from "node:test";

import { pluginsWith } from "../../nbtrack/jupyter/data/labextensions/nbtrack/static/extension.js";

/** What a JupyterLab shares that is without one module.
 *  @param {string} missing @returns {(name: string) => Promise<any>} */
const sharing = (missing) => async (name) => {
  if (name === missing) throw new Error(`${name} is not shared`);
  return {};
};

/** @param {string} missing */
const idsWithout = async (missing) =>
  (await pluginsWith(sharing(missing))).map(({ id }) => id.replace("nbtrack:", ""));

test("without CodeMirror there are no colours, and all else", async () => {
  const rest = ["panels", "side", "marks"];

  assert.deepEqual(await idsWithout("@codemirror/view"), rest);
  assert.deepEqual(await idsWithout("none"), [...rest, "colours"]);
});
