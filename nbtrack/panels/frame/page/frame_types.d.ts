// Where the page is.

import type { RunsPlace } from "../../runs/page/runs_types.d.ts";

/** `model` null is the list of all. */
export type Place = { view: "runs"; runs: RunsPlace } | { view: "models"; model: string | null };
