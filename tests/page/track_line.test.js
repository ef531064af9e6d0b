import assert from "node:assert/strict";
import test from "node:test";

import { partsOf } from "../../nbtrack/jupyter/data/labextensions/nbtrack/static/track_line.js";

/** @param {string} text */
const read = (text) => partsOf(text).map(({ kind, from, to }) => [kind, text.slice(from, to)]);

/** By text, what follows the magic.
 *  @type {Record<string, string[][]>} */
const LINES = {
  "%%track first try": [
    ["name", "first"],
    ["name", "try"],
  ],
  "%%track lr=0.1 sizes=[64, 64] --quiet": [
    ["key", "lr="],
    ["value", "0.1"],
    ["key", "sizes="],
    ["value", "[64, 64]"],
    ["option", "--quiet"],
  ],
  "%%track --note 'is it better?' a --tag stage=dev b": [
    ["option", "--note"],
    ["value", "'is it better?'"],
    ["name", "a"],
    ["option", "--tag"],
    ["key", "stage="],
    ["value", "dev"],
    ["name", "b"],
  ],
  "%%track -e=wine --artifacts *.png *.csv --live x": [
    ["option", "-e="],
    ["value", "wine"],
    ["option", "--artifacts"],
    ["value", "*.png"],
    ["value", "*.csv"],
    ["option", "--live"],
    ["name", "x"],
  ],
  "%%track --naem x -- --quiet it's": [
    ["unknown", "--naem"],
    ["name", "x"],
    ["name", "--"],
    ["name", "--quiet"],
    ["name", "it's"],
  ],
  "%%track depth= 'a b'=1 x={cfg['my lr']} \"half 'tis": [
    ["key", "depth="],
    ["key", "'a b'="],
    ["value", "1"],
    ["key", "x="],
    ["value", "{cfg['my lr']}"],
    ["value", '"half'],
    ["name", "'tis"],
  ],
  "%track on --no-infer": [
    ["command", "on"],
    ["name", "--no-infer"],
  ],
  "%%track on": [["name", "on"]],
  "%runs accuracy > 0.9 --sort f1 --deep": [
    ["name", "accuracy"],
    ["name", ">"],
    ["name", "0.9"],
    ["option", "--sort"],
    ["value", "f1"],
    ["unknown", "--deep"],
  ],
  "%registry --odd": [["name", "--odd"]],
};

test("a line has its parts, as Python reads it", () => {
  for (const [text, parts] of Object.entries(LINES)) {
    assert.deepEqual(read(text).slice(1), parts, text);
  }
});

test("the line stands below comments, and goes on behind a backslash", () => {
  assert.deepEqual(read("# why\n\n%%track a \\\n  --quiet"), [
    ["magic", "%%track"],
    ["name", "a"],
    ["option", "--quiet"],
  ]);
});

test("other lines have none", () => {
  for (const text of ["", "x = 1", "%%time", "%%track?", "%%tracked", "x\n%%track", "% track"]) {
    assert.deepEqual(read(text), [], text);
  }
});

test("no line takes long", () => {
  for (const unit of ["{a}", "{", "[", "'", '"\\', "a=", "--", "# \n", "{a=", "'a'='"]) {
    const begun = process.cpuUsage();
    partsOf(`%%track ${unit.repeat(1000)}`);
    partsOf(unit.repeat(1000));
    assert.ok(process.cpuUsage(begun).user < 500_000, unit);
  }
});
