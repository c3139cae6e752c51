/** Two fingers: they move the view and zoom it. */

/** @import {Camera} from '../camera.js' */
/** @import {Point} from '../../types/editor.d.ts' */

/** What the fingers move. @typedef {{ camera: Pick<Camera, 'panBy' | 'zoomAt' | 'scale'>, cameraMoved(): void }} Moved */

/**
 * @param {Moved} stage
 * @param {[Point, Point]} start where the fingers are, from the top left of the view
 * @returns {(fingers: [Point, Point]) => void} to be called when one has moved
 */
export function pinch(stage, start) {
  let last = start;
  return (fingers) => {
    const before = spread(last);
    const after = spread(fingers);
    stage.camera.panBy(after.x - before.x, after.y - before.y);
    stage.camera.zoomAt(after, stage.camera.scale * (after.distance / Math.max(1, before.distance)));
    last = fingers;
    stage.cameraMoved();
  };
}

/** @param {[Point, Point]} fingers */
function spread([a, b]) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.hypot(a.x - b.x, a.y - b.y) };
}
