/** Resizing a node or a group by its corner. */

import { putGroup, resizeNode } from '../../core/edits.js';
import { isPinned } from '../../core/groups.js';
import { LEAST_WIDTH } from '../metrics.js';
import { gridOf } from '../snapping.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {NodeId} from '../../types/document.d.ts' */

const LEAST_GROUP = 80;

/** @param {number} value @param {number} start @param {number} step */
function snap(value, start, step) {
  return Math.round((start + value) / step) * step - start;
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
  const grid = gridOf(editor);
  const show = (/** @type {typeof scene.draft.resized} */ resized) => {
    scene.draft.resized = resized;
    stage.nodesMoved([id]);
  };
  return {
    cursor: 'nwse-resize',
    move({ place, shift }) {
      show({
        id,
        width: Math.max(LEAST_WIDTH, snap(width + place.x - press.place.x, x, shift ? 1 : grid)),
        height: Math.max(least, snap(height + place.y - press.place.y, y, shift ? 1 : grid)),
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
  const { editor, scene } = stage;
  const group = editor.document.groups.get(id);
  const grid = gridOf(editor);
  const show = (/** @type {typeof scene.draft.resizedGroup} */ resized) => {
    scene.draft.resizedGroup = resized;
    stage.nodesMoved([]);
  };
  return {
    cursor: 'nwse-resize',
    move({ place, shift }) {
      if (!group || isPinned(group)) return;
      const { x, y } = group;
      const width = Math.max(LEAST_GROUP, snap(group.width + place.x - press.place.x, x, shift ? 1 : grid));
      const height = Math.max(LEAST_GROUP, snap(group.height + place.y - press.place.y, y, shift ? 1 : grid));
      show({ id, rect: { x, y, width, height } });
    },
    end() {
      const { resizedGroup } = scene.draft;
      show(null);
      if (group && resizedGroup) editor.perform(putGroup({ ...group, ...resizedGroup.rect }, undefined, 'edit.resize'));
    },
    cancel: () => show(null),
  };
}
