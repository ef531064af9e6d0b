// The address of a page says what is shown, and nothing that one writes there breaks it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, isAnotherPage, placeOf } from "../../nbtrack/panels/frame/page/address.js";

const at = (address) => placeOf(new URL(address, "http://localhost"));
const begin = at("/runs").runs.asked;
const full = {
  ...begin,
  experiments: ["3", "17"],
  filter: "metrics.f1 > 0.9 and tags.note like '%a&b=c#d%'",
  quick: { "params.a=b": "> 1", run_name: "é 🐦" },
  sort: [
    ["metrics.val/loss", true],
    ["params.-odd", false],
  ],
  page: 2,
  group: "params.lr",
  columns: ["run_name", "metrics.a,b"],
  unfolded: { abc: 50 },
  flat: false,
  deleted: true,
};

test("what it says is what is shown", () => {
  for (const place of [
    { view: "runs", runs: { asked: full, ticked: ["r1", "r2"], tab: "charts" } },
    { view: "runs", runs: { asked: begin, ticked: [], tab: "runs" } },
    { view: "models", model: "a name/with % and ?" },
    { view: "models", model: null },
  ])
    assert.deepEqual(at(addressOf(place)), place);
});

test("what is usual is not said", () => {
  assert.equal(addressOf(at("/")), "/runs");
  assert.equal(addressOf(at("/runs?sort=-metrics.f1")), "/runs?sort=-metrics.f1");
});

test("nothing that is written there breaks it", () => {
  for (const said of [
    "?quick=[1]&unfolded=x&page=-3",
    "?page=NaN&flat=&sort=&quick=null",
    "?%=%",
  ]) {
    const { asked } = at(`/runs${said}`).runs;
    assert.deepEqual([asked.quick, asked.unfolded, asked.page, asked.sort], [{}, {}, 0, []]);
  }
  assert.equal(at("/models/%E0%A4%A").model, "%E0%A4%A");
});

test("one comes back to another page, not to another tick or column", () => {
  const place = (changes, ticked = []) => ({
    view: "runs",
    runs: { asked: { ...begin, ...changes }, ticked, tab: "runs" },
  });
  assert.equal(isAnotherPage(place({}), place({ filter: "f1 > 0" })), true);
  assert.equal(isAnotherPage(place({}), place({ page: 1 })), true);
  assert.equal(isAnotherPage(place({}), place({ columns: ["run_name"] }, ["r1"])), false);
  assert.equal(isAnotherPage(place({}), { view: "models", model: null }), true);
});
