// What messages.py declares: written by `python -m tests.page.message_types`.

export type CellValue = [string, string, string, boolean];

export type Sign = "=" | "~" | "-" | "+";

export interface CompareStart {
  runs: string[];
  baseline: string | null;
}

/** `stamp` is that of the answer the page has, or "". */
export interface CompareAsked {
  runs: string[];
  baseline: string;
  stamp: string;
}

/** The page has it already. */
export interface Unchanged {
  stamp: string;
}

/** A run over its column. */
export interface RunHead {
  run_id: string;
  label: string;
  status: string;
  age: string;
  duration: string;
  experiment: string;
  colour: string;
  is_hollow: boolean;
  is_deleted: boolean;
  has_source: boolean;
}

export interface SectionLine {
  key: string;
  values: CellValue[];
  differs: boolean;
}

/** `more` lines are past what is shown at all; one that is folded waits to be opened. */
export interface Section {
  name: string;
  title: string;
  lines: SectionLine[];
  more: number;
  isFolded: boolean;
}

/** `baseline` is a place among `runs`; a short one need not leave out what is equal. */
export interface Comparison {
  stamp: string;
  runs: RunHead[];
  baseline: number;
  isShort: boolean;
  sections: Section[];
}

export interface SourceAsked {
  before: string;
  after: string;
}

/** [sign, before, after] */
export interface SourceLines {
  lines: Array<[Sign, string | null, string | null]>;
  isCut: boolean;
}

export interface PicturesAsked {
  runs: string[];
}

/** A path, and the runs that have a picture there. */
export interface SharedPicture {
  path: string;
  runs: string[];
}
