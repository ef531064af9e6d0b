// What messages.py declares: written by `python -m tests.page.message_types`.

import type { MarkdownNode, Spoken } from "../../shared/page/questions.d.ts";

export type Sparklines = Record<string, Record<string, Spoken[]>>;

/** What a view shows; `experiments` null are all, `columns` null those that matter, as many as there is `room` for (params and metrics; 0: not known). `unfolded`: by run, how many of its children; `flat` null is flat where the order is by a metric. */
export interface TableAsked {
  experiments: string[] | null;
  filter: string;
  quick: Record<string, string>;
  sort: Array<[string, boolean]>;
  page: number;
  group: string;
  columns: string[] | null;
  unfolded: Record<string, number>;
  flat: boolean | null;
  deleted: boolean;
  room: number;
}

export interface RunsStart {
  state: TableAsked;
  selected: string[];
  palette: string[];
  dashes: number[][];
}

/** What was typed and is no filter: words, "" for none. */
export interface Wrong {
  filter: string;
  quick: Record<string, string>;
}

/** The page stays as it is. */
export interface Refused {
  wrong: Wrong;
}

export interface SortedAs {
  place: number;
  descending: boolean;
}

/** `isOwn` is false of params and metrics that nobody wrote down by that name. */
export interface TableColumn {
  id: string;
  label: string;
  group: string;
  isNumber: boolean;
  better: "higher" | "lower" | null;
  descendingFirst: boolean;
  sorted: SortedAs | null;
  origin: string;
  isOwn: boolean;
}

/** `sentence` is any text. */
export interface RunWarning {
  kind: string;
  sentence: string;
}

/** `cells`, `titles` and `shares` go by column; `best` are ids of columns. `bestOf`: it shows what the best of so many children has; 0: what it has itself. `error`: why it failed, or was pruned. `reproduced`: what became of it when it was run once more; "": nobody tried. */
export interface RunRow {
  id: string;
  name: string;
  status: string;
  error: string;
  depth: number;
  children: number;
  parent: string | null;
  pinned: boolean;
  baseline: boolean;
  bestOf: number;
  reproduced: string;
  warnings: RunWarning[];
  experiment: string;
  started: number;
  cells: string[];
  titles: Array<string | null>;
  shares: Array<number | null>;
  best: string[];
}

export interface Spread {
  mean: string;
  std: string | null;
  count: number;
}

/** `cells` go by `groupColumns`; `condition` is the filter that leaves only this group. */
export interface GroupRow {
  value: string | null;
  label: string | null;
  runs: number;
  newest: string;
  cells: Array<Spread | null>;
  condition: string | null;
}

/** `part` is that of the Columns menu. */
export interface KnownKey {
  key: string;
  part: "mine" | "measured" | "defaults" | "bookkeeping" | "tags";
  runs: number;
  number: boolean;
  differs: boolean;
}

export interface KnownExperiment {
  id: string;
  name: string;
}

export interface Keys {
  params: KnownKey[];
  metrics: KnownKey[];
  tags: KnownKey[];
  experiments: KnownExperiment[];
}

/** Rows, or groups where the view groups; `keys` where the view has not seen them; `view` where nobody asked. `chosen` are the columns that were asked for, or are remembered; `whyNothing` says which key of the filter no run has, "" for none; `absence` why this may not be all; `isBin`: the runs are deleted ones. `keepsChoices`: columns and charts that the user chooses are remembered; `readOnly` are experiments of these rows whose runs he may not change. */
export interface Page {
  view?: string;
  all: number;
  columns: TableColumn[];
  chosen: string[] | null;
  pinned: string[];
  now: number;
  wrong: Wrong;
  isGlance: boolean;
  whyNothing: string;
  absence: string;
  keepsChoices: boolean;
  readOnly: string[];
  keys?: Keys;
  total: number;
  matching: number;
  page: number;
  pages: number;
  rows?: RunRow[];
  isBin?: boolean;
  isFlat?: boolean;
  hasFamilies?: boolean;
  groups?: GroupRow[];
  groupColumns?: string[];
}

/** To be remembered of these experiments, or, null, of all together; `columns` null: those that matter. What is left out stays as it is in each; `pin` and `unpin` are about one of the pinned columns. */
export interface ColumnsAsked {
  experiments: string[] | null;
  columns?: string[] | null;
  pinned?: string[];
  pin?: string;
  unpin?: string;
}

export interface SelectAsked {
  runs: string[];
}

export interface RunAsked {
  run: string;
}

export interface RunFile {
  path: string;
  size: string;
  sha256: string;
}

/** A param or a metric; one that is folded stands behind those that matter. */
export interface RunValue {
  key: string;
  text: string;
  origin: string;
  isFolded: boolean;
}

/** The path of a notebook, and which of its cells; "" where that is not known. */
export interface RunCell {
  notebook: string;
  id: string;
}

/** `facts` stand beside the name, `origin` at the end; `note` is as it was typed, `noteShown` what that says. `mayEdit` and `mayRegister` are of the page's user. */
export interface RunDetails {
  id: string;
  name: string;
  status: string;
  isDeleted: boolean;
  facts: Array<[string, string]>;
  origin: Array<[string, string]>;
  cell: RunCell;
  warnings: RunWarning[];
  error: string;
  traceback: string;
  note: string;
  noteShown: MarkdownNode[];
  source: string;
  tags: Record<string, string>;
  params: RunValue[];
  metrics: RunValue[];
  files: RunFile[];
  hasModel: boolean;
  pinned: boolean;
  baseline: boolean;
  mayEdit: boolean;
  mayRegister: boolean;
}

export interface SparklinesAsked {
  runs: string[];
  keys: string[];
}

/** `text` is a name, a note or the value of the tag `key`; `on` is of pin and baseline. */
export interface EditAsked {
  run: string;
  what: "rename" | "note" | "set_tag" | "delete_tag" | "pin" | "baseline";
  text?: string;
  key?: string;
  on?: boolean;
}

export interface TagAsked {
  runs: string[];
  key: string;
  text: string;
}

export interface RunIds {
  ids: string[];
}

/** `readOnly` are those of them that the user may not change. */
export interface Children {
  ids: string[];
  readOnly: string[];
}

export interface TextFile {
  name: string;
  text: string;
}

export interface CodeAsked {
  run: string;
  what: "model" | "rerun" | "frame";
}

export interface Code {
  source: string;
}
