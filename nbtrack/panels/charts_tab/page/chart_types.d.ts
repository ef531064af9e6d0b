// What charts are made of.

import type { RunsState } from "../../runs/page/runs_state.js";
import type { Bounds } from "./messages.d.ts";

// biome-ignore lint/suspicious/noExplicitAny: a row has the fields that its spec names
export type Row = Record<string, any>;

/** A row of a line chart, as far as the page reads it. */
export interface LineRow {
  id: string;
  run: string;
  x: number;
  y: number;
}

// biome-ignore lint/suspicious/noExplicitAny: Vega-Lite's own language
export type Spec = Record<string, any>;

/** By field what a brush covers; {} for nothing. */
export type Range = Record<string, Bounds>;

export type OnSignal = (name: string, range: Range, ids: string[]) => unknown;

/** A scale of Vega: from a value to its place, or its colour. */
export interface Scale {
  // biome-ignore lint/suspicious/noExplicitAny: numbers for axes, texts for colours
  (value: any): any;
  invert(place: number): number;
  range(): number[];
}

/** A view of Vega, as far as it is used here. */
export interface VegaView {
  data(name: string, rows: Row[]): VegaView;
  signal(name: string): unknown;
  signal(name: string, value: unknown): VegaView;
  addSignalListener(name: string, listen: (name: string, range: Range) => unknown): VegaView;
  resize(): VegaView;
  runAsync(): Promise<VegaView>;
  scale(name: string): Scale;
  origin(): [number, number];
  padding(): { left: number; top: number };
}

export interface Embedded {
  view: VegaView;
  finalize(): void;
}

export interface VegaModule {
  vegaEmbed(element: Element, spec: Spec, options: object): Promise<Embedded>;
}

/** What all panels of a page share of Vega. */
export interface VegaSlot {
  module?: VegaModule;
  pending?: Promise<void> | null;
  owner?: { isClosed: boolean; isLost: boolean };
}

/** A value, its words, and a hint beside them. */
export type Choice = readonly [value: string, words: string, hint?: string];

/** A label, "" for none, and what stands below it. */
export type ChoiceGroup = readonly [label: string, choices: readonly Choice[]];

export type Say = (words: string, options?: { isTrouble?: boolean }) => void;

/** What the Charts tab asks of each of its views. */
export interface ChartsView {
  el: HTMLElement;
  controls: Node[];
  open(): Promise<unknown>;
  hide(): void;
  close(): void;
}

/** What is drawn in a chart of runs: as the user chose, else as the kernel did. */
export interface Chosen {
  x?: string;
  y?: string;
  colour?: string;
  axes?: string[];
  metric?: string;
}

/** What the controls of a chart of runs ask of its view. */
export interface ChoosingView {
  state: RunsState;
  chosen: Chosen;
  set(changes: Chosen): unknown;
}

/** One kind of chart of runs: `hint` says what its brush does, "" for none. */
export interface RunChartKind {
  question: "scatter" | "parallel" | "importance";
  controls: (view: ChoosingView) => RunChartControls;
  hint: string;
}

export interface RunChartControls {
  el: Node;
  /** As the view has chosen now. */
  draw(): void;
}

/** What can be done to a chart of metrics; a chart is named by the metric that has it. */
export interface ChartActions {
  /** All that could be added to one. */
  metrics(): string[];
  onZoom(range: [number, number]): unknown;
  onReset(): unknown;
  onRemove(chart: string): unknown;
  onAdd(chart: string, metrics: string[]): unknown;
  onTakeOff(chart: string, metrics: string[]): unknown;
  onMove(chart: string, by: number): unknown;
}
