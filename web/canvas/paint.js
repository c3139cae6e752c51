/** Painting the background: grid, groups, links and far nodes. */

import { paintFarNodes } from './far-nodes.js';
import { paintGroups, paintPoints } from './groups.js';
import { paintLinks } from './links.js';
import { GRID } from './metrics.js';

/** @import {FarNodes, Rect, Stage} from '../types/canvas.d.ts' */

/** Grid dots are at least this far apart on the screen (CSS pixels). */
const LEAST_STEP = 16;

/**
 * Paint everything that is not an element and touches a part of the document; the context covers the camera's view at
 * `ratio` device pixels for each CSS pixel.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 * @param {Rect} part
 * @param {FarNodes} nodes
 */
export function paintDocument(context, stage, ratio, part, nodes) {
  const { scene } = stage;
  toDocumentUnits(context, stage, ratio);
  paintGroups(context, stage, part);
  paintLinks(context, stage, scene.linksIn(part));
  context.globalAlpha = 1;
  paintPoints(context, stage, part);
  paintFarNodes(context, stage, scene.nodesIn(part).filter((index) => nodes.paints(scene.nodeIds[index] ?? '')), nodes.picture);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/**
 * Let the context take document coordinates.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 */
export function toDocumentUnits(context, { camera }, ratio) {
  const scale = camera.scale * ratio;
  context.setTransform(scale, 0, 0, scale, Math.round(-camera.x * scale), Math.round(-camera.y * scale));
}

/**
 * Fill a part of the context with the ground and its dots.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 * @param {Rect} part in device pixels
 */
export function paintGrid(context, { camera, palette }, ratio, part) {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = palette.color('--surface-canvas');
  context.fillRect(part.x, part.y, part.width, part.height);
  let step = GRID * camera.scale;
  while (step < LEAST_STEP) step *= 2;
  step *= ratio;
  const size = Math.max(1, Math.round(ratio * Math.min(1.5, Math.max(1, camera.scale))));
  /** The dot at or before an edge, for a dot of which the document's place `place` lies at 0. */
  const first = (/** @type {number} */ place, /** @type {number} */ edge) => {
    const offset = -place * camera.scale * ratio;
    return offset + Math.floor((edge - offset) / step) * step;
  };
  const right = part.x + part.width;
  // One row is filled dot by dot, and copied to where the others are: a tenth of the calls.
  const row = new OffscreenCanvas(Math.max(1, part.width), size);
  const dots = row.getContext('2d');
  if (!dots) return;
  dots.fillStyle = palette.color('--grid-dot-major');
  for (let x = first(camera.x, part.x); x < right; x += step) dots.fillRect(Math.round(x) - part.x, 0, size, size);
  for (let y = first(camera.y, part.y); y < part.y + part.height; y += step) context.drawImage(row, part.x, Math.round(y));
}
