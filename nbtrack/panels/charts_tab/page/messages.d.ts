// What messages.py declares: written by `python -m tests.page.message_types`.

export type Bounds = number[] | string[];

/** `shown` are the metrics that have a chart, null: those with most to show. Of each list in `together` the first metric has the chart, and the others are on it. */
export interface Layout {
  x: "step" | "relative" | "time";
  log: boolean;
  smoothing: number;
  shown: string[] | null;
  together: string[][];
}

/** What an experiment is to remember; null: nothing. */
export interface LayoutKept {
  experiment: string;
  layout: Layout | null;
}

/** `places` are the colours of runs; `layout` null is as the experiment remembers it; `only` is the one metric that is to be seen now, "" for those of the layout. */
export interface LinesAsked {
  layout: Layout | null;
  only: string;
  zoom: [number, number] | null;
  runs: string[];
  places: Record<string, number>;
}

export interface ChartedRun {
  id: string;
  label: string;
  place: number;
  colour: string;
  dash: number[];
}

export interface ChartedMetric {
  key: string;
  curve: boolean;
}

/** Texts: each code is a place among `values`. */
export interface CodedColumn {
  values: string[];
  codes: number[];
}

export interface PackedRows {
  length: number;
  columns: Record<string, Array<string | number | "NaN" | "Infinity" | "-Infinity" | null> | CodedColumn>;
}

/** Another metric on a chart, and how its lines are dashed. */
export interface Beside {
  key: string;
  dash: number[];
}

/** `spec` is null, or left out, where the page has one of that `form`. */
export interface MetricChart {
  key: string;
  kind: "lines" | "bars" | "none";
  form: string;
  spec?: Record<string, any> | null;
  rows: PackedRows | any[];
  beside: Beside[];
  description: string;
  note: string;
}

export interface Charts {
  view?: string;
  runs: ChartedRun[];
  metrics: ChartedMetric[];
  charts: MetricChart[];
  layout: Layout;
  words: string;
  note: string;
}

/** What is left out the kernel chooses; `colour` "" is by run. */
export interface ScatterAsked {
  x?: string;
  y?: string;
  colour?: string;
  places: Record<string, number>;
}

export interface ParallelAsked {
  axes?: string[];
  places: Record<string, number>;
}

export interface ImportanceAsked {
  metric?: string;
  places: Record<string, number>;
}

export interface ScatterChosen {
  x: string;
  y: string;
  colour: string;
}

export interface ParallelChosen {
  axes: string[];
}

export interface ImportanceChosen {
  metric: string;
}

export interface Scatter {
  form: string;
  spec: Record<string, any>;
  rows: PackedRows;
  note: string;
  chosen: ScatterChosen;
}

export interface Parallel {
  form: string;
  spec: Record<string, any>;
  rows: PackedRows;
  note: string;
  chosen: ParallelChosen;
}

export interface Importance {
  form: string;
  spec: Record<string, any>;
  rows: PackedRows;
  note: string;
  chosen: ImportanceChosen;
  n: number;
  r2: number | null;
  method: string;
}

/** Of a scatter `ranges` by column; of parallel coordinates the rest; nothing: no brush. */
export interface BrushAsked {
  ranges?: Record<string, Bounds>;
  axes?: string[];
  x?: Bounds;
  y?: Bounds;
}

export interface Brushed {
  ids: string[];
  value: Record<string, Bounds>;
}
