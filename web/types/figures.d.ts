/** Plots, tables and compared pictures that nodes show. */

import type { PictureRef } from './picture.d.ts';
import type { Json } from './spec.d.ts';

/** What a node shows beside pictures and texts, as it came from the server: packs may have sent anything. */
export interface RawFigures {
  a_images: readonly PictureRef[];
  b_images: readonly PictureRef[];
  plots: readonly Json[];
  tables: readonly Json[];
}

export type Scale = 'linear' | 'log';

/** A line: as many places as values; null is a gap. */
export interface Series {
  label: string;
  x: (number | null)[];
  y: (number | null)[];
}

export interface Plot {
  title: string;
  xLabel: string;
  yLabel: string;
  xScale: Scale;
  yScale: Scale;
  series: Series[];
}

export type Cell = string | number | boolean | null | PictureRef;

export interface Table {
  title: string;
  columns: string[];
  rows: Cell[][];
  /** Rows that the node did not show. */
  leftOut: number;
}

export type Figure =
  | { kind: 'compare'; first: readonly PictureRef[]; second: readonly PictureRef[] }
  | { kind: 'plot'; plot: Plot }
  | { kind: 'table'; table: Table };

/** From numbers to places between 0 and 1. */
export interface Axis {
  scale: Scale;
  low: number;
  high: number;
}
