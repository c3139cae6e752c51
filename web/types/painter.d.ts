/** What the painter's modules hand to each other. Lengths are pixels of the picture, where not said otherwise. */

import type { Application } from './app.d.ts';
import type { Rect } from './canvas.d.ts';
import type { PictureRef, Point } from './editor.d.ts';
import type { LayerName, PaintRequest } from './paint-request.d.ts';
import type { Signal } from './signal.d.ts';
import type { Board } from '../painter/board.js';
import type { PaintCamera } from '../painter/camera.js';
import type { Sheet } from '../painter/sheet.js';

export type { LayerName, PaintRequest };

/** One channel a pixel (how much of it is masked), or four (red, green, blue, alpha; not premultiplied). */
export interface Layer {
  readonly name: LayerName;
  readonly channels: 1 | 4;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Where the brush is, how wide it is there and how strongly it acts (0 to 1). */
export interface Dab {
  x: number;
  y: number;
  radius: number;
  strength: number;
}

/** How a covered pixel changes. */
export interface Ink {
  erase: boolean;
  /** 0 to 1. */
  opacity: number;
  /** Red, green and blue; a mask does not look at them. */
  color: readonly [number, number, number];
}

/** Some tiles of a layer as they were, and where they are. */
export interface Step {
  label: string;
  layer: LayerName;
  /** Pixels by the tile's number. */
  tiles: Map<number, Uint8ClampedArray<ArrayBuffer>>;
}

export type Tool = 'brush' | 'eraser' | 'fill' | 'rectangle' | 'lasso' | 'eyedropper';

/** The layer that is filled, or the picture with its paint. */
export type FillSample = 'layer' | 'picture';

/** What the user has set. Sizes are pixels of the picture; parts are 0 to 1. */
export interface PainterSettings {
  size: number;
  hardness: number;
  opacity: number;
  pressure: 'size' | 'opacity' | 'both' | 'none';
  color: string;
  recent: readonly string[];
  tolerance: number;
  /** What the edges are in up to which a mask, or paint, is filled. */
  maskSample: FillSample;
  paintSample: FillSample;
  overlayColor: string;
  overlayOpacity: number;
}

/** A changed part of a layer. */
export type OnDirty = (layer: LayerName, rect: Rect) => void;

/** A point that the pointer reports, in pixels of the picture. */
export interface Sample extends Point {
  /** 0 to 1; 1 of what has none. */
  pressure: number;
}

/** What a press of the pointer has begun. `mod` is Ctrl, or Cmd on a Mac. */
export interface PaintGesture {
  move(samples: readonly Sample[], keys: { shift: boolean; mod: boolean }): void;
  end(): void;
  cancel(): void;
}

/** What the parts of an open painter share. */
export interface Studio {
  readonly editor: Application;
  readonly board: Board;
  readonly sheet: Sheet;
  readonly camera: PaintCamera;
  readonly settings: Signal<PainterSettings>;
  readonly tool: Signal<Tool>;
  readonly layer: Signal<LayerName>;
  readonly maskOnly: Signal<boolean>;
  readonly maskHidden: Signal<boolean>;
  /** How the mask is to be changed as a whole: by how many pixels it grows, and how soft it becomes. */
  readonly refinement: Signal<{ grown: number; soft: number }>;
  readonly saving: Signal<boolean>;
  /** Grows with every change of the camera. */
  readonly view: Signal<number>;
  /** Grows when a step is made, taken back or made again. */
  readonly steps: Signal<number>;
  /** Where the last stroke ended: a press with Shift goes on from there. */
  lastPoint: Sample | null;
  /** The outline of a shape that is being drawn, in pixels of the picture. */
  readonly outline: Signal<readonly Point[]>;
  set(change: Partial<PainterSettings>): void;
  /** Say something to whoever cannot see it. */
  announce(text: string): void;
  save(what: SavedParts): void;
  /** Close, after a question if something would be lost. */
  close(): void;
}

export type SavedParts = 'both' | 'mask' | 'paint';

/** Something that the user can do in the painter, by a button or a key. Its text is `painter.<name>`. */
export interface PainterAction {
  name: string;
  keys: readonly string[];
  icon?: string;
  enabled?(): boolean;
  run(): void;
}

/** A picture, and what was painted on it. */
export interface Painting {
  /** The picture without paint. */
  original: PictureRef;
  bitmap: ImageBitmap;
  mask: Uint8ClampedArray<ArrayBuffer> | null;
  paint: Uint8ClampedArray<ArrayBuffer> | null;
}
