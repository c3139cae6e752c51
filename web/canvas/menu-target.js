/** What a context menu is about. */

import { nodeBox } from '../core/boxes.js';

/** @import {Hit, Stage} from '../types/canvas.d.ts' */
/** @import {MenuTarget, Point} from '../types/editor.d.ts' */

/**
 * @param {Hit} under
 * @returns {MenuTarget}
 */
export function menuTargetOf(under) {
  if (under.kind === 'canvas') return under;
  if (under.kind === 'link') return { kind: 'link', id: under.id };
  if (under.kind === 'point') return { kind: 'point', id: under.id };
  if (under.kind === 'group') return { kind: 'group', id: under.id };
  return { kind: 'node', id: under.id };
}

/**
 * What is selected, and where it is in the document.
 *
 * @param {Stage} stage
 * @returns {{ target: MenuTarget, place: Point }}
 */
export function selectedTarget({ editor, scene, camera }) {
  const { ids, groups, points, link } = editor.selection;
  const [id] = ids.peek();
  const node = editor.document.nodes.get(id ?? '');
  if (node) {
    const { x, y, width } = scene.bounds([node.id]) ?? nodeBox(node);
    return { target: { kind: 'node', id: node.id }, place: { x: x + width / 2, y: y + 15 } };
  }
  const [group] = [...groups.peek()].flatMap((each) => editor.document.groups.get(each) ?? []);
  if (group) {
    const { x, y } = scene.groupRect(group);
    return { target: { kind: 'group', id: group.id }, place: { x: x + 20, y: y + 20 } };
  }
  const [point] = points.peek();
  const at = point === undefined ? null : scene.point(point);
  if (point !== undefined && at) return { target: { kind: 'point', id: point }, place: at };
  const chosen = link.peek();
  const index = chosen === null ? -1 : scene.linkIds.indexOf(chosen);
  if (chosen !== null && index >= 0) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = scene.ends.subarray(index * 4, index * 4 + 4);
    return { target: { kind: 'link', id: chosen }, place: { x: (x1 + x2) / 2, y: (y1 + y2) / 2 } };
  }
  const view = camera.view();
  return { target: { kind: 'canvas' }, place: { x: view.x + view.width / 2, y: view.y + view.height / 2 } };
}
