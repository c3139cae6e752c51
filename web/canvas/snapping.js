/** Where what is moved comes to lie: on the grid, or in line with other nodes. */

import { guideThrough, snapAlong } from '../core/align.js';

/** @import {Guide} from '../core/align.js' */
/** @import {Rect, Stage} from '../types/canvas.d.ts' */
/** @import {Editor, Point} from '../types/editor.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */

/** How near edges have to be, in CSS pixels. */
const REACH = 7;
/** Only boxes so near are looked at, in document units: with all of a large graph something is always in line. */
const AROUND = 700;

/** @param {Editor} editor @returns {number} 1 where nothing snaps to the grid */
export function gridOf({ preferences }) {
  const snap = preferences.of('canvas.snap').peek();
  return snap === 'grid' || snap === 'both' ? Math.max(1, Number(preferences.of('canvas.grid').peek())) : 1;
}

/**
 * @param {Stage} stage
 * @param {Rect} box that is moved, where it was
 * @param {Point} corner of it that keeps to the grid, where it was
 * @param {Point} by how far the pointer has moved
 * @param {ReadonlySet<NodeId>} moved nothing snaps to what moves along
 * @returns {{ dx: number, dy: number, guides: Guide[] }}
 */
export function snapMove(stage, box, corner, by, moved) {
  const grid = gridOf(stage.editor);
  const onGrid = (/** @type {number} */ start, /** @type {number} */ far) => Math.round((start + far) / grid) * grid - start;
  let dx = onGrid(corner.x, by.x);
  let dy = onGrid(corner.y, by.y);
  const snap = stage.editor.preferences.of('canvas.snap').peek();
  if (snap !== 'nodes' && snap !== 'both') return { dx, dy, guides: [] };
  const there = { ...box, x: box.x + by.x, y: box.y + by.y };
  const others = boxesAround(stage, there, moved);
  const reach = REACH / stage.camera.scale;
  const across = snapAlong(there, others, 'x', reach);
  const down = snapAlong(there, others, 'y', reach);
  if (across) dx = Math.round(by.x + across.by);
  if (down) dy = Math.round(by.y + down.by);
  const placed = { ...box, x: box.x + dx, y: box.y + dy };
  const guides = [];
  if (across) guides.push(guideThrough(placed, across.other, 'x', across.at));
  if (down) guides.push(guideThrough(placed, down.other, 'y', down.at));
  return { dx, dy, guides };
}

/**
 * @param {Stage} stage
 * @param {Rect} box
 * @param {ReadonlySet<NodeId>} moved
 * @returns {Rect[]} of the nodes in view that do not move
 */
function boxesAround({ scene, camera }, { x, y, width, height }, moved) {
  const view = camera.view();
  const left = Math.max(view.x, x - AROUND);
  const top = Math.max(view.y, y - AROUND);
  const right = Math.min(view.x + view.width, x + width + AROUND);
  const bottom = Math.min(view.y + view.height, y + height + AROUND);
  const near = scene.nodesIn({ x: left, y: top, width: right - left, height: bottom - top });
  return near.flatMap((index) => {
    if (moved.has(scene.nodeIds[index] ?? '')) return [];
    const [boxX = 0, boxY = 0, boxWidth = 0, boxHeight = 0] = scene.boxes.subarray(index * 4, index * 4 + 4);
    return [{ x: boxX, y: boxY, width: boxWidth, height: boxHeight }];
  });
}
