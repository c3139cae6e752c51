/** Moving the view. */

import { isFar } from './slack.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */

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
    move(stroke) {
      const { screen } = stroke;
      moved ||= isFar(press, stroke);
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
