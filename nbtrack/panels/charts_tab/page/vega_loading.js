// Vega: one bundle per page. It is the kernel's answer to "vega", and is kept on the window for all
// panels of the page, whichever kernel they belong to.

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { VegaModule, VegaSlot } from "./chart_types.d.ts" */

const PATIENCE = 500; // milliseconds, before it is seen whether who asked is still there

/** Vega, once per page. If the panel that asked is closed meanwhile, another one asks.
 *  @param {PanelHost} host @returns {Promise<VegaModule>} */
export async function loadVega(host) {
  const slot = sharedSlot();
  while (!slot.module) {
    if (!slot.pending || !slot.owner || slot.owner.isClosed || slot.owner.isLost) {
      slot.owner = host;
      slot.pending = askVega(host, slot);
    }
    await Promise.race([slot.pending, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  }
  return slot.module;
}

/** Unasked: from a kernel that cannot answer while a cell runs.
 *  @param {string} text */
export function offerVega(text) {
  const slot = sharedSlot();
  if (!slot.module) takeVega(slot, text).catch(() => {});
}

/** @returns {VegaSlot} */
function sharedSlot() {
  const page = /** @type {{ nbtrackVega?: VegaSlot }} */ (window);
  page.nbtrackVega ??= {};
  return page.nbtrackVega;
}

/** @param {PanelHost} host @param {VegaSlot} slot */
async function askVega(host, slot) {
  try {
    await takeVega(slot, await host.ask("vega", {}));
  } catch (error) {
    slot.pending = null;
    throw error;
  }
}

/** @param {VegaSlot} slot @param {string} text */
async function takeVega(slot, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const module = await import(/* webpackIgnore: true */ url);
  slot.module ??= module;
  URL.revokeObjectURL(url);
}
