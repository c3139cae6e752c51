/** Selecting by a box. */

import { OVERLAY } from '../frame.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */

/**
 * Nodes that the box touches are selected: with Shift in addition, otherwise instead of what was.
 *
 * @param {Stage} stage
 * @param {Stroke} press
 * @returns {Gesture}
 */
export function boxSelect(stage, press) {
  const { editor, scene, loop } = stage;
  const before = press.shift ? [...editor.selection.ids.peek()] : [];
  const clear = () => {
    scene.draft.box = null;
    loop.invalidate(OVERLAY);
  };
  return {
    cursor: 'crosshair',
    follows: true,
    move({ place }) {
      scene.draft.box = {
        x: Math.min(place.x, press.place.x),
        y: Math.min(place.y, press.place.y),
        width: Math.abs(place.x - press.place.x),
        height: Math.abs(place.y - press.place.y),
      };
      const inside = scene.nodesIn(scene.draft.box).map((index) => scene.nodeIds[index] ?? '');
      editor.selection.set([...before, ...inside]);
      loop.invalidate(OVERLAY);
    },
    end: clear,
    cancel() {
      clear();
      editor.selection.set(before);
    },
  };
}
