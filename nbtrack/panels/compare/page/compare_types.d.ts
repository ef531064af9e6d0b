// What the parts of a comparison tell each other.

import type { RunHead, Section, Sign } from "./messages.d.ts";

/** What draws sections asks this of the view they stand in. */
export interface SectionView {
  closed: Set<string>;
  isFull(section: ShownSection): boolean;
  toggleFull(section: ShownSection): void;
  fold(name: string): void;
}

/** `words` in place of how many lines differ. */
export type ShownSection = Section & { words?: string };

/** A line of source, with its numbers before and after; "" where it is not. */
export interface NumberedLine {
  sign: Sign;
  before: string | null;
  after: string | null;
  left: number | "";
  right: number | "";
}

export interface CodePiece {
  isFolded: boolean;
  lines: NumberedLine[];
}

/** `others` are those that may be `after`. */
export interface Pair {
  before: RunHead;
  after: RunHead;
  others: RunHead[];
}

/** How the run beside the baseline is chosen; `name` is for who cannot see where. */
export interface PairChoice {
  key: string;
  name: string;
  isBaseline(run: RunHead): boolean;
  choose(runId: string): void;
}

/** What parts of a comparison ask of the view they stand in. */
export interface PairView {
  chosen: string;
  colourOf: ColourOf;
  choice(key: string, name: string): PairChoice;
}

/** A colour of the page's own, null where a run has none. */
export type ColourOf = (runId: string) => string | null;
