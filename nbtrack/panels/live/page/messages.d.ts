// What messages.py declares: written by `python -m tests.page.message_types`.

import type { Spoken } from "../../shared/page/questions.d.ts";
import type { Beside } from "../../charts_tab/page/messages.d.ts";

/** Of one metric of one run; what is not `whole` is added to what came before. */
export interface LivePart {
  run: string;
  key: string;
  axis: "step" | "relative";
  whole: boolean;
  x: number[];
  low: Array<number | null>;
  high: Array<number | null>;
  last: Spoken[];
}

export interface LiveRun {
  id: string;
  label: string;
  colour: string;
}

/** Metrics that are drawn together: the one it is called after, and the others. */
export interface LiveChart {
  key: string;
  beside: Beside[];
}

export interface Progress {
  text: string;
  share: number | null;
}

/** What is new, or all of it. `count` grows by one, so that a page sees what it missed. */
export interface Points {
  count: number;
  series: LivePart[];
  runs: LiveRun[];
  charts: LiveChart[];
  status: string;
  progress: Progress;
  left_out: number;
  whole?: boolean;
}

/** By axis; empty until Altair is ready. */
export interface Specs {
  step?: Record<string, any>;
  relative?: Record<string, any>;
}

export interface LiveState {
  specs: Specs;
  points: Points;
}
