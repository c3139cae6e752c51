/** Above everything: the link that is being dragged, the box or line that is being drawn, and what snaps to what. */

import { traceLink } from './curve.js';
import { SOCKET_RADIUS } from './metrics.js';
import { toDocumentUnits } from './paint.js';
import { typeToken } from './palette.js';

/** @import {LinkDraft, Marks, Rect, Stage} from '../types/canvas.d.ts' */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio device pixels for each CSS pixel
 */
export function paintOverlay(context, stage, ratio) {
  const { link, box, marks } = stage.scene.draft;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (!link && !box && !marks) return;
  toDocumentUnits(context, stage, ratio);
  if (marks) paintMarks(context, stage, marks);
  if (box) paintBox(context, stage, box);
  if (link) paintDraft(context, stage, link);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Rect} box
 */
function paintBox(context, { palette, camera }, { x, y, width, height }) {
  context.fillStyle = palette.color('--accent-soft');
  context.fillRect(x, y, width, height);
  context.strokeStyle = palette.color('--accent');
  context.lineWidth = 1 / camera.scale;
  context.strokeRect(x, y, width, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Marks} marks
 */
function paintMarks(context, stage, { guides = [], into = [], ghosts = [], way }) {
  const { palette, camera } = stage;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.strokeStyle = palette.color(way ? '--danger' : '--accent');
  context.lineWidth = 5 * Math.max(1, 0.8 / camera.scale);
  context.beginPath();
  for (const stretch of into) traceLink(context, ...stretch);
  context.stroke();
  context.lineWidth = 1 / camera.scale;
  context.strokeStyle = palette.color('--accent');
  context.beginPath();
  for (const { x1, y1, x2, y2 } of guides) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
  context.setLineDash([5 / camera.scale, 4 / camera.scale]);
  for (const ghost of ghosts) paintBox(context, stage, ghost);
  if (way) paintWay(context, stage, way);
  context.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {NonNullable<Marks['way']>} way
 */
function paintWay(context, { palette, camera }, { points, closed }) {
  context.lineWidth = 1.5 / camera.scale;
  context.strokeStyle = palette.color(closed ? '--accent' : '--danger');
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  if (closed) {
    context.closePath();
    context.fillStyle = palette.color('--accent-soft');
    context.fill();
  }
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {LinkDraft} link
 */
function paintDraft(context, { palette, camera }, { from, more, to, type, target, end }) {
  const thick = Math.max(1, 0.8 / camera.scale);
  context.strokeStyle = palette.color(typeToken(type));
  context.fillStyle = context.strokeStyle;
  context.lineWidth = 3 * thick;
  context.lineCap = 'round';
  context.beginPath();
  for (const start of [from, ...more]) {
    if ('output' in end) traceLink(context, start.x, start.y, to.x, to.y);
    else traceLink(context, to.x, to.y, start.x, start.y);
  }
  context.stroke();
  for (const place of [from, ...more, to]) {
    context.beginPath();
    context.arc(place.x, place.y, SOCKET_RADIUS * thick, 0, 2 * Math.PI);
    context.fill();
  }
  if (!target) return;
  context.strokeStyle = palette.color('--text');
  context.lineWidth = 2 * thick;
  context.beginPath();
  context.arc(to.x, to.y, (SOCKET_RADIUS + 4) * thick, 0, 2 * Math.PI);
  context.stroke();
}
