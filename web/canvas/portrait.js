/** The whole graph as a picture. */

import { Camera } from './camera.js';
import { LEAST_SCALE } from './metrics.js';
import { paintDocument, paintGrid } from './paint.js';
import { union } from './rect.js';

/** @import { CanvasView } from '../types/editor.d.ts' */
/** @import { Rect, Stage } from '../types/canvas.d.ts' */

const MARGIN = 40;
const LARGEST_SCALE = 1;

/**
 * @param {CanvasView} view
 * @param {number} most pixels of the longer side
 * @returns {Promise<HTMLCanvasElement | null>} null when there is nothing to see
 */
export async function portraitOf(view, most) {
  const stage = await stageOf(view);
  const rect = everything(stage);
  if (!rect) return null;
  const camera = new Camera();
  camera.scale = Math.max(
    LEAST_SCALE,
    Math.min(LARGEST_SCALE, most / Math.max(rect.width + 2 * MARGIN, rect.height + 2 * MARGIN)),
  );
  camera.x = rect.x - MARGIN;
  camera.y = rect.y - MARGIN;
  camera.width = (rect.width + 2 * MARGIN) * camera.scale;
  camera.height = (rect.height + 2 * MARGIN) * camera.scale;
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(camera.width);
  canvas.height = Math.ceil(camera.height);
  const context = canvas.getContext('2d');
  if (!context) return null;
  const shown = { ...stage, camera };
  paintGrid(context, shown, 1, { x: 0, y: 0, width: canvas.width, height: canvas.height });
  paintDocument(context, shown, 1, camera.view(), { paints: () => true, picture: () => null });
  return canvas;
}

/** What painters are lent. @param {CanvasView} view @returns {Promise<Stage>} */
function stageOf(view) {
  return new Promise((resolve) => {
    const end = view.paintOver((_, stage) => {
      resolve(stage);
      queueMicrotask(end);
    });
  });
}

/** @param {Stage} stage @returns {Rect | null} */
function everything({ scene, editor }) {
  let all = scene.bounds(scene.nodeIds);
  for (const group of editor.document.groups.values())
    all = union(all ?? scene.groupRect(group), scene.groupRect(group));
  return all;
}
