/** Resizing a node or a group by its corner. */

import { putGroup, resizeNode } from '../../core/edits.js';
import { BACK } from '../frame.js';
import { GRID, LEAST_WIDTH } from '../metrics.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {NodeId} from '../../types/document.d.ts' */

const LEAST_GROUP = 80;

/** @param {number} value @param {number} start @param {boolean} free */
function snap(value, start, free) {
  return free ? Math.round(value) : Math.round((start + value) / GRID) * GRID - start;
}

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {NodeId} id
 * @returns {Gesture}
 */
export function resizeTheNode(stage, press, id) {
  const { editor, scene } = stage;
  const { width, height, least } = scene.layout(id);
  const { x, y } = scene.origin(id);
  const show = (/** @type {typeof scene.draft.resized} */ resized) => {
    scene.draft.resized = resized;
    stage.nodesMoved([id]);
  };
  return {
    cursor: 'nwse-resize',
    move({ place, shift }) {
      show({
        id,
        width: Math.max(LEAST_WIDTH, snap(width + place.x - press.place.x, x, shift)),
        height: Math.max(least, snap(height + place.y - press.place.y, y, shift)),
      });
    },
    end() {
      const { resized } = scene.draft;
      show(null);
      if (resized) editor.perform(resizeNode(id, resized.width, resized.height));
    },
    cancel: () => show(null),
  };
}

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {number} id
 * @returns {Gesture}
 */
export function resizeTheGroup(stage, press, id) {
  const { editor, scene, loop } = stage;
  const group = editor.document.groups.get(id);
  const show = (/** @type {typeof scene.draft.resizedGroup} */ resized) => {
    scene.draft.resizedGroup = resized;
    loop.invalidate(BACK);
  };
  return {
    cursor: 'nwse-resize',
    move({ place, shift }) {
      if (!group) return;
      show({
        id,
        width: Math.max(LEAST_GROUP, snap(group.width + place.x - press.place.x, group.x, shift)),
        height: Math.max(LEAST_GROUP, snap(group.height + place.y - press.place.y, group.y, shift)),
      });
    },
    end() {
      const { resizedGroup } = scene.draft;
      show(null);
      if (group && resizedGroup) editor.perform(putGroup({ ...group, width: resizedGroup.width, height: resizedGroup.height }));
    },
    cancel: () => show(null),
  };
}
