/** While something is dragged to the edge of the view, the view follows. */

/** @import {Stage} from '../../types/canvas.d.ts' */
/** @import {Point} from '../../types/editor.d.ts' */

/** The width of the edge, and the most that the view moves in a frame (CSS pixels). */
const EDGE = 28;
const MOST = 16;

export class EdgePan {
  /** @type {Stage} */
  #stage;
  #handle = 0;
  /** @type {Point} */
  #speed = { x: 0, y: 0 };
  /** @type {() => void} */
  #onPan = () => {};

  /** @param {Stage} stage */
  constructor(stage) {
    this.#stage = stage;
  }

  /**
   * @param {Point} screen where the pointer is, from the top left of the view
   * @param {() => void} onPan called after each step, since the pointer is over another place of the document
   */
  follow(screen, onPan) {
    const { width, height } = this.#stage.camera;
    this.#speed = { x: push(screen.x, width), y: push(screen.y, height) };
    this.#onPan = onPan;
    if (this.#speed.x === 0 && this.#speed.y === 0) this.stop();
    else if (this.#handle === 0) this.#handle = requestAnimationFrame(() => this.#step());
  }

  stop() {
    cancelAnimationFrame(this.#handle);
    this.#handle = 0;
  }

  #step() {
    this.#handle = requestAnimationFrame(() => this.#step());
    this.#stage.camera.panBy(this.#speed.x, this.#speed.y);
    this.#stage.cameraMoved();
    this.#onPan();
  }
}

/**
 * @param {number} place
 * @param {number} size
 * @returns {number} positive at the beginning, negative at the end, 0 between
 */
function push(place, size) {
  const deep = place < EDGE ? EDGE - place : place > size - EDGE ? size - EDGE - place : 0;
  return Math.max(-MOST, Math.min(MOST, deep * 0.6));
}
