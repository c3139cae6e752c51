/** What the canvas's modules hand to each other. Lengths are document units: CSS pixels at zoom 1. */

import type { LinkId, NodeId } from './document.d.ts';
import type { CanvasView, Editor, LinkEnd, Point } from './editor.d.ts';
import type { InputSpec } from './spec.d.ts';
import type { Guide } from '../core/align.js';
import type { Camera } from '../canvas/camera.js';
import type { FrameLoop } from '../canvas/frame.js';
import type { Palette } from '../canvas/palette.js';
import type { Scene } from '../canvas/scene.js';

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A socket's centre, from the top left of the node's body. */
export interface SocketPlace {
  name: string;
  type: string;
  label: string;
  y: number;
  /** True for the socket at the left of a widget. */
  widget: boolean;
  /** Whether it gives a list of values, or takes one as a whole. */
  list: boolean;
}

export interface WidgetPlace {
  input: InputSpec;
  y: number;
  height: number;
}

/** A stretch of a node's body. */
export interface Band {
  y: number;
  height: number;
}

/** What a node shows at the bottom of its body: nothing, a live preview alone, pictures and texts, or plots. */
export type Results = 'none' | 'preview' | 'made' | 'figures' | 'report';

/** Where everything of a node is, from the top left of its body; the title lies above. */
export interface NodeLayout {
  width: number;
  /** Of the body; 0 when collapsed. */
  height: number;
  /** The least height that a person can give to the body. */
  least: number;
  inputs: readonly SocketPlace[];
  outputs: readonly SocketPlace[];
  widgets: readonly WidgetPlace[];
  /** Result pictures, the live preview or text; null when there are none. */
  results: Band | null;
}

/** What lies under a point. */
export type Hit =
  | { kind: 'canvas' }
  | { kind: 'node'; id: NodeId }
  | { kind: 'title'; id: NodeId }
  | { kind: 'chevron'; id: NodeId }
  | { kind: 'corner'; id: NodeId }
  | { kind: 'output'; id: NodeId; output: number }
  | { kind: 'input'; id: NodeId; input: string }
  | { kind: 'link'; id: LinkId }
  | { kind: 'point'; id: number }
  | { kind: 'group'; id: number; part: 'title' | 'chevron' | 'corner' };

/** A link that is being dragged, for the overlay and for the marking of what fits. */
export interface LinkDraft {
  end: LinkEnd;
  /** Links that were picked up; not drawn meanwhile. */
  picked: ReadonlySet<LinkId>;
  /** The output that all of its links are taken from. */
  moved: { from: NodeId; output: number } | null;
  from: Point;
  /** Where the other links that are taken along end. */
  more: readonly Point[];
  to: Point;
  type: string;
  /** What it would be dropped on. */
  target: { id: NodeId; socket: string } | null;
}

/** What a gesture shows before it becomes an edit. */
export interface Draft {
  /** Nodes and groups that are being dragged, and by how much. */
  moved: Moved | null;
  resized: { id: NodeId; width: number; height: number } | null;
  resizedGroup: { id: number; rect: Rect } | null;
  link: LinkDraft | null;
  box: Rect | null;
  marks: Marks | null;
}

export interface Moved {
  nodes: ReadonlySet<NodeId>;
  groups: ReadonlySet<number>;
  points: ReadonlySet<number>;
  dx: number;
  dy: number;
}

/** What a gesture draws over the graph. */
export interface Marks {
  /** Lines that show what snaps to what. */
  guides?: readonly Guide[];
  /** Stretches of a link that something would be put into. */
  into?: readonly Stretch[];
  /** Boxes of copies that are being placed. */
  ghosts?: readonly Rect[];
  /** The pointer's way: around what is selected, or across what is cut. */
  way?: { points: readonly Point[]; closed: boolean };
}

/** A part of a link between two of its points: x and y of its beginning and of its end. */
export type Stretch = readonly [number, number, number, number];

/** How much was drawn since the canvas was mounted; what tests hold steady. */
export interface Counts {
  frames: number;
  /** Paints of the whole background, with links and far nodes. */
  backgrounds: number;
  /** Paints of a part of it, and the nodes painted in these. */
  patches: number;
  patchedNodes: number;
  /** `stroke()` calls for links in the last whole paint. */
  strokes: number;
  /** Links and nodes drawn in the last whole paint. */
  links: number;
  farNodes: number;
  /** Node elements in the page, and those kept for later use. */
  mounted: number;
  pooled: number;
}

/** The nodes that are painted. */
export interface FarNodes {
  paints(id: NodeId): boolean;
  /** The picture of an address; null while it is not loaded. */
  picture(url: string): CanvasImageSource | null;
}

export interface MountedCanvas extends CanvasView {
  counts(): Counts;
  /** The place of a socket's centre in the document; null when there is no such socket. */
  socket(id: NodeId, side: 'input' | 'output', name: string): Point | null;
}

/** A step of a gesture. */
export interface Stroke {
  /** On the page, in the canvas's element, and in the document. */
  client: Point;
  screen: Point;
  place: Point;
  shift: boolean;
  /** Ctrl, or Cmd on a Mac. */
  mod: boolean;
  alt: boolean;
  /** By a finger, which covers what it points at. */
  coarse: boolean;
}

/** What a command can let the next drag do. */
export type Armed = 'box' | 'lasso' | 'cut';

/** Typing titles in their places. */
export interface Renaming {
  /** False where the node is too small to be an element. */
  node(id: NodeId): boolean;
  group(id: number): boolean;
}

/** What the pointer does from its press to its release. */
export interface Gesture {
  cursor?: string;
  /** The view follows at its edges. */
  follows?: boolean;
  move(stroke: Stroke): void;
  end(stroke: Stroke): void;
  cancel(): void;
}

/** What painting, the node elements and the pointer share. */
export interface Stage {
  host: HTMLElement;
  editor: Editor;
  scene: Scene;
  camera: Camera;
  palette: Palette;
  loop: FrameLoop;
  counts: Counts;
  /** Grows with each finished gesture in a widget, so that one gesture is one undo step. */
  gesture: number;
  /** To be called after each change of the camera. */
  cameraMoved(): void;
  /** To be called after each change of the scene's draft that moves or resizes nodes. */
  nodesMoved(ids: Iterable<NodeId>): void;
}
