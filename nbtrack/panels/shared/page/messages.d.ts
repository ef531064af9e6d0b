// All questions and pushes: written by `python -m tests.page.message_types`.

import type { Nothing } from "./questions.d.ts";
import type { Artifacts, ArtifactsAsked, ArtifactsStart, DownloadAsked, FilePart, Preview, PreviewAsked } from "../../artifacts/page/messages.d.ts";
import type { BrushAsked, Brushed, Charts, Importance, ImportanceAsked, LayoutKept, LinesAsked, Parallel, ParallelAsked, Scatter, ScatterAsked } from "../../charts_tab/page/messages.d.ts";
import type { Causes, CausesAsked, CompareAsked, CompareStart, Comparison, FileAsked, FileChanges, FilesAsked, SharedFile, Unchanged } from "../../compare/page/messages.d.ts";
import type { Places } from "../../frame/page/messages.d.ts";
import type { LiveState, Points, Specs } from "../../live/page/messages.d.ts";
import type { Audit, ModelAsked, ModelPage, Models, MoveAsked, MoveCheck, MoveCheckAsked, Moved, RegisterAsked, Registered, RegistryEditAsked, RegistryNews, RegistryStart, RunModels, RunModelsAsked, VersionAsked, VersionDetails, VersionDifference, VersionsAsked } from "../../registry/page/messages.d.ts";
import type { Children, Code, CodeAsked, ColumnsAsked, EditAsked, Page, Refused, RunAsked, RunDetails, RunIds, RunsStart, SelectAsked, Sparklines, SparklinesAsked, TableAsked, TagAsked, TextFile } from "../../runs/page/messages.d.ts";

export interface Questions {
  opened: { arguments: Nothing; answer: null };
  closed: { arguments: Nothing; answer: null };
  start: { arguments: Nothing; answer: ArtifactsStart | CompareStart | Places | RegistryStart | RunsStart };
  artifacts: { arguments: ArtifactsAsked; answer: Artifacts };
  artifact_preview: { arguments: PreviewAsked; answer: Preview };
  artifact_download: { arguments: DownloadAsked; answer: FilePart };
  charts: { arguments: LinesAsked; answer: Charts };
  charts_layout: { arguments: LayoutKept; answer: null };
  charts_off: { arguments: Nothing; answer: null };
  charts_soon: { arguments: Nothing; answer: null };
  vega: { arguments: Nothing; answer: string };
  scatter: { arguments: ScatterAsked; answer: Scatter };
  parallel: { arguments: ParallelAsked; answer: Parallel };
  importance: { arguments: ImportanceAsked; answer: Importance };
  brush: { arguments: BrushAsked; answer: Brushed };
  compare: { arguments: CompareAsked; answer: Comparison | Unchanged };
  compare_causes: { arguments: CausesAsked; answer: Causes };
  compare_files: { arguments: FilesAsked; answer: SharedFile[] };
  compare_file: { arguments: FileAsked; answer: FileChanges };
  state: { arguments: Nothing; answer: LiveState };
  stop: { arguments: Nothing; answer: null };
  registry_models: { arguments: Nothing; answer: Models };
  registry_model: { arguments: ModelAsked; answer: ModelPage | Unchanged };
  registry_version: { arguments: VersionAsked; answer: VersionDetails };
  registry_compare: { arguments: VersionsAsked; answer: VersionDifference };
  registry_check: { arguments: Nothing; answer: Audit };
  registry_move_check: { arguments: MoveCheckAsked; answer: MoveCheck };
  registry_move: { arguments: MoveAsked; answer: Moved };
  registry_edit: { arguments: RegistryEditAsked; answer: null };
  registry_register: { arguments: RegisterAsked; answer: Registered };
  registry_models_of_run: { arguments: RunModelsAsked; answer: RunModels };
  page: { arguments: TableAsked; answer: Page | Refused };
  columns: { arguments: ColumnsAsked; answer: null };
  select: { arguments: SelectAsked; answer: null };
  details: { arguments: RunAsked; answer: RunDetails };
  children: { arguments: SelectAsked; answer: Children };
  sparklines: { arguments: SparklinesAsked; answer: Sparklines };
  edit: { arguments: EditAsked; answer: RunDetails };
  tag: { arguments: TagAsked; answer: RunIds };
  csv: { arguments: SelectAsked; answer: TextFile };
  delete: { arguments: SelectAsked; answer: RunIds };
  restore: { arguments: RunIds; answer: RunIds };
  code: { arguments: CodeAsked; answer: Code };
}

export interface Pushes {
  trouble: string;
  charts: Charts;
  comparison: Comparison;
  places: Places;
  points: Points;
  specs: Specs;
  vega: string;
  registry: RegistryNews;
  page: Page;
  sparklines: Sparklines;
  selected: string[];
}
