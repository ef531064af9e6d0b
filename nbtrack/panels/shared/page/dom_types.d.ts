// What `h` takes and gives.

export type Child = Node | string | number | boolean | null | undefined | readonly Child[];

type SvgTag = "svg" | "path" | "polyline" | "circle" | "line" | "title";

export type Tag = keyof HTMLElementTagNameMap | SvgTag;

export type ElementOf<Name extends Tag> = Name extends SvgTag
  ? SVGElementTagNameMap[Name]
  : Name extends keyof HTMLElementTagNameMap
    ? HTMLElementTagNameMap[Name]
    : never;

/** Of a checkbox, a radio button, a text: handlers are given to inputs only. */
export type InputEvent = Event & { target: HTMLInputElement };

export interface Attributes {
  onclick?: (event: MouseEvent) => unknown;
  oninput?: (event: InputEvent) => unknown;
  onchange?: (event: InputEvent) => unknown;
  onkeydown?: (event: KeyboardEvent) => unknown;
  onpointerdown?: (event: PointerEvent) => unknown;
  style?: Record<string, string | number>;
  [name: string]: unknown;
}

/** What `reconcile` keeps as long as it looks the same. */
export interface Part {
  key: string;
  looks: string;
  make: () => Element;
}
