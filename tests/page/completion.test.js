import assert from "node:assert/strict";
import test from "node:test";

import {
  completed,
  isBareWord,
  joinedFilter,
  offersFor,
} from "../../nbtrack/panels/runs/page/completion.js";

const key = (name) => ({ key: name, runs: 1, number: true, differs: true });
const KEYS = {
  metrics: [key("f1"), key("val loss"), key("loss")],
  params: [key("lr"), key("odd`key")],
  tags: [key("team")],
  experiments: [],
};

test("what begins like the word before the cursor comes before what only has it in it", () => {
  assert.deepEqual(offersFor(KEYS, "metrics.l"), ["metrics.loss"]);
  assert.deepEqual(offersFor(KEYS, "lr > 1 and st"), ["status", "start_time"]);
  assert.deepEqual(offersFor(KEYS, "status = 1 and loss"), ["metrics.`val loss`", "metrics.loss"]);
});

test("a word that is no key is offered as a name", () => {
  assert.deepEqual(offersFor(KEYS, "otter"), ["run_name ILIKE '%otter%'"]);
});

test("nothing is offered inside of quotes, and nothing for a key that is whole", () => {
  assert.deepEqual(offersFor(KEYS, "params.lr = 'te"), []);
  assert.deepEqual(offersFor(KEYS, "run_name"), []);
  assert.deepEqual(offersFor(KEYS, "status = "), []);
});

test("odd keys are quoted as the filter language needs it", () => {
  assert.equal(offersFor(KEYS, "odd")[0], 'params."odd`key"');
  assert.equal(offersFor(KEYS, "val")[0], "metrics.`val loss`");
});

test("at most nine keys are offered", () => {
  const many = { ...KEYS, metrics: Array.from({ length: 50 }, (_, n) => key(`acc${n}`)) };

  assert.equal(offersFor(many, "metrics.acc").length, 9);
});

test("a choice takes the place of the word before the cursor", () => {
  assert.deepEqual(completed("lr > 1 and sta > 2", 14, "status"), {
    text: "lr > 1 and status > 2",
    cursor: 18,
  });
});

test("a name takes the place of all that is typed", () => {
  const name = "run_name ILIKE '%otter%'";

  assert.deepEqual(completed("otter", 5, name), { text: `${name} `, cursor: name.length + 1 });
});

test("a bare word is none of the keys, and no beginning of a filter", () => {
  const words = ["otter", "calm-otter-91", "status", "metrics", "a", "lr > 1"];

  assert.deepEqual(words.filter(isBareWord), ["otter", "calm-otter-91"]);
});

test("the condition of a group joins what is filtered already", () => {
  assert.equal(joinedFilter("", "tags.a = '1'"), "tags.a = '1'");
  assert.equal(joinedFilter("lr > 1", "tags.a = '1'"), "lr > 1 and tags.a = '1'");
  assert.equal(joinedFilter("lr > 1 OR lr < 0", "x = 1"), "(lr > 1 OR lr < 0) and x = 1");
});
