import assert from "node:assert/strict";
import test from "node:test";

import {
  ageWords,
  duration,
  grouped,
  plural,
  shortNumber,
  wordsOf,
} from "../../nbtrack/panels/shared/page/formats.js";

test("counts have a comma at each thousand", () => {
  assert.deepEqual([0, 999, 1204, 1234567].map(grouped), ["0", "999", "1,204", "1,234,567"]);
});

test("a noun has an s but for one", () => {
  assert.deepEqual(
    [0, 1, 2000].map((count) => plural(count, "run")),
    ["0 runs", "1 run", "2,000 runs"],
  );
});

test("numbers in a tooltip have four digits, and whole ones all of theirs", () => {
  const shown = [0.123456, 12345.678, 42000, 0.00001234, 123456789.5].map(shortNumber);

  assert.deepEqual(shown, ["0.1235", "12350", "42,000", "1.234e-5", "1.235e+8"]);
});

test("a time is told in the units that people use", () => {
  const shown = [0.1234, 59, 61, 3599.6, 3725].map(duration);

  assert.deepEqual(shown, ["0.123 s", "59 s", "1 min 1 s", "1 h 0 min", "1 h 2 min"]);
});

test("an age grows from unit to unit", () => {
  const day = 86400;
  const shown = [1, 59, 60, 7200, 2 * day, 30 * day, 800 * day].map(ageWords);

  assert.deepEqual(shown, [
    "just now",
    "59 s ago",
    "1 min ago",
    "2 h ago",
    "2 d ago",
    "4 w ago",
    "2 y ago",
  ]);
});

test("whatever is thrown has words", () => {
  assert.deepEqual([new Error("no"), "gone", undefined].map(wordsOf), ["no", "gone", "undefined"]);
});
