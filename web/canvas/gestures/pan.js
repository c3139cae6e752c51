/** Moving the view. */

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */

/** Less than so many CSS pixels is a click. */
const SLACK = 4;

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {() => void} onClick when the pointer was released where it was pressed
 * @returns {Gesture}
 */
export function pan(stage, press, onClick) {
  let last = press.screen;
  let moved = false;
  return {
    cursor: 'grabbing',
    move({ screen }) {
      moved ||= Math.hypot(screen.x - press.screen.x, screen.y - press.screen.y) > SLACK;
      if (!moved) return;
      stage.camera.panBy(screen.x - last.x, screen.y - last.y);
      last = screen;
      stage.cameraMoved();
    },
    end() {
      if (!moved) onClick();
    },
    cancel() {},
  };
}
