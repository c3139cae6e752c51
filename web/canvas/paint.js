/** Painting the background: grid, groups, links and far nodes. */

import { paintFarNodes } from './far-nodes.js';
import { paintLinks } from './links.js';
import { GRID, GROUP_TITLE } from './metrics.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */

/** Grid dots are at least this far apart on the screen (CSS pixels). */
const LEAST_STEP = 16;

/**
 * Paint everything that is not an element for a camera; the context covers the camera's view at `ratio` device pixels
 * for each CSS pixel.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 * @param {{ mounted: ReadonlyMap<NodeId, unknown>, picture: (url: string) => CanvasImageSource | null }} nodes
 */
export function paintDocument(context, stage, ratio, nodes) {
  const { scene, camera } = stage;
  const view = camera.view();
  toDocumentUnits(context, stage, ratio);
  paintGroups(context, stage, view);
  paintLinks(context, stage, scene.linksIn(view));
  context.globalAlpha = 1;
  paintFarNodes(context, stage, scene.nodesIn(view).filter((index) => !nodes.mounted.has(scene.nodeIds[index] ?? '')), nodes.picture);
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
 * Fill the view with the ground and its dots.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 */
export function paintGrid(context, { camera, palette }, ratio) {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = palette.color('--surface-canvas');
  context.fillRect(0, 0, width, height);
  let step = GRID * camera.scale;
  while (step < LEAST_STEP) step *= 2;
  step *= ratio;
  const size = Math.max(1, Math.round(ratio * Math.min(1.5, Math.max(1, camera.scale))));
  const offset = (/** @type {number} */ place) => (((-place * camera.scale * ratio) % step) + step) % step;
  context.fillStyle = palette.color('--grid-dot-major');
  // Whole pixels are filled without smoothing: many times as fast as one path of all dots.
  for (let y = offset(camera.y); y < height; y += step) {
    for (let x = offset(camera.x); x < width; x += step) context.fillRect(Math.round(x), Math.round(y), size, size);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Rect} view
 */
function paintGroups(context, { editor, scene, palette, camera }, view) {
  for (const group of editor.document.groups.values()) {
    const { x, y, width, height } = scene.groupRect(group);
    if (x > view.x + view.width || y > view.y + view.height || x + width < view.x || y + height < view.y) continue;
    const color = group.color ?? palette.color('--line-strong');
    context.globalAlpha = 0.16;
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(x, y, width, height, 10);
    context.fill();
    context.globalAlpha = 0.5;
    context.strokeStyle = color;
    context.lineWidth = 1 / Math.min(1, camera.scale);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = palette.color('--text-soft');
    context.font = palette.font(Math.max(15, Math.min(12 / camera.scale, height / 3)), 600);
    context.textBaseline = 'middle';
    context.fillText(group.title, x + 12, y + GROUP_TITLE / 2 + 2, Math.max(1, width - 24));
  }
}
