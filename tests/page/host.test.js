// What a panel's line says where its kernel is gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PanelHost } from "../../nbtrack/panels/shared/page/panel_host.js";

/** An element, as far as the line needs one. */
class Part extends EventTarget {
  attributes = new Map();
  classList = { add: () => {} };
  textContent = "";

  setAttribute(name, value) {
    this.attributes.set(name, value);
  }
}

/** A line to a kernel that `send` stands for, and what it hears when the page is left. */
function opened(send) {
  globalThis.window = new EventTarget();
  globalThis.document = { createElement: () => new Part() };
  const model = { send, on: () => {}, off: () => {}, get: () => 0 };
  return new PanelHost(model, new Part());
}

test("a question that cannot be sent is answered, and nobody waits for the kernel", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const host = opened(() => {
    throw new Error("Cannot send");
  });
  await assert.rejects(host.ask("select", { runs: [] }), /kernel was restarted/);
  t.mock.timers.tick(60_000);

  assert.equal(host.waiting.size, 0);
  assert.equal(host.root.attributes.get("aria-busy"), "false");
  assert.equal(host.status.textContent, "");
});

test("of a kernel that is gone nobody takes leave", () => {
  const sent = [];
  const host = opened((message) => sent.push(message.do));
  host.kernelLost();
  window.dispatchEvent(new Event("pagehide"));

  assert.deepEqual(sent, ["opened"]);
});

test("a second question is sent behind the frame, and nobody is told that it waits", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const frames = [];
  globalThis.requestAnimationFrame = (draw) => frames.push(draw);
  const sent = [];
  const host = opened(({ with: args }) => args.runs && sent.push(args.runs));
  for (const runs of [["old"], ["new"]]) {
    host.ask("sparklines", { runs, keys: [] }, { latest: "sparklines", isSecond: true });
  }
  assert.deepEqual([sent, host.root.attributes.get("aria-busy")], [[], "true"]);
  for (const draw of frames) draw();
  t.mock.timers.tick(1);

  assert.deepEqual(sent, [["new"]]); // the one before is late
  t.mock.timers.tick(60_000);
  assert.equal(host.status.textContent, "");
  host.ask("select", { runs: [] });
  t.mock.timers.tick(60_000);
  assert.equal(host.status.textContent, "waiting for the kernel");
});
