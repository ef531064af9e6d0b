// What stands around the side panel, and it does not know itself.

import type { RunCell } from "../../runs/page/messages.d.ts";
import type { RunsPlace } from "../../runs/page/runs_types.d.ts";

export interface Lab {
  /** The project that is shown. */
  title: string;
  /** The notebook, at that cell; where it is not known by its id, one of that source. Words
   *  where it could not be opened. */
  openCell(cell: RunCell, source: string): Promise<string>;
  /** The whole runs panel. */
  openRuns(place: RunsPlace): void;
}
