/** The running editor: what panels, the canvas and widgets receive. Built in `app/editor.js`. */

import type { Edit, GraphNode, LinkId, NodeId, ReadonlyDocument } from './document.d.ts';
import type { InputSpec, Json, NodeSpec } from './spec.d.ts';

export interface Signal<T> {
  get(): T;
  peek(): T;
  set(value: T): void;
  subscribe(listener: (value: T) => void): () => void;
}
export type ReadonlySignal<T> = Omit<Signal<T>, 'set'>;

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

export interface Selection {
  readonly ids: ReadonlySignal<ReadonlySet<NodeId>>;
  readonly link: ReadonlySignal<LinkId | null>;
  set(ids: Iterable<NodeId>): void;
  toggle(id: NodeId): void;
  selectLink(id: LinkId | null): void;
  clear(): void;
}

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
  spec(node: Readonly<GraphNode>): NodeSpec | null;
  pictureUrl(picture: PictureRef, preview?: boolean): string;
  uploadImage(file: File): Promise<PictureRef>;
  notify(kind: 'info' | 'warning' | 'error', text: string): void;
}

export interface Point {
  x: number;
  y: number;
}

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
