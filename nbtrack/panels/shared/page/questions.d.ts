// What questions.py declares: written by `python -m tests.page.message_types`.

export type Spoken = number | "NaN" | "Infinity" | "-Infinity";

/** An element, or with no tag a text; `display/markdown` says which there are. */
export interface MarkdownNode {
  tag: string;
  text?: string;
  href?: string;
  align?: string;
  children?: MarkdownNode[];
}

export type Nothing = Record<string, never>;
