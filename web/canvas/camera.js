/** Which part of the document is seen, and how large. */

import { LEAST_SCALE, MOST_SCALE } from './metrics.js';

/** @import {Point} from '../types/editor.d.ts' */
/** @import {Rect} from '../types/canvas.d.ts' */

const FIT_MARGIN = 48;
/** What comes into view keeps away from its edge by this part of its size: what is around is seen too. */
const EDGE = 0.15;

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
   * How far the view has to move (document units) for all of a rectangle to be in it; of one that is too large, its top left.
   *
   * @param {Rect} rect
   * @returns {Point}
   */
  wayTo(rect) {
    const view = this.view();
    return { x: way(rect.x - view.x, rect.width, view.width), y: way(rect.y - view.y, rect.height, view.height) };
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

/**
 * @param {number} start of what is to be seen, from the start of the view
 * @param {number} length
 * @param {number} seen the length of the view
 * @returns {number} 0 when all of it is seen
 */
function way(start, length, seen) {
  const end = start + length;
  if (start >= 0 && end <= seen) return 0;
  const edge = Math.max(0, Math.min(seen * EDGE, (seen - length) / 2));
  return start < 0 || length > seen ? start - edge : end - seen + edge;
}
