// Which runs a page offers to change, as far as its state says it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RunsState } from "../../nbtrack/panels/runs/page/runs_state.js";

/** A state whose questions are only written down. */
function begun() {
  const asked = [];
  const host = {
    onPush: () => {},
    ask: (name, args) => {
      asked.push([name, args]);
      return Promise.resolve({ wrong: { filter: "", quick: {} } });
    },
  };
  const start = {
    state: { experiments: ["1"], columns: null, quick: {}, sort: [] },
    selected: [],
    palette: [],
  };
  return { asked, state: new RunsState(host, start) };
}

/** @param {string[]} readOnly @param {Array<[id: string, experiment: string]>} rows */
function page(readOnly, ...rows) {
  return { readOnly, rows: rows.map(([id, experiment]) => ({ id, experiment })) };
}

test("a run of another page stays what it was there", () => {
  const { state } = begun();
  state.noteRights(page(["2"], ["a", "1"], ["b", "2"]));
  state.noteRights(page([], ["c", "3"]));
  assert.deepEqual([...state.readOnly], ["b"]);
});

test("who may change a run now is offered it, and who may no more is not", () => {
  const { state } = begun();
  state.noteRights(page(["2"], ["a", "1"], ["b", "2"]));
  state.noteRights(page(["1"], ["a", "1"], ["b", "2"]));
  assert.deepEqual([...state.readOnly], ["a"]);
});

test("children that were on no page are known for what they are when they are ticked", () => {
  const { state } = begun();
  state.noteRights(page(["2"], ["parent", "2"]));
  state.tickChildren({ ids: ["a", "b"], readOnly: ["a"] });
  assert.deepEqual([...state.readOnly], ["parent", "a"]);
  assert.deepEqual(state.ticked, ["a", "b"]);
});

test("groups have no rows, and say nothing of runs", () => {
  const { state } = begun();
  state.noteRights(page(["2"], ["b", "2"]));
  state.noteRights({ readOnly: [] });
  assert.deepEqual([...state.readOnly], ["b"]);
});

test("columns are chosen for now where they are not remembered", async () => {
  const { state, asked } = begun();
  for (const keepsChoices of [false, true]) {
    state.page = { keepsChoices, columns: [], pinned: [] };
    await state.chooseColumns({ columns: ["run_name"] });
  }
  assert.deepEqual(
    asked.map(([name]) => name),
    ["page", "columns", "page"],
  );
});
