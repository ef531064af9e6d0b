// The Compare tab of the runs panel: the ticked runs.

import { grouped } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { CompareView } from "./compare.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

const TICKING_PAUSE = 150; // milliseconds

export const compareTab = { name: "compare", label: compareLabel, mount: mountCompareTab };

/** @param {RunsState} state */
function compareLabel(state) {
  return state.ticked.length > 0 ? `Compare ${grouped(state.ticked.length)}` : "Compare";
}

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountCompareTab(host, el, state) {
  const view = new CompareView(host, el, { colourOf: (runId) => state.colourOf(runId) });
  let isShown = false;
  const update = () => {
    if (isShown) view.show(state.ticked);
  };
  /** @param {boolean} isNow */
  const turn = (isNow) => {
    isShown = isNow;
    update();
  };
  state.on("ticked", afterPause(TICKING_PAUSE, update));
  host.onPush("page", update); // something was written: also to these runs, perhaps
  return {
    shown: () => turn(true),
    hidden: () => turn(false),
    close: () => view.close(),
  };
}
