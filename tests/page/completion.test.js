import assert from "node:assert/strict";
import test from "node:test";

import {
  completed,
  isHalfAComparison,
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
  assert.deepEqual(offersFor(KEYS, "metrics.lo"), ["metrics.loss"]);
  assert.deepEqual(offersFor(KEYS, "lr > 1 and st"), [
    "status",
    "started",
    "start_time",
    "lifecycle_stage",
  ]);
  assert.deepEqual(offersFor(KEYS, "status = 1 and los"), ["loss", "`val loss`"]);
});

test("keys need no prefix, and the runs' own come before the header's names", () => {
  assert.deepEqual(offersFor(KEYS, "te").slice(0, 1), ["team"]);
  assert.deepEqual(offersFor(KEYS, "u").at(0), "user");
  assert.deepEqual(offersFor(KEYS, "na"), ["name", "run_name"]);
  assert.deepEqual(offersFor(KEYS, "par"), ["params.lr", 'params."odd`key"']);
});

test("a key of two kinds, and one that is called like a part of the header, keeps its prefix", () => {
  const twice = { ...KEYS, params: [key("loss"), key("name")] };

  assert.deepEqual(offersFor(twice, "loss"), ["metrics.loss", "params.loss", "`val loss`"]);
  assert.deepEqual(offersFor(twice, "nam"), ["params.name", "name", "run_name"]);
});

test("tags of the machinery come last", () => {
  const tagged = { ...KEYS, tags: [key("mlflow.user"), key("user_group")] };

  assert.deepEqual(offersFor(tagged, "user"), ["user_group", "user", "user_id", "mlflow.user"]);
});

test("a key that is begun or whole is no word to look for yet", () => {
  const texts = ["los", "lr > 1 loss ", "metrics.", "`val lo", "sta", "otter", "loss > 1", "ss"];

  assert.deepEqual(
    texts.filter((text) => isHalfAComparison(KEYS, text)),
    ["los", "lr > 1 loss ", "metrics.", "`val lo", "sta"],
  );
});

test("nothing is offered inside of quotes, and nothing for a key that is whole", () => {
  assert.deepEqual(offersFor(KEYS, "params.lr = 'te"), []);
  assert.deepEqual(offersFor(KEYS, '"grid search" "los'), []);
  assert.deepEqual(offersFor(KEYS, `"it's" los`)[0], "loss");
  assert.deepEqual(offersFor(KEYS, "run_name"), []);
  assert.deepEqual(offersFor(KEYS, "status = "), []);
  assert.deepEqual(offersFor(KEYS, "otter"), []);
});

test("odd keys are quoted as the filter language needs it", () => {
  assert.equal(offersFor(KEYS, "odd")[0], '"odd`key"');
  assert.equal(offersFor(KEYS, "val")[0], "`val loss`");
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

test("the condition of a group joins what is filtered already", () => {
  assert.equal(joinedFilter("", "tags.a = '1'"), "tags.a = '1'");
  assert.equal(joinedFilter("lr > 1", "tags.a = '1'"), "lr > 1 and tags.a = '1'");
  assert.equal(joinedFilter("lr > 1 OR lr < 0", "x = 1"), "(lr > 1 OR lr < 0) and x = 1");
});
