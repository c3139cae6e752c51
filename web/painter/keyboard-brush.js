/** Painting with the keyboard: arrow keys move the brush, Enter puts it down and lifts it. */

import { beginGesture } from './tools.js';

/** @import { PaintGesture, Sample, Studio } from '../types/painter.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

/** @type {Readonly<Record<string, Point>>} */
const WAYS = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const NO_KEYS = { shift: false, mod: false };

export class KeyboardBrush {
  /** In pixels of the picture; null while the pointer leads. @type {Point | null} */
  at = null;
  #studio;
  /** @type {PaintGesture | null} */
  #gesture = null;

  /** @param {Studio} studio */
  constructor(studio) {
    this.#studio = studio;
  }

  /** Whether a stroke is being made. */
  get down() {
    return this.#gesture !== null;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Point} from where the brush is if the keyboard did not lead before
   * @returns {boolean} whether the key was for the brush
   */
  press(event, from) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const way = WAYS[event.key];
    if (way) this.#move(way, event.shiftKey, this.at ?? from);
    else if (event.key === 'Enter') this.#toggle(this.at ?? from);
    else return false;
    return true;
  }

  /** @param {Point} way @param {boolean} far @param {Point} from */
  #move(way, far, from) {
    const { board, settings, editor, announce } = this.#studio;
    const step = far ? Math.max(8, settings.peek().size) : Math.max(1, settings.peek().size / 8);
    const x = Math.min(board.width, Math.max(0, from.x + way.x * step));
    const y = Math.min(board.height, Math.max(0, from.y + way.y * step));
    this.at = { x, y };
    this.#gesture?.move([this.#sample(this.at)], NO_KEYS);
    announce(editor.t('painter.at', { x: Math.round(x), y: Math.round(y) }));
  }

  /** @param {Point} from */
  #toggle(from) {
    const { announce, editor, tool } = this.#studio;
    this.at = from;
    if (this.#gesture) {
      this.lift();
      return;
    }
    this.#gesture = beginGesture(this.#studio, tool.peek(), this.#sample(from), { erase: false, straight: false });
    announce(editor.t('painter.down'));
  }

  /** End the stroke. */
  lift() {
    if (!this.#gesture) return;
    this.#gesture.end();
    this.#gesture = null;
    this.#studio.announce(this.#studio.editor.t('painter.lifted'));
  }

  /** Take the stroke back, and let the pointer lead. */
  cancel() {
    this.#gesture?.cancel();
    this.#gesture = null;
    this.at = null;
  }

  /** @param {Point} place @returns {Sample} */
  #sample(place) {
    return { ...place, pressure: 1 };
  }
}
