/** Which part of the document is seen, and how large. */

import { LEAST_SCALE, MOST_SCALE } from './metrics.js';

/** @import {Point} from '../types/editor.d.ts' */
/** @import {Rect} from '../types/canvas.d.ts' */

const FIT_MARGIN = 48;

export class Camera {
  /** The document's point at the top left of the view. */
  x = 0;
  y = 0;
  scale = 1;
  /** The view's size in CSS pixels. */
  width = 1;
  height = 1;

  /**
   * @param {Point} screen CSS pixels from the top left of the view
   * @returns {Point}
   */
  toDocument(screen) {
    return { x: this.x + screen.x / this.scale, y: this.y + screen.y / this.scale };
  }

  /**
   * @param {Point} place
   * @returns {Point}
   */
  toScreen(place) {
    return { x: (place.x - this.x) * this.scale, y: (place.y - this.y) * this.scale };
  }

  /**
   * Move the document under the view by CSS pixels.
   *
   * @param {number} dx
   * @param {number} dy
   */
  panBy(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /**
   * Zoom such that the document's point under `screen` stays where it is.
   *
   * @param {Point} screen
   * @param {number} scale
   */
  zoomAt(screen, scale) {
    const fixed = this.toDocument(screen);
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
    this.x = fixed.x - screen.x / this.scale;
    this.y = fixed.y - screen.y / this.scale;
  }

  /** @returns {Rect} the part of the document that is seen */
  view() {
    return { x: this.x, y: this.y, width: this.width / this.scale, height: this.height / this.scale };
  }

  /**
   * Show all of a rectangle; no larger than 1:1, but where there is no margin: then it fills the view.
   *
   * @param {Rect} rect
   * @param {number} [margin] in CSS pixels
   */
  fit(rect, margin = FIT_MARGIN) {
    const wide = (this.width - 2 * margin) / Math.max(rect.width, 1);
    const high = (this.height - 2 * margin) / Math.max(rect.height, 1);
    this.scale = Math.min(margin > 0 ? 1 : MOST_SCALE, Math.max(LEAST_SCALE, Math.min(wide, high)));
    this.x = rect.x + rect.width / 2 - this.width / this.scale / 2;
    this.y = rect.y + rect.height / 2 - this.height / this.scale / 2;
  }
}
