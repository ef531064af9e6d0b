// What messages.py declares: written by `python -m tests.page.message_types`.

import type { MarkdownNode } from "../../shared/page/questions.d.ts";
import type { Section } from "../../compare/page/messages.d.ts";

export type Verdict = "passed" | "failed" | "unknown" | "nothing there";

export interface RegistryStart {
  name: string | null;
}

/** `in_use` are (stage, version), `aliases` (alias, version); `mayEdit` is of whoever looks. */
export interface ModelLine {
  name: string;
  versions: number;
  in_use: Array<[string, string]>;
  aliases: Array<[string, string]>;
  changed: string;
  description: string;
  mayEdit: boolean;
}

export interface Models {
  models: ModelLine[];
}

/** `stamp` is that of the answer the page has, or "". */
export interface ModelAsked {
  name: string;
  metric: string;
  offset: number;
  stamp: string;
}

/** As it is, for whoever edits it, and as Markdown. */
export interface SaidText {
  raw: string;
  shown: MarkdownNode[];
}

/** `key` is what the kernel is asked with, the others are to be shown. */
export interface SaidTag {
  key: string;
  label: string;
  value: string;
}

export interface GateRule {
  stage: string;
  rule: string;
  approver: string | null;
}

/** `who` put it there, `age` ago; `value` is that of the page's metric. */
export interface VersionCard {
  version: string;
  stage: string;
  value: string;
  run_id: string | null;
  run_name: string;
  is_run_gone: boolean;
  who: string;
  age: string;
  moment: string;
  aliases: string[];
  tags: SaidTag[];
  description: SaidText;
}

export interface StageLane {
  stage: string;
  cards: VersionCard[];
}

/** `stage` is the one that a version came to, else "". */
export interface EventLine {
  n: number;
  moment: string;
  version: string;
  stage: string;
  words: string;
  who: string;
  reason: string;
  run_id: string | null;
  run_name: string;
}

/** One model, with `pageSize` of its `total` events, the newest first; `mayEdit` and `mayMove` are of the page's user. */
export interface ModelPage {
  stamp: string;
  name: string;
  words: string;
  serving: string[];
  description: SaidText;
  tags: SaidTag[];
  aliases: Array<[string, string]>;
  stages: string[];
  gates: GateRule[];
  metric: string;
  metrics: string[];
  lanes: StageLane[];
  events: EventLine[];
  offset: number;
  pageSize: number;
  total: number;
  mayEdit: boolean;
  mayMove: boolean;
}

export interface VersionAsked {
  name: string;
  version: string;
}

/** `facts` and `data` are (name, text). */
export interface VersionDetails {
  version: string;
  facts: Array<[string, string]>;
  inputs: string[] | null;
  outputs: string[] | null;
  data: Array<[string, string]>;
  source: string | null;
  code: string;
}

export interface VersionsAsked {
  name: string;
  version: string;
  against: string;
}

export interface VersionHead {
  version: string;
  stage: string;
  run_id: string | null;
  run_name: string;
}

/** Seen from the first of `heads`. */
export interface VersionDifference {
  heads: VersionHead[];
  sections: Section[];
}

export interface Audit {
  events: number;
  head: string;
  isIntact: boolean;
  brokenAt: number | null;
  problems: string[];
  remarks: string[];
  limits: string;
}

export interface MoveCheckAsked {
  name: string;
  version: string;
  stage: string;
}

export interface GateCheck {
  text: string;
  verdict: Verdict;
  says: string;
}

export interface GateResult {
  rule: string | null;
  isPassed: boolean;
  isKnown: boolean;
  checks: GateCheck[];
}

export interface MoveCheck {
  version: string;
  from: string;
  stage: string;
  gate: GateResult | null;
  others: string[];
  archives: boolean;
  archivesByDefault: boolean;
  needsReason: boolean;
}

export interface MoveAsked {
  name: string;
  version: string;
  from: string;
  stage: string;
  reason: string;
  archive: boolean;
  override: boolean;
  others: string[];
}

export interface Moved {
  version: string;
  stage: string;
}

/** Of the model, or of one of its versions; `key` is of a tag, or an alias. */
export interface RegistryEditAsked {
  name: string;
  what: "describe" | "set_tag" | "delete_tag" | "set_alias" | "delete_alias";
  version?: string;
  key?: string;
  text?: string;
}

export interface RegisterAsked {
  run: string;
  name: string;
  path: string;
}

export interface Registered {
  name: string;
  version: string;
}

export interface RunModelsAsked {
  run: string;
}

/** `mayRegister` is of the page's user. */
export interface RunModels {
  paths: string[];
  mayRegister: boolean;
}

/** The number of the newest event that whoever looks may see. */
export interface RegistryNews {
  events: number;
}
