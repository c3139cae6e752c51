/** The running editor: what panels, the canvas and widgets receive. Built in `app/editor.js`. */

import type { Preferences } from './app.d.ts';
import type { Converter } from '../core/convert.js';
import type { Armed, Rect, Stage } from './canvas.d.ts';
import type { PackDecoration } from './extension.d.ts';
import type { Edit, GraphNode, LinkId, NodeId, ReadonlyDocument } from './document.d.ts';
import type { PackWidgets } from '../widgets/registered.js';
import type { RawFigures } from './figures.d.ts';
import type { PaintRequest } from './paint-request.d.ts';
import type { PictureRef } from './picture.d.ts';
import type { Selection } from './selection.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { InputSpec, Json, NodeSpec, OutputSpec } from './spec.d.ts';
import type { MenuEntry } from './ui.d.ts';
import type { WidgetServices } from './widgets.d.ts';

export type { ReadonlySignal, Signal };

export type { PictureRef };

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
  /** Those of the texts that are the node's own words. */
  said: readonly string[];
  /** Plots, tables and compared pictures; null where there are none. */
  figures: RawFigures | null;
  /** What it may be told while it runs; null where it listens to nothing. */
  orders: NodeOrders | null;
  warnings: readonly string[];
  /** Why it was not run, though it was wanted. */
  skipped: readonly string[];
  seconds: number | null;
  /** Seconds for each step while it runs, null while nobody can know. */
  pace: number | null;
  /** While it waits, how many nodes come before it. */
  ahead: number | null;
  /** Its time as a part of that of the slowest node of the last job. */
  heat: number | null;
  problems: readonly NodeProblem[];
}

/** What a node of a job, by its id in the prompt, may be told now. */
export interface NodeOrders {
  job: string;
  node: string;
  names: readonly string[];
}

export interface QueueItem {
  id: string;
  number: number;
  state: 'running' | 'pending' | 'success' | 'error' | 'interrupted';
  pictures: readonly PictureRef[];
  error: string | null;
  /** The workflow that it was made from. */
  name: string;
  tags: readonly string[];
  priority: number;
  /** Whether this window queued it. */
  own: boolean;
  /** Milliseconds since the epoch, by the server's clock. */
  accepted: number;
  started: number | null;
  ended: number | null;
}

export interface RunState {
  node(id: NodeId): ReadonlySignal<NodeRun>;
  /** The run of a node as it is now; for whoever asks for thousands. */
  peek(id: NodeId): NodeRun;
  /** Calls `watcher` for each node whose run has changed, until the function that is returned is called. */
  watch(watcher: (id: NodeId) => void): () => void;
  readonly running: ReadonlySignal<boolean>;
  readonly queue: ReadonlySignal<readonly QueueItem[]>;
  readonly connection: ReadonlySignal<'connecting' | 'open' | 'lost'>;
  /** 0..1 over the whole running job, null when nothing runs. */
  readonly progress: ReadonlySignal<number | null>;
}

export type { Selection };

export type Decorate = (node: Readonly<GraphNode>) => PackDecoration | null;

export interface Command {
  id: string;
  /** Key combinations such as `Mod+Z` (`Mod` is Ctrl, or Cmd on a Mac), as `KeyboardEvent.key` names them. */
  keys: readonly string[];
  /** What it is called, where that is not `command.<id>` of the locales. */
  title?(): string;
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
  /** What the user has set. */
  readonly preferences: Preferences;
  /** The widgets of packs. */
  readonly packWidgets: PackWidgets;
  /** What packs mark nodes with. */
  readonly decorations: Signal<readonly Decorate[]>;
  /** Widgets that scripts have put on single nodes, beside those of their types. */
  readonly addedWidgets: Map<NodeId, readonly InputSpec[]>;
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
  /** What a node says in its own words in what it shows, in the user's language where it is known. */
  words(text: string): string;
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
  openSearch(client: Point, from?: SearchFrom): void;
  /** Types of nodes that could stand between the ends of a link that is refused for its type, best first. */
  converters(link: Wanted): readonly Converter[];
  /** Offer these types at a place of the page, and put the chosen one between. */
  openConverters(client: Point, link: Wanted): void;
  typeTitle(spec: NodeSpec): string;
  /** Show what is in an instance of a subgraph; false when the node is none. */
  enterSubgraph(node: NodeId): boolean;
  /** Open the context menu of what lies under the pointer. */
  openMenu(client: Point, target: MenuTarget): void;
  /** Show result pictures large, starting with one of them. */
  openPictures(pictures: readonly PictureRef[], index: number): void;
  /** Show the first two of the pictures in one place. */
  openCompare(pictures: readonly PictureRef[]): void;
  /** Paint a mask or a sketch on a picture. */
  openPainter(request: PaintRequest): void;
  pictureUrl(picture: PictureRef, preview?: boolean): string;
  uploadImage(file: File, subfolder?: string): Promise<PictureRef>;
  /** Keep a file of any kind in the input folder. */
  uploadFile(file: File, subfolder?: string): Promise<PictureRef>;
  readonly widgets: WidgetServices;
  /** Tell a node that runs something that it listens to. */
  giveOrder(to: NodeOrders, order: string): void;
  /** Run something that may fail; what went wrong is shown. */
  attempt(action: () => void | Promise<void>): Promise<void>;
  /** `action`: what can be done about it. */
  notify(kind: 'info' | 'warning' | 'error', text: string, action?: { label: string; run: () => void }): void;
  /** Code of a pack has thrown something: list it as a problem. `place` says which script, if that is known. */
  reportPack(pack: string, error: unknown, place?: string): void;
}

export interface Point {
  x: number;
  y: number;
}

/** A link that could be. */
export interface Wanted {
  from: NodeId;
  output: number;
  to: NodeId;
  input: string;
}

/** The end of a link that is being dragged: an output that looks for an input, or an input that looks for an output. */
export type LinkEnd = { node: NodeId; output: number } | { node: NodeId; input: string };

/** What a node is searched for: a link's end, with other inputs that it shall feed too, or a link that it is put into. */
export type SearchFrom = LinkEnd | { node: NodeId; input: string; also: readonly { node: NodeId; input: string }[] } | { link: LinkId };

export type MenuTarget =
  | { kind: 'canvas' }
  /** `widget`: the input whose widget lies under the pointer, and what that widget offers. */
  | { kind: 'node'; id: NodeId; widget?: { input: string; entries: readonly MenuEntry[] } }
  | { kind: 'link'; id: LinkId }
  /** A point of links. */
  | { kind: 'point'; id: number }
  | { kind: 'group'; id: number };

/** `ratio`: device pixels for each CSS pixel. */
export type OverPainter = (context: CanvasRenderingContext2D, stage: Stage, ratio: number) => void;

export interface CanvasView {
  /** From page coordinates to document coordinates and back. */
  toDocument(client: Point): Point;
  toClient(point: Point): Point;
  /** Where the pointer last was, in document coordinates; the centre of the view if it never was. */
  pointer(): Point;
  fit(ids?: Iterable<NodeId>): void;
  /** Show all of a rectangle, with so many CSS pixels around it. */
  show(rect: Rect, margin?: number): void;
  zoomTo(scale: number): void;
  /** Document units are `scale` times as large on the screen; `x` and `y` are at the top left of the view. */
  camera(): { x: number; y: number; scale: number };
  setCamera(camera: { x: number; y: number; scale: number }): void;
  /** The part of the document that is seen. */
  seen(): Rect;
  /** How large nodes are drawn, with their titles; null where there is none. */
  bounds(ids: Iterable<NodeId>): Rect | null;
  /** Let the user type the title of a node or group in its place; false where there is no room for that. */
  rename(thing: { node: NodeId } | { group: number }): boolean;
  /** Let the next drag select or cut. */
  arm(armed: Armed | null): void;
  /** How many of a link's points stand before the stretch that is nearest to a place. */
  stretchAt(link: LinkId, place: Point): number;
  /** Open the context menu of what is selected, where it is. */
  openMenu(): void;
  /** Paint above everything from now on, at each frame in which that is painted anew; the result ends it. */
  paintOver(painter: OverPainter): () => void;
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
  /** What its context menu has beside the entries of all widgets. */
  menu?(): readonly MenuEntry[];
}

export type WidgetFactory = (host: WidgetHost) => Widget;
