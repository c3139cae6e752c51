/** The running editor: what panels, the canvas and widgets receive. Built in `app/editor.js`. */

import type { Edit, GraphNode, LinkId, NodeId, ReadonlyDocument } from './document.d.ts';
import type { Selection } from './selection.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { InputSpec, Json, NodeSpec, OutputSpec } from './spec.d.ts';

export type { ReadonlySignal, Signal };

export interface PictureRef {
  filename: string;
  subfolder: string;
  type: 'output' | 'input' | 'temp';
}

export interface NodeProblem {
  /** What was wrong, in the user's language where we have it, else the server's sentence. */
  message: string;
  advice: string;
  /** The input that is to blame, if one is. */
  input: string | null;
  detail: string;
}

/** What is known of a node's last or present run. */
export interface NodeRun {
  state: 'idle' | 'waiting' | 'running' | 'done' | 'cached' | 'error';
  value: number;
  total: number;
  /** Object URL of the live preview, null when there is none. */
  preview: string | null;
  pictures: readonly PictureRef[];
  texts: readonly string[];
  warnings: readonly string[];
  /** Why it was not run, though it was wanted. */
  skipped: readonly string[];
  seconds: number | null;
  problems: readonly NodeProblem[];
}

export interface QueueItem {
  id: string;
  number: number;
  state: 'running' | 'pending' | 'success' | 'error' | 'interrupted';
  pictures: readonly PictureRef[];
  error: string | null;
}

export interface RunState {
  node(id: NodeId): ReadonlySignal<NodeRun>;
  readonly running: ReadonlySignal<boolean>;
  readonly queue: ReadonlySignal<readonly QueueItem[]>;
  readonly connection: ReadonlySignal<'connecting' | 'open' | 'lost'>;
  /** 0..1 over the whole running job, null when nothing runs. */
  readonly progress: ReadonlySignal<number | null>;
}

export type { Selection };

export interface Command {
  id: string;
  /** Key combinations such as `Mod+Z` (`Mod` is Ctrl, or Cmd on a Mac), as `KeyboardEvent.key` names them. */
  keys: readonly string[];
  run(): void | Promise<void>;
  enabled?(): boolean;
}

export interface Editor {
  readonly document: ReadonlyDocument;
  readonly selection: Selection;
  readonly specs: ReadonlySignal<ReadonlyMap<string, NodeSpec>>;
  readonly run: RunState;
  readonly locale: Signal<string>;
  readonly commands: ReadonlyMap<string, Command>;
  /** True while the document differs from its saved file. */
  readonly dirty: ReadonlySignal<boolean>;
  readonly name: Signal<string>;
  /** The canvas registers itself here when mounted. */
  view: CanvasView | null;
  perform(edit: Edit): void;
  undo(): void;
  redo(): void;
  execute(command: string): void;
  /** Translate a key with `{name}` places. */
  t(key: string, values?: Record<string, string | number>): string;
  /** The type's title, description and input names in the user's language. */
  nodeTitle(node: Readonly<GraphNode>): string;
  inputLabel(type: string, input: string): string;
  /** An output's name in the user's language; `name` is the one that it has otherwise. */
  outputLabel(node: Readonly<GraphNode>, output: number, name: string): string;
  /** Null when the type is not installed: a placeholder. */
  spec(node: Readonly<GraphNode>): NodeSpec | null;
  /** A node's inputs (sockets and widgets) in the order in which they are drawn; a placeholder's as its file had them. */
  inputs(node: Readonly<GraphNode>): readonly InputSpec[];
  outputs(node: Readonly<GraphNode>): readonly OutputSpec[];
  /** The type that travels from an output: a reroute's is that of what feeds it. */
  outputType(node: NodeId, output: number): string;
  /** Why this link cannot be made, in the user's language; null when it can. */
  refusal(from: NodeId, output: number, to: NodeId, input: string): string | null;
  /** The inputs of a node that would take this output, best first (free sockets before linked ones before widgets). */
  fittingInputs(from: NodeId, output: number, to: NodeId): readonly string[];
  /** The outputs of a node that this input would take. */
  fittingOutputs(from: NodeId, to: NodeId, input: string): readonly number[];
  /** Open the search for a node at a place of the page; with a link's end, only types that fit, and the link is made. */
  openSearch(client: Point, from?: LinkEnd): void;
  /** Open the context menu of what lies under the pointer. */
  openMenu(client: Point, target: MenuTarget): void;
  /** Show result pictures large, starting with one of them. */
  openPictures(pictures: readonly PictureRef[], index: number): void;
  pictureUrl(picture: PictureRef, preview?: boolean): string;
  uploadImage(file: File): Promise<PictureRef>;
  notify(kind: 'info' | 'warning' | 'error', text: string): void;
  /** Code of a pack has thrown something: list it as a problem. `place` says which script, if that is known. */
  reportPack(pack: string, error: unknown, place?: string): void;
}

export interface Point {
  x: number;
  y: number;
}

/** The end of a link that is being dragged: an output that looks for an input, or an input that looks for an output. */
export type LinkEnd = { node: NodeId; output: number } | { node: NodeId; input: string };

export type MenuTarget =
  | { kind: 'canvas' }
  | { kind: 'node'; id: NodeId }
  | { kind: 'link'; id: LinkId }
  | { kind: 'group'; id: number };

export interface CanvasView {
  /** From page coordinates to document coordinates and back. */
  toDocument(client: Point): Point;
  toClient(point: Point): Point;
  /** Where the pointer last was, in document coordinates; the centre of the view if it never was. */
  pointer(): Point;
  fit(ids?: Iterable<NodeId>): void;
  zoomTo(scale: number): void;
  destroy(): void;
}

export interface WidgetHost {
  input: InputSpec;
  value: Json;
  /** `final` is false while a gesture goes on (dragging a number): such changes are one undo step. */
  onChange(value: Json, final?: boolean): void;
  editor: Editor;
  node: NodeId;
}

export interface Widget {
  element: HTMLElement;
  /** The height in document units that the widget needs at least; it may grow if `grows`. */
  height: number;
  grows: boolean;
  set(value: Json): void;
  focus(): void;
  destroy(): void;
}

export type WidgetFactory = (host: WidgetHost) => Widget;
