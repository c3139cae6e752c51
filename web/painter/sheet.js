/** What is seen of a painting: the picture, the paint and the mask, a canvas each, moved and scaled as one. */

import { h } from '../ui/dom.js';
import { EMPTY, isEmpty, union } from './area.js';
import { readColor } from './colors.js';

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { LayerName } from '../types/painter.d.ts' */
/** @import { Board } from './board.js' */
/** @import { PaintCamera } from './camera.js' */

/** From this zoom on pixels are shown as squares. */
const SQUARES = 3;

export class Sheet {
  element = h('div', { class: 'paint-sheet' });
  /** How many times changes were brought to the canvases. */
  flushes = 0;
  #board;
  #picture = h('canvas', { class: 'paint-picture' });
  #paint = h('canvas', { class: 'paint-paint' });
  #mask = h('canvas', { class: 'paint-mask' });
  /** @type {Record<LayerName, Rect>} */
  #dirty = { mask: EMPTY, paint: EMPTY };
  #frame = 0;
  #tint = 0;
  /** Shown in place of the mask: what a change would make of it. @type {Uint8ClampedArray | null} */
  #preview = null;
  /** @type {Uint8ClampedArray | null} */
  #pixels = null;

  /** @param {Board} board @param {ImageBitmap} picture */
  constructor(board, picture) {
    this.#board = board;
    for (const canvas of [this.#picture, this.#paint, this.#mask]) {
      canvas.width = board.width;
      canvas.height = board.height;
      this.element.append(canvas);
    }
    this.element.style.width = `${board.width}px`;
    this.element.style.height = `${board.height}px`;
    contextOf(this.#picture).drawImage(picture, 0, 0);
    // A canvas that has nothing to show would cost as much as another.
    this.#paint.hidden = this.#mask.hidden = true;
  }

  /** Gives the memory of the canvases back at once; the page's own collection may take its time. */
  destroy() {
    cancelAnimationFrame(this.#frame);
    for (const canvas of [this.#picture, this.#paint, this.#mask]) canvas.width = canvas.height = 0;
    this.#pixels = null;
    this.element.remove();
  }

  /** @param {LayerName} layer @param {Rect} rect */
  markDirty(layer, rect) {
    this.#dirty[layer] = union(this.#dirty[layer], rect);
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#frame = 0;
    this.flushes += 1;
    const { mask, paint } = this.#dirty;
    this.#dirty = { mask: EMPTY, paint: EMPTY };
    if (!isEmpty(mask)) this.#drawMask(mask);
    if (isEmpty(paint)) return;
    this.#paint.hidden = false;
    const { data, width, height } = this.#board.layers.paint;
    contextOf(this.#paint).putImageData(new ImageData(data, width, height), 0, 0, paint.x, paint.y, paint.width, paint.height);
  }

  /** @param {Rect} rect */
  #drawMask({ x, y, width, height }) {
    const data = this.#preview ?? this.#board.layers.mask.data;
    this.#mask.hidden = false;
    const tinted = new Uint32Array(width * height);
    for (let row = 0, at = 0; row < height; row += 1) {
      const start = (y + row) * this.#board.width + x;
      for (let column = 0; column < width; column += 1, at += 1) {
        tinted[at] = ((data[start + column] ?? 0) << 24) | this.#tint;
      }
    }
    contextOf(this.#mask).putImageData(new ImageData(new Uint8ClampedArray(tinted.buffer), width, height), x, y);
  }

  /**
   * @param {string} color of what is masked
   * @param {number} opacity
   * @param {boolean} only whether the mask alone is shown, white on black
   */
  showMaskAs(color, opacity, only) {
    this.element.classList.toggle('mask-only', only);
    this.#mask.style.opacity = String(only ? 1 : opacity);
    const [red, green, blue] = only ? [255, 255, 255] : readColor(color);
    const tint = red | (green << 8) | (blue << 16);
    if (tint === this.#tint) return;
    this.#tint = tint;
    if (!this.#mask.hidden) this.#markWhole('mask');
  }

  /** @param {Uint8ClampedArray | null} mask what is shown in place of the mask */
  previewMask(mask) {
    if (mask === this.#preview) return;
    this.#preview = mask;
    this.#markWhole('mask');
  }

  /** @param {LayerName} layer */
  #markWhole(layer) {
    this.markDirty(layer, { x: 0, y: 0, width: this.#board.width, height: this.#board.height });
  }

  /** @param {PaintCamera} camera */
  place(camera) {
    const { scale, flipped, pictureWidth } = camera;
    const x = camera.x + (flipped ? pictureWidth * scale : 0);
    this.element.style.transform = `translate(${x}px, ${camera.y}px) scale(${flipped ? -scale : scale}, ${scale})`;
    this.element.classList.toggle('squares', scale >= SQUARES);
  }

  /** @returns {Uint8ClampedArray} the picture with the paint, red, green, blue and alpha of each pixel */
  seen() {
    const { width, height } = this.#board;
    this.#pixels ??= contextOf(this.#picture).getImageData(0, 0, width, height).data;
    const seen = Uint8ClampedArray.from(this.#pixels);
    const { data } = this.#board.layers.paint;
    for (let at = 0; at < data.length; at += 4) {
      const part = (data[at + 3] ?? 0) / 255;
      if (part === 0) continue;
      for (let channel = at; channel < at + 3; channel += 1) {
        seen[channel] = (seen[channel] ?? 0) * (1 - part) + (data[channel] ?? 0) * part;
      }
      seen[at + 3] = 255;
    }
    return seen;
  }

  /** @param {number} x @param {number} y @returns {[number, number, number]} the colour that is seen there */
  colorAt(x, y) {
    const [red = 0, green = 0, blue = 0] = contextOf(this.#picture).getImageData(x, y, 1, 1).data;
    const at = (y * this.#board.width + x) * 4;
    const [r = 0, g = 0, b = 0, alpha = 0] = this.#board.layers.paint.data.subarray(at, at + 4);
    const mix = (/** @type {number} */ below, /** @type {number} */ above) => below + ((above - below) * alpha) / 255;
    return [mix(red, r), mix(green, g), mix(blue, b)];
  }
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('The browser has no memory left for a canvas.');
  return context;
}
