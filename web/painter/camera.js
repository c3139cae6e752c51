/** Which part of the picture is seen, how large, and whether as in a mirror. */

/** @import { Point } from '../types/editor.d.ts' */

const LEAST_SCALE = 0.02;
const MOST_SCALE = 64;
const FIT_MARGIN = 24;

export class PaintCamera {
  /** Where the picture's left edge is in the view, in CSS pixels; also in a mirror. */
  x = 0;
  y = 0;
  scale = 1;
  flipped = false;
  /** The view's size in CSS pixels. */
  width = 1;
  height = 1;

  /** @param {number} pictureWidth @param {number} pictureHeight */
  constructor(pictureWidth, pictureHeight) {
    this.pictureWidth = pictureWidth;
    this.pictureHeight = pictureHeight;
  }

  /** @param {Point} screen CSS pixels from the top left of the view @returns {Point} */
  toPicture({ x, y }) {
    const across = (x - this.x) / this.scale;
    return { x: this.flipped ? this.pictureWidth - across : across, y: (y - this.y) / this.scale };
  }

  /** @param {Point} place @returns {Point} */
  toScreen({ x, y }) {
    const across = this.flipped ? this.pictureWidth - x : x;
    return { x: this.x + across * this.scale, y: this.y + y * this.scale };
  }

  /** @param {number} dx CSS pixels @param {number} dy */
  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
  }

  /** Zoom such that what is seen at `screen` stays there. @param {Point} screen @param {number} scale */
  zoomAt(screen, scale) {
    const before = this.scale;
    this.scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
    this.x = screen.x - ((screen.x - this.x) * this.scale) / before;
    this.y = screen.y - ((screen.y - this.y) * this.scale) / before;
  }

  /** @param {number} scale */
  zoomTo(scale) {
    this.zoomAt(this.centre(), scale);
  }

  centre() {
    return { x: this.width / 2, y: this.height / 2 };
  }

  /** Show all of the picture; a small one up to four times as large as it is. */
  fit() {
    const wide = (this.width - 2 * FIT_MARGIN) / this.pictureWidth;
    const high = (this.height - 2 * FIT_MARGIN) / this.pictureHeight;
    this.scale = Math.max(LEAST_SCALE, Math.min(4, wide, high));
    this.x = (this.width - this.pictureWidth * this.scale) / 2;
    this.y = (this.height - this.pictureHeight * this.scale) / 2;
  }

  /** Mirror the view; what is in its middle stays there. */
  flip() {
    const middle = this.toPicture(this.centre());
    this.flipped = !this.flipped;
    this.x += this.width / 2 - this.toScreen(middle).x;
  }
}
