// What the parts of the runs panel tell each other.

import type { PanelHost } from "../../shared/page/panel_host.js";
import type { Keys, Page, RunDetails, TableAsked, Wrong } from "./messages.d.ts";
import type { RunsState } from "./runs_state.js";

export interface Notice {
  words: string;
  source?: string;
}

/** By name, what the listeners of a RunsState are told. */
export interface RunsEvents {
  page: Page;
  keys: Keys;
  rows: undefined;
  ticked: string[];
  wrong: Wrong;
  filter: string;
  trouble: string;
  removed: string[];
  notice: Notice;
  /** A metric that is to be seen as a chart. */
  chart: string;
  /** The name of a tab that is to be opened. */
  tab: string;
  /** The name of the tab that is open now. */
  opened: string;
  /** A run whose model is to be registered. */
  register: string;
}

/** Where a view begins, and who is told where it is. */
export interface FollowedPlace {
  begin: RunsPlace;
  changed(place: RunsPlace): void;
}

export interface RunsPlace {
  asked: Partial<TableAsked>;
  /** Ids of runs. */
  ticked: string[];
  tab: string;
}

export interface Tab {
  name: string;
  label: string | ((state: RunsState) => string);
  mount(host: PanelHost, el: HTMLElement, state: RunsState): OpenTab;
  warm?(host: PanelHost): void;
  near?(host: PanelHost): void;
}

export interface OpenTab {
  shown?(): unknown;
  hidden?(): unknown;
  chart?(metric: string): unknown;
  close?(): unknown;
}

/** A run that was opened, or why it could not be read. */
export type KnownRun = RunDetails | { trouble: string };
