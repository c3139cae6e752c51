/** One loop for everything that is drawn; it stops when nothing is left to draw. */

/** Layers that can be asked for, combined with `|`. */
export const BACK = 1;
export const NODES = 2;
export const OVERLAY = 4;
export const EVERYTHING = BACK | NODES | OVERLAY;

export class FrameLoop {
  /** Frames drawn. */
  count = 0;
  #asked = 0;
  #handle = 0;
  /** @type {(layers: number) => void} */
  #draw;

  /** @param {(layers: number) => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  /** @param {number} layers drawn in the next frame, once, however often they are asked for */
  invalidate(layers) {
    this.#asked |= layers;
    if (this.#handle === 0) this.#handle = requestAnimationFrame(() => this.#frame());
  }

  stop() {
    cancelAnimationFrame(this.#handle);
    this.#handle = 0;
    this.#asked = 0;
  }

  #frame() {
    const layers = this.#asked;
    this.#handle = 0;
    this.#asked = 0;
    this.count += 1;
    this.#draw(layers);
  }
}
