/** What the canvas's modules hand to each other. Lengths are document units: CSS pixels at zoom 1. */

import type { LinkId, NodeId } from './document.d.ts';
import type { CanvasView, Editor, LinkEnd, Point } from './editor.d.ts';
import type { InputSpec } from './spec.d.ts';
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

/** What a node shows at the bottom of its body: nothing, a live preview alone, or pictures and texts. */
export type Results = 'none' | 'preview' | 'made';

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
  | { kind: 'group'; id: number; corner: boolean };

/** A link that is being dragged, for the overlay and for the marking of what fits. */
export interface LinkDraft {
  end: LinkEnd;
  /** The link that was picked up from its input; not drawn meanwhile. */
  picked: LinkId | null;
  from: Point;
  to: Point;
  type: string;
  /** What it would be dropped on. */
  target: { id: NodeId; socket: string } | null;
}

/** What a gesture shows before it becomes an edit. */
export interface Draft {
  /** Nodes and groups that are being dragged, and by how much. */
  moved: { nodes: ReadonlySet<NodeId>; groups: ReadonlySet<number>; dx: number; dy: number } | null;
  resized: { id: NodeId; width: number; height: number } | null;
  resizedGroup: { id: number; width: number; height: number } | null;
  link: LinkDraft | null;
  box: Rect | null;
}

/** How much was drawn since the canvas was mounted; what tests hold steady. */
export interface Counts {
  frames: number;
  /** Paints of the background with links and far nodes. */
  backgrounds: number;
  /** Copies of the snapshot in place of a paint. */
  blits: number;
  /** `stroke()` calls for links in the last paint. */
  strokes: number;
  /** Links and nodes drawn in the last paint. */
  links: number;
  farNodes: number;
  /** Node elements in the page, and those kept for later use. */
  mounted: number;
  pooled: number;
}

export interface MountedCanvas extends CanvasView {
  counts(): Counts;
  /** Document units are `scale` times as large on the screen; `x` and `y` are at the top left of the view. */
  camera(): { x: number; y: number; scale: number };
  setCamera(camera: { x: number; y: number; scale: number }): void;
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
  /** To be called after each change of the camera. */
  cameraMoved(): void;
  /** To be called after each change of the scene's draft that moves or resizes nodes. */
  nodesMoved(ids: Iterable<NodeId>): void;
}
