// The Compare tab of the runs panel: the ticked runs.

import { afterPause, grouped } from "../../shared/page/dom.js";
import { CompareView } from "./compare.js";

const TICKING_PAUSE = 150; // milliseconds

export const compareTab = { name: "compare", label: compareLabel, mount: mountCompareTab };

function compareLabel(state) {
  return state.ticked.length > 0 ? `Compare ${grouped(state.ticked.length)}` : "Compare";
}

function mountCompareTab(host, el, state) {
  const view = new CompareView(host, el, { colourOf: (runId) => state.colourOf(runId) });
  let isShown = false;
  const update = () => isShown && view.show(state.ticked);
  state.on("ticked", afterPause(TICKING_PAUSE, update));
  host.onPush("page", update); // something was written: also to these runs, perhaps
  return {
    shown: () => ((isShown = true), update()),
    hidden: () => (isShown = false),
    close: () => view.close(),
  };
}
