// The runs of a report, by their places in it: `data.py` writes them.

/** null: the run has none. */
export type Column<T> = ReadonlyArray<T | null>;

export interface ReportRuns {
  ids: string[];
  names: Array<string | null>;
  statuses: string[];
  users: Array<string | null>;
  seconds: Column<number>;
  started: Column<number>;
  errors: Column<string>;
  experiments: Column<string>;
  metrics: Map<string, Column<number>>;
  params: Map<string, Column<string>>;
  tags: Map<string, Column<string>>;
}

/** As it is written: NaN and the infinities are words, a column that says the same often has its
 *  values once. */
export interface WrittenRuns {
  ids: string[];
  names: WrittenColumn;
  statuses: WrittenColumn;
  users: WrittenColumn;
  errors: WrittenColumn;
  experiments: WrittenColumn;
  seconds: Array<number | null>;
  started: Array<number | null>;
  metrics: Array<[string, Array<number | string | null>]>;
  params: Array<[string, WrittenColumn]>;
  tags: Array<[string, WrittenColumn]>;
}

export type WrittenColumn = Array<string | null> | { all: Array<string | null>; at: number[] };
