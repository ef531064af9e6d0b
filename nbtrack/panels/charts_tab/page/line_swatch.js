// Pieces of line that say how something is drawn.

import { h } from "../../shared/page/dom.js";

/** A piece of line of the colour of the words, as a metric is drawn beside a chart's own.
 *  @param {number[]} dash */
export function dashSwatch(dash) {
  return lineSwatch({ colour: "currentColor", dash });
}

/** A piece of line as a run is drawn with: colour and dash.
 *  @param {{ colour: string, dash: number[] }} look */
export function lineSwatch({ colour, dash }) {
  const line = h("line", {
    x1: 1,
    y1: 5,
    x2: 23,
    y2: 5,
    stroke: colour,
    "stroke-width": 3,
    "stroke-dasharray": dash.length ? dash.join(" ") : null,
  });
  return h("svg", { class: "nbt-line-swatch", viewBox: "0 0 24 10", "aria-hidden": "true" }, line);
}
