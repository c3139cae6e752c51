/** How far a press may stray and still be a click. */

/** @import {Stroke} from '../../types/canvas.d.ts' */

/** CSS pixels, of a mouse and of a finger. */
const SLACK = 4;
const COARSE_SLACK = 10;

/** @param {Stroke} press @param {Stroke} stroke */
export function isFar(press, { screen }) {
  return Math.hypot(screen.x - press.screen.x, screen.y - press.screen.y) > (press.coarse ? COARSE_SLACK : SLACK);
}
