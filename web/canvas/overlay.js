/** Above everything: the link that is being dragged, and the box that is being drawn. */

import { traceLink } from './curve.js';
import { SOCKET_RADIUS } from './metrics.js';
import { toDocumentUnits } from './paint.js';
import { typeToken } from './palette.js';

/** @import {LinkDraft, Rect, Stage} from '../types/canvas.d.ts' */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio device pixels for each CSS pixel
 */
export function paintOverlay(context, stage, ratio) {
  const { link, box } = stage.scene.draft;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (!link && !box) return;
  toDocumentUnits(context, stage, ratio);
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
 * @param {LinkDraft} link
 */
function paintDraft(context, { palette, camera }, { from, to, type, target, end }) {
  const thick = Math.max(1, 0.8 / camera.scale);
  context.strokeStyle = palette.color(typeToken(type));
  context.fillStyle = context.strokeStyle;
  context.lineWidth = 3 * thick;
  context.lineCap = 'round';
  context.beginPath();
  if ('output' in end) traceLink(context, from.x, from.y, to.x, to.y);
  else traceLink(context, to.x, to.y, from.x, from.y);
  context.stroke();
  for (const place of [from, to]) {
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
