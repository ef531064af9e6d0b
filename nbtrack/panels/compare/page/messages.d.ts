// What messages.py declares: written by `python -m tests.page.message_types`.

export type CellValue = [string, string, string, boolean];

export type Sign = "=" | "~" | "-" | "+";

export type SignedLine = [Sign, string | null, string | null];

export type FileChanges = TableChanges | TextChanges | NoChanges;

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

export interface CausesAsked {
  before: string;
  after: string;
}

/** `lines` of a text that changed; of a very long one the first. */
export interface CauseChange {
  sign: Sign;
  key: string;
  before: string;
  after: string;
  note: string;
  lines: SignedLine[];
  isCut: boolean;
}

/** A part of where the runs came from; `more` changes are past what is shown. */
export interface Cause {
  part: string;
  title: string;
  changes: CauseChange[];
  more: number;
}

/** The likeliest cause first; `harmless` cannot have moved a number, `doubts` say what was not proven to be the same, `gaps` what was not captured, `same` what is. */
export interface Causes {
  causes: Cause[];
  harmless: Cause[];
  doubts: string[];
  gaps: string[];
  same: string[];
}

export interface FilesAsked {
  runs: string[];
}

/** A path, and the runs that have a file there; `isSame` in all of them. */
export interface SharedFile {
  path: string;
  kind: "picture" | "text";
  runs: string[];
  isSame: boolean;
}

export interface FileAsked {
  path: string;
  before: string;
  after: string;
}

export interface ChangedColumn {
  name: string;
  sign: Sign;
  isNumber: boolean;
}

/** `number` counts from 1 in the table that has the row; cells are [text, what it was]. */
export interface ChangedRow {
  sign: Sign;
  number: number;
  cells: Array<[string, string | null]>;
}

/** Only rows that differ, `more` of them past what is shown; columns of the key stand first. */
export interface TableChanges {
  kind: "table";
  words: string;
  key: string[];
  columns: ChangedColumn[];
  rows: ChangedRow[];
  more: number;
}

export interface TextChanges {
  kind: "text";
  words: string;
  lines: SignedLine[];
}

/** Why there is nothing to see. */
export interface NoChanges {
  kind: "none";
  words: string;
}
