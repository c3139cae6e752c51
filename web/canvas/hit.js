/** What lies under a point: the front first; nodes before points of links, these before links, links before groups. */

import { isCollapsed } from '../core/groups.js';
import { distanceToLink } from './curve.js';
import { CHEVRON, CORNER, GROUP_TITLE, LINK_REACH, NEAR, POINT_REACH, SOCKET_REACH, TITLE } from './metrics.js';

/** @import {Hit, Stage} from '../types/canvas.d.ts' */
/** @import {LinkId, NodeId} from '../types/document.d.ts' */
/** @import {Point} from '../types/editor.d.ts' */

/** A finger takes what is so many times as far away as for a mouse. */
const COARSE = 2;

/**
 * @param {Stage} stage
 * @param {Point} place in the document
 * @param {{ skipSockets?: boolean, coarse?: boolean }} [options] `coarse`: by a finger, which needs more room
 * @returns {Hit}
 */
export function hit(stage, place, options = {}) {
  const { scene, camera } = stage;
  const wide = options.coarse ? COARSE : 1;
  const near = options.coarse ? (SOCKET_REACH * COARSE) / camera.scale : Math.min(SOCKET_REACH, SOCKET_REACH / camera.scale);
  const around = { x: place.x - near, y: place.y - near, width: 2 * near, height: 2 * near };
  const nodes = scene.nodesIn(around).reverse();
  for (const index of nodes) {
    const found = hitNode(stage, scene.nodeIds[index] ?? '', place, near, options.skipSockets ?? false);
    if (found) return found;
  }
  const point = pointAt(stage, place, wide);
  if (point !== null) return { kind: 'point', id: point };
  const link = linkAt(stage, place, wide);
  if (link !== null) return { kind: 'link', id: link };
  return groupAt(stage, place) ?? { kind: 'canvas' };
}

/**
 * @param {Stage} stage
 * @param {NodeId} id
 * @param {Point} place
 * @param {number} near
 * @param {boolean} skipSockets
 * @returns {Hit | null}
 */
function hitNode(stage, id, place, near, skipSockets) {
  const { scene, camera } = stage;
  const layout = scene.layout(id);
  const { x, y } = scene.origin(id);
  const dx = place.x - x;
  const dy = place.y - y;
  const socket = skipSockets ? null : socketAt(layout, dx, dy, near);
  if (socket) return socket.side === 'output' ? { kind: 'output', id, output: Number(socket.name) } : { kind: 'input', id, input: socket.name };
  if (dx < 0 || dx > layout.width || dy < -TITLE || dy > layout.height) return null;
  const resizable = layout.height > 0 && camera.scale >= NEAR / 2;
  if (resizable && dx > layout.width - CORNER && dy > layout.height - CORNER) return { kind: 'corner', id };
  if (dy > 0) return { kind: 'node', id };
  return { kind: dx < CHEVRON ? 'chevron' : 'title', id };
}

/**
 * The nearest socket within reach. Inside the node the label belongs to its socket too.
 *
 * @param {import('../types/canvas.d.ts').NodeLayout} layout
 * @param {number} dx from the node's left
 * @param {number} dy from the body's top
 * @param {number} near
 */
function socketAt(layout, dx, dy, near) {
  let best = null;
  let least = near;
  for (const [side, places] of /** @type {const} */ ([['output', layout.outputs], ['input', layout.inputs]])) {
    for (const { name, y, widget } of places) {
      const out = side === 'input' ? -dx : dx - layout.width;
      // A widget's socket leaves the widget itself to the widget.
      const across = widget && out < -near / 2 ? Infinity : Math.abs(out);
      const distance = Math.max(across, Math.abs(dy - y));
      if (distance < least) {
        best = { side, name };
        least = distance;
      }
    }
  }
  return best;
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @param {number} wide
 * @returns {number | null}
 */
function pointAt({ scene, camera }, { x, y }, wide) {
  let best = null;
  let least = Math.max(POINT_REACH, POINT_REACH / camera.scale) * wide;
  for (const id of scene.shownPoints()) {
    const point = scene.point(id);
    const far = point ? Math.hypot(point.x - x, point.y - y) : Infinity;
    if (far >= least) continue;
    best = id;
    least = far;
  }
  return best;
}

/**
 * @param {Stage} stage
 * @param {Point} place
 * @param {number} [wide]
 * @returns {LinkId | null}
 */
export function linkAt({ scene, camera }, { x, y }, wide = 1) {
  const reach = (LINK_REACH * wide) / camera.scale;
  let best = null;
  let least = reach;
  for (const index of scene.linksIn({ x: x - reach, y: y - reach, width: 2 * reach, height: 2 * reach })) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = scene.ends.subarray(index * 4, index * 4 + 4);
    const distance = distanceToLink(x, y, x1, y1, x2, y2);
    if (distance < least) {
      best = scene.linkIds[index] ?? null;
      least = distance;
    }
  }
  return best;
}

/**
 * How many of a link's points stand before the stretch that is nearest to a place.
 *
 * @param {Stage} stage
 * @param {LinkId} link
 * @param {Point} place
 */
export function stretchAt({ scene }, link, { x, y }) {
  const first = scene.linkIds.indexOf(link);
  let best = 0;
  let least = Infinity;
  for (let stretch = 0; first >= 0 && scene.linkIds[first + stretch] === link; stretch += 1) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = scene.ends.subarray((first + stretch) * 4);
    const far = distanceToLink(x, y, x1, y1, x2, y2);
    if (far >= least) continue;
    best = stretch;
    least = far;
  }
  return best;
}

/**
 * A group is taken by its title or its corner; its ground belongs to the canvas. A collapsed one has no ground.
 *
 * @param {Stage} stage
 * @param {Point} place
 * @returns {Hit | null}
 */
function groupAt({ scene, editor, camera }, place) {
  const corner = CORNER / Math.min(1, camera.scale);
  const title = GROUP_TITLE / Math.min(1, camera.scale);
  for (const group of [...editor.document.groups.values()].reverse()) {
    if (scene.frames.groups.has(group.id)) continue;
    const { x, y, width, height } = scene.groupRect(group);
    const dx = place.x - x;
    const dy = place.y - y;
    if (dx < 0 || dy < 0 || dx > width || dy > height) continue;
    const { id } = group;
    const collapsed = isCollapsed(group);
    if (dx < CHEVRON && dy < GROUP_TITLE) return { kind: 'group', id, part: 'chevron' };
    if (collapsed || dy < title) return { kind: 'group', id, part: 'title' };
    if (dx > width - corner && dy > height - corner) return { kind: 'group', id, part: 'corner' };
  }
  return null;
}
