/** Undo and redo of a painting, within a bound of memory. */

import { EMPTY, union } from './area.js';
import { readTile, tileRect, writeTile } from './tiles.js';

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Layer, LayerName, Step } from '../types/painter.d.ts' */

const MEBIBYTE = 2 ** 20;
/** A picture of 2048 x 2048 pixels has 4 MiB of mask and 16 MiB of paint. */
const LIMIT = 256 * MEBIBYTE;

export class Journal {
  #layers;
  #limit;
  /** @type {Step[]} */
  #past = [];
  /** @type {Step[]} */
  #future = [];
  /** How many steps were forgotten, so that states keep their numbers. */
  #forgotten = 0;
  #bytes = 0;

  /**
   * @param {Readonly<Record<LayerName, Layer>>} layers
   * @param {number} [limit] bytes; the last step stays even if it is larger
   */
  constructor(layers, limit = LIMIT) {
    this.#layers = layers;
    this.#limit = limit;
  }

  /** Bytes that the steps hold. */
  get bytes() {
    return this.#bytes;
  }

  /** How many steps led to what is there now. */
  get state() {
    return this.#forgotten + this.#past.length;
  }

  /** The names of the steps that would be undone and made again. */
  get labels() {
    return { undo: this.#past.at(-1)?.label ?? null, redo: this.#future.at(-1)?.label ?? null };
  }

  /** @param {Step} step with the pixels as they were before it */
  push(step) {
    for (const undone of this.#future) this.#bytes -= sizeOf(undone);
    this.#future = [];
    this.#past.push(step);
    this.#bytes += sizeOf(step);
    while (this.#bytes > this.#limit && this.#past.length > 1) {
      const oldest = this.#past.shift();
      if (oldest) this.#bytes -= sizeOf(oldest);
      this.#forgotten += 1;
    }
  }

  /** @returns {{ layer: LayerName, rect: Rect } | null} what has changed */
  undo() {
    return this.#swap(this.#past, this.#future);
  }

  redo() {
    return this.#swap(this.#future, this.#past);
  }

  /** @param {Step[]} from @param {Step[]} to */
  #swap(from, to) {
    const step = from.pop();
    if (!step) return null;
    const layer = this.#layers[step.layer];
    let rect = EMPTY;
    for (const [tile, pixels] of step.tiles) {
      const now = readTile(layer, tile);
      writeTile(layer, tile, pixels);
      step.tiles.set(tile, now);
      rect = union(rect, tileRect(layer, tile));
    }
    to.push(step);
    return { layer: step.layer, rect };
  }
}

/** @param {Step} step */
function sizeOf({ tiles }) {
  let bytes = 0;
  for (const pixels of tiles.values()) bytes += pixels.byteLength;
  return bytes;
}
