// What the parts of the registry tell each other.

import type { MoveCheck, SaidTag, SaidText, VersionDifference } from "./messages.d.ts";

/** A version on its way to another stage, while the form is open; `archive` null is undecided. */
export interface Move {
  version: string;
  from: string;
  stage: string;
  reason: string;
  archive: boolean | null;
  override: boolean;
  check: MoveCheck | null;
  trouble: string;
  isSent?: boolean;
}

export type ComparedVersions = VersionDifference & { version: string; against: string };

/** What is said, and what has the focus, when the next page is there. */
export interface AfterRefresh {
  notice: string;
  focus: string;
}

export interface TextEditing {
  key: string;
  name: string;
  text: SaidText;
  mayEdit: boolean;
  save: (text: string) => Promise<boolean>;
}

export interface TagEditing {
  key: string;
  tags: SaidTag[];
  mayEdit: boolean;
  save: (key: string, text: string) => Promise<boolean>;
  remove: (key: string) => unknown;
}
