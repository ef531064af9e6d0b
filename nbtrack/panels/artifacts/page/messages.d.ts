// What messages.py declares: written by `python -m tests.page.message_types`.

import type { MarkdownNode } from "../../shared/page/questions.d.ts";

export type Preview = PicturePreview | TextPreview | MarkdownPreview | TablePreview | NotebookPreview;

export interface ArtifactsStart {
  run: string;
  name: string;
}

export interface ArtifactsAsked {
  run: string;
}

/** `words` is the size for people, `state` what is wrong with it. */
export interface ArtifactFile {
  path: string;
  size: number | null;
  words: string;
  sha256: string;
  state: "" | "missing" | "changed" | "not recorded";
}

/** `more` files are past what is listed. */
export interface Artifacts {
  folder: string;
  files: ArtifactFile[];
  more: number;
}

export interface PreviewAsked {
  run: string;
  path: string;
}

export interface Picture {
  mime: string;
  base64: string;
}

/** `total` is null where nobody has counted. */
export interface PreviewTable {
  columns: string[];
  rows: Array<Array<string | number | boolean | null>>;
  total: number | null;
}

export interface PreviewCell {
  kind: string;
  source: string;
  outputs: string[];
}

export interface PicturePreview {
  kind: "image";
  content: Picture;
  is_cut: boolean;
}

/** `none` says in words why there is nothing to see. */
export interface TextPreview {
  kind: "text" | "json" | "page" | "none";
  content: string;
  is_cut: boolean;
}

export interface MarkdownPreview {
  kind: "markdown";
  content: MarkdownNode[];
  is_cut: boolean;
}

export interface TablePreview {
  kind: "table";
  content: PreviewTable;
  is_cut: boolean;
}

export interface NotebookPreview {
  kind: "notebook";
  content: PreviewCell[];
  is_cut: boolean;
}

export interface DownloadAsked {
  run: string;
  path: string;
  offset: number;
}

/** `data` is base64; `next` the offset of the next part, null after the last one. */
export interface FilePart {
  data: string;
  size: number;
  next: number | null;
}
