/** A painting: a mask and paint over a picture, the stroke that is being made, undo. */

import { clip, EMPTY, isEmpty, union } from './area.js';
import { blendTile } from './blend.js';
import { Coverage } from './coverage.js';
import { Journal } from './journal.js';
import { readTile, sameTile, tileRect, tilesIn, writeTile } from './tiles.js';

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Ink, Layer, LayerName, OnDirty, Step } from '../types/painter.d.ts' */

/** A stroke that is being made. @typedef {{ layer: Layer, ink: Ink, step: Step }} Open */

export class Board {
  /** The stroke or shape that is being made. */
  coverage;
  /** @type {Readonly<Record<LayerName, Layer>>} */
  layers;
  #journal;
  #onDirty;
  /** @type {Open | null} */
  #open = null;
  /** The state of the journal that is kept in a file. */
  #saved;

  /**
   * @param {number} width
   * @param {number} height
   * @param {OnDirty} onDirty called when pixels of a layer have changed
   * @param {number} [limit] bytes that undo may take
   */
  constructor(width, height, onDirty, limit) {
    this.width = width;
    this.height = height;
    this.coverage = new Coverage(width, height);
    this.layers = { mask: layer('mask', 1, width, height), paint: layer('paint', 4, width, height) };
    this.#journal = new Journal(this.layers, limit);
    this.#saved = this.#journal.state;
    this.#onDirty = onDirty;
  }

  /** Whether anything was painted that is in no file. */
  get changed() {
    return this.#journal.state !== this.#saved;
  }

  get labels() {
    return this.#journal.labels;
  }

  /** Bytes that undo takes. */
  get undoBytes() {
    return this.#journal.bytes;
  }

  /** Whether a stroke is being made. */
  get busy() {
    return this.#open !== null;
  }

  markSaved() {
    this.#saved = this.#journal.state;
  }

  /** Give a layer the pixels that it had in a file; no step of undo. @param {LayerName} name @param {Uint8ClampedArray} data */
  load(name, data) {
    this.layers[name].data.set(data);
    this.#onDirty(name, this.#whole());
  }

  /** Whether anything of a layer is seen. @param {LayerName} name */
  isEmpty(name) {
    const { channels, data } = this.layers[name];
    for (let at = channels - 1; at < data.length; at += channels) if (data[at] !== 0) return false;
    return true;
  }

  /**
   * Begin a stroke or a shape: what `coverage` then covers is inked, `show` by `show`.
   *
   * @param {LayerName} name
   * @param {Ink} ink
   * @param {string} label names the step of undo
   */
  begin(name, ink, label) {
    this.cancel();
    this.coverage.clear();
    this.#open = { layer: this.layers[name], ink, step: { label, layer: name, tiles: new Map() } };
  }

  /** Ink what the coverage has become. @param {Rect} rect where it may have changed */
  show(rect) {
    if (!this.#open || isEmpty(rect)) return;
    const { layer, ink, step } = this.#open;
    for (const tile of tilesIn(layer, rect)) {
      const before = step.tiles.get(tile) ?? readTile(layer, tile);
      step.tiles.set(tile, before);
      blendTile(layer, tile, before, this.coverage, ink, rect);
    }
    this.#onDirty(layer.name, rect);
  }

  /** Take back what the stroke has covered so far, and let it go on. */
  restart() {
    this.coverage.clear();
    if (this.#open) this.#restore(this.#open);
  }

  /** The stroke becomes a step of undo. @returns {boolean} whether it has changed anything */
  commit() {
    const open = this.#open;
    this.#open = null;
    this.coverage.clear();
    return open ? this.#keep(open.step) : false;
  }

  /** Take the stroke back. */
  cancel() {
    const open = this.#open;
    this.#open = null;
    this.coverage.clear();
    if (open) this.#restore(open);
  }

  /** @param {Open} open */
  #restore({ layer, step }) {
    let rect = EMPTY;
    for (const [tile, pixels] of step.tiles) {
      writeTile(layer, tile, pixels);
      rect = union(rect, tileRect(layer, tile));
    }
    if (!isEmpty(rect)) this.#onDirty(layer.name, rect);
  }

  /** @param {Step} step what has not changed of it is left out */
  #keep(step) {
    const layer = this.layers[step.layer];
    for (const [tile, pixels] of step.tiles) if (sameTile(layer, tile, pixels)) step.tiles.delete(tile);
    if (step.tiles.size === 0) return false;
    // A step after which nothing leads back to what is in the file: that state has no number any more.
    if (this.#saved > this.#journal.state) this.#saved = -1;
    this.#journal.push(step);
    return true;
  }

  /**
   * Ink everything that an array covers, as one step.
   *
   * @param {LayerName} name
   * @param {Ink} ink
   * @param {string} label
   * @param {{ inside: Uint8Array, rect: Rect }} covered
   */
  ink(name, ink, label, { inside, rect }) {
    this.begin(name, ink, label);
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      const at = y * this.width + rect.x;
      this.coverage.data.set(inside.subarray(at, at + rect.width), at);
    }
    this.coverage.note(rect);
    this.show(rect);
    return this.commit();
  }

  /**
   * Give a layer other pixels as a whole, as one step.
   *
   * @param {LayerName} name
   * @param {Uint8ClampedArray} data
   * @param {string} label
   */
  replace(name, data, label) {
    this.cancel();
    const target = this.layers[name];
    /** @type {Step} */
    const step = { label, layer: name, tiles: new Map() };
    for (const tile of tilesIn(target, this.#whole())) step.tiles.set(tile, readTile(target, tile));
    target.data.set(data);
    const kept = this.#keep(step);
    this.#onDirty(name, this.#whole());
    return kept;
  }

  /** @param {LayerName} name */
  clear(name) {
    return this.replace(name, new Uint8ClampedArray(this.layers[name].data.length), 'clear');
  }

  invertMask() {
    return this.replace('mask', this.layers.mask.data.map((value) => 255 - value), 'invert');
  }

  undo() {
    return this.#step(this.#journal.undo());
  }

  redo() {
    return this.#step(this.#journal.redo());
  }

  /** @param {{ layer: LayerName, rect: Rect } | null} changed */
  #step(changed) {
    if (changed) this.#onDirty(changed.layer, clip(changed.rect, this.width, this.height));
    return changed !== null;
  }

  #whole() {
    return { x: 0, y: 0, width: this.width, height: this.height };
  }
}

/**
 * @param {LayerName} name
 * @param {1 | 4} channels
 * @param {number} width
 * @param {number} height
 * @returns {Layer}
 */
function layer(name, channels, width, height) {
  return { name, channels, width, height, data: new Uint8ClampedArray(width * height * channels) };
}
