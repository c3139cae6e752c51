/** Painting groups and the points of links. */

import { isCollapsed, isPinned } from '../core/groups.js';
import { CHEVRON, GROUP_TITLE, POINT_RADIUS } from './metrics.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */
/** @import {Group} from '../types/document.d.ts' */

const RADIUS = 10;
const CORNER = 12;
const NAME_SIZE = 15;

/**
 * Paint groups in document coordinates, below links and nodes.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Rect} view
 */
export function paintGroups(context, stage, view) {
  const { editor, scene } = stage;
  for (const group of editor.document.groups.values()) {
    if (scene.frames.groups.has(group.id)) continue;
    const rect = scene.groupRect(group);
    const { x, y, width, height } = rect;
    if (x > view.x + view.width || y > view.y + view.height || x + width < view.x || y + height < view.y) continue;
    paintGroup(context, stage, group, rect);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<Group>} group
 * @param {Rect} rect
 */
function paintGroup(context, stage, group, rect) {
  const { palette, camera, editor } = stage;
  const { x, y, width, height } = rect;
  const collapsed = isCollapsed(group);
  const color = group.color ?? palette.color('--line-strong');
  const thin = 1 / Math.min(1, camera.scale);
  context.fillStyle = collapsed ? palette.color('--surface-node') : color;
  context.globalAlpha = collapsed ? 1 : 0.16;
  fillRound(context, rect, height);
  context.fillStyle = color;
  context.globalAlpha = collapsed ? 0.5 : 0.3;
  fillRound(context, rect, Math.min(height, GROUP_TITLE));
  const edge = edgeOf(stage, group);
  context.globalAlpha = edge ? 1 : 0.6;
  context.strokeStyle = edge ? palette.color(edge) : color;
  context.lineWidth = (edge ? 2 : 1) * thin;
  context.beginPath();
  context.roundRect(x, y, width, height, RADIUS);
  context.stroke();
  context.globalAlpha = 1;
  paintTitle(context, stage, group, rect);
  if (collapsed) paintCount(context, stage, group, rect);
  else if (!isPinned(group) && editor.selection.groups.peek().has(group.id)) paintCorner(context, stage, rect);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} height of what is filled, from the top
 */
function fillRound(context, rect, height) {
  context.beginPath();
  context.roundRect(rect.x, rect.y, rect.width, height, height < rect.height ? [RADIUS, RADIUS, 0, 0] : RADIUS);
  context.fill();
}

/**
 * A collapsed group tells of the nodes that it hides.
 *
 * @param {Stage} stage
 * @param {Readonly<Group>} group
 * @returns {string | null} the outline's token
 */
function edgeOf({ editor, scene }, group) {
  let edge = editor.selection.groups.peek().has(group.id) ? '--text-soft' : null;
  if (!isCollapsed(group)) return edge;
  for (const [node, frame] of scene.frames.nodes) {
    if (frame !== group.id) continue;
    const { state, problems } = editor.run.peek(node);
    if (state === 'error' || problems.length > 0) return '--danger';
    if (state === 'running') edge = '--accent';
  }
  return edge;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<Group>} group
 * @param {Rect} rect
 */
function paintTitle(context, { palette, camera }, group, { x, y, width, height }) {
  const size = Math.max(NAME_SIZE, Math.min(12 / camera.scale, height / 3));
  const middle = y + GROUP_TITLE / 2;
  context.fillStyle = palette.color('--text-soft');
  context.font = palette.font(size, 600);
  context.textBaseline = 'middle';
  const large = size > NAME_SIZE;
  const left = large ? 12 : CHEVRON;
  context.fillText(group.title, x + left, (large ? y + size * 0.8 : middle) + 1, Math.max(1, width - left - 12));
  if (!large) paintChevron(context, palette.color('--text-faint'), x + 13, middle, isCollapsed(group));
  if (!large && isPinned(group)) paintPin(context, palette.color('--text-faint'), x + width - 14, middle);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} x
 * @param {number} y
 * @param {boolean} closed
 */
function paintChevron(context, color, x, y, closed) {
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.beginPath();
  if (closed) {
    context.moveTo(x - 2, y - 4);
    context.lineTo(x + 2, y);
    context.lineTo(x - 2, y + 4);
  } else {
    context.moveTo(x - 4, y - 2);
    context.lineTo(x, y + 2);
    context.lineTo(x + 4, y - 2);
  }
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} x
 * @param {number} y
 */
function paintPin(context, color, x, y) {
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y - 2.5, 3, 0, 2 * Math.PI);
  context.moveTo(x, y + 0.5);
  context.lineTo(x, y + 6);
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<Group>} group
 * @param {Rect} rect
 */
function paintCount(context, { palette, scene, editor }, group, { x, y, width, height }) {
  const count = [...scene.frames.nodes.values()].filter((frame) => frame === group.id).length;
  context.fillStyle = palette.color('--text-faint');
  context.font = palette.font(12);
  context.textBaseline = 'middle';
  const text = editor.t(count === 1 ? 'group.content.one' : 'group.content', { count });
  context.fillText(text, x + CHEVRON, y + (GROUP_TITLE + height) / 2, Math.max(1, width - CHEVRON - 12));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Rect} rect
 */
function paintCorner(context, { palette, camera }, { x, y, width, height }) {
  const size = CORNER / Math.min(1, camera.scale);
  context.fillStyle = palette.color('--text-faint');
  context.beginPath();
  context.moveTo(x + width - 3, y + height - size);
  context.lineTo(x + width - 3, y + height - 3);
  context.lineTo(x + width - size, y + height - 3);
  context.fill();
}

/**
 * Paint the points of links in document coordinates, above links and below nodes.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Rect} view
 */
export function paintPoints(context, { scene, palette, camera, editor }, view) {
  if (scene.routes.last.size === 0) return;
  const selected = editor.selection.points.peek();
  const radius = Math.max(POINT_RADIUS, 2.5 / camera.scale);
  const colors = scene.pointColors();
  for (const id of scene.shownPoints()) {
    const point = scene.point(id);
    if (!point || point.x < view.x - radius || point.y < view.y - radius) continue;
    if (point.x > view.x + view.width + radius || point.y > view.y + view.height + radius) continue;
    context.fillStyle = palette.color(colors.get(id) ?? '--type-any');
    context.strokeStyle = palette.color(selected.has(id) ? '--text' : '--surface-canvas');
    context.lineWidth = selected.has(id) ? 2 : 1.5;
    context.beginPath();
    context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}
