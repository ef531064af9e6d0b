// The lines of a live chart: of each of its metrics one a run.

import { shownText } from "../../charts_tab/page/shown_text.js";
import { rowsOf } from "./live_places.js";

/** @import { Row } from "../../charts_tab/page/chart_types.d.ts" */
/** @import { LiveChart, LivePart, LiveRun } from "./messages.d.ts" */
/** @import { Place } from "./live_places.js" */

/** @typedef {{ axis: LivePart["axis"], runs: Map<string, Place[]> }} LiveMetric */

/** @typedef {{ run: string, key: string, label: string, colour: string, dash: number[] }} Line */

/** All that there may be. The colour says which run it is, the dash which metric; the label both,
 *  as far as there are several.
 *  @param {LiveChart} chart @param {LiveRun[]} runs @returns {Line[]} */
export function linesOf(chart, runs) {
  return metricsOf(chart).flatMap(({ key, dash }) =>
    runs.map(({ id, label, colour }) => {
      const both = shownText(runs.length > 1 ? `${label} · ${key}` : key);
      return { run: id, key, label: chart.beside.length ? both : label, colour, dash };
    }),
  );
}

/** @param {LiveChart} chart @returns {{ key: string, dash: number[] }[]} */
export function metricsOf({ key, beside }) {
  return [{ key, dash: [] }, ...beside];
}

/** As the spec of the chart reads them.
 *  @param {Line[]} lines @param {Map<string, LiveMetric>} metrics @returns {Row[]} */
export function rowsOfLines(lines, metrics) {
  return lines.flatMap(({ run, key, label }) =>
    rowsOf({ id: `${run} ${key}`, label }, metrics.get(key)?.runs.get(run) ?? []),
  );
}
