// What anywidget hands to a panel, or who stands in for it.

import type { PanelHost } from "./panel_host.js";

export interface WidgetModel {
  get(name: string): unknown;
  send(message: object): void;
  // biome-ignore lint/suspicious/noExplicitAny: what comes depends on the name
  on(name: string, listen: (message: any) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: what comes depends on the name
  off(name: string, listen: (message: any) => void): void;
  /** Only a widget has one. */
  widget_manager?: WidgetManager;
  /** Who stands in for a widget may know a notebook to put a cell into: whether it did. */
  insertCell?(source: string): boolean;
}

/** JupyterLab's has the notebook it works for; others throw on the way to it. */
interface WidgetManager {
  context: { model: { sharedModel: Notebook } };
}

export interface Notebook {
  cells: unknown[];
  insertCell(place: number, cell: object): void;
}

export interface Opening {
  model: WidgetModel;
  el: HTMLElement;
}

/** What a state needs for texts that are changed where they stand. */
export interface Drafting {
  host: PanelHost;
  drafts: Map<string, string>;
  emit(name: "rows"): void;
}
