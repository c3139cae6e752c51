/** Painting links: one path for each colour, stroked in batches. */

import { traceLink } from './curve.js';

/** @import {Stage} from '../types/canvas.d.ts' */
/** @import {LinkId} from '../types/document.d.ts' */

/** One `stroke()` for so many links; one for each is three times as slow. */
const BATCH = 256;
const WIDTH = 2.25;
const STRONG_WIDTH = 3.5;

/**
 * Paint links in document coordinates.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {readonly number[]} visible indexes of `scene.linkIds`
 */
export function paintLinks(context, stage, visible) {
  const { scene, camera, palette, counts, editor } = stage;
  const strong = strongLinks(stage);
  const hidden = scene.draft.link?.picked ?? null;
  /** @type {number[][]} */
  const byColor = scene.tokens.map(() => []);
  for (const index of visible) {
    if (scene.linkIds[index] !== hidden) byColor[scene.linkColors[index] ?? 0]?.push(index);
  }
  counts.strokes = 0;
  counts.links = visible.length;
  // Thin lines would vanish when the whole of a large graph is seen.
  const thin = Math.max(1, 0.9 / (camera.scale * WIDTH));
  context.lineCap = 'round';
  byColor.forEach((indexes, color) => {
    context.strokeStyle = palette.color(scene.tokens[color] ?? '--type-any');
    context.globalAlpha = strong.size > 0 ? 0.6 : 0.85;
    context.lineWidth = WIDTH * thin;
    strokeBatches(context, stage, indexes.filter((index) => !strong.has(linkAt(stage, index))));
    context.globalAlpha = 1;
    context.lineWidth = STRONG_WIDTH * thin;
    strokeBatches(context, stage, indexes.filter((index) => strong.has(linkAt(stage, index))));
  });
  const selected = editor.selection.link.peek();
  if (selected !== null) strokeSelected(context, stage, selected, thin);
}

/**
 * The links of selected nodes stand out.
 *
 * @param {Stage} stage
 * @returns {Set<LinkId>}
 */
function strongLinks({ editor }) {
  const ids = editor.selection.ids.peek();
  // With half of a large graph selected nothing would stand out.
  if (ids.size > 64) return new Set();
  return new Set([...ids].flatMap((id) => editor.document.linksOf(id).map((link) => link.id)));
}

/** @param {Stage} stage @param {number} index */
function linkAt({ scene }, index) {
  return scene.linkIds[index] ?? -1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {readonly number[]} indexes
 */
function strokeBatches(context, { scene, counts }, indexes) {
  const { ends } = scene;
  for (let start = 0; start < indexes.length; start += BATCH) {
    context.beginPath();
    for (let each = start; each < Math.min(start + BATCH, indexes.length); each += 1) {
      const at = (indexes[each] ?? 0) * 4;
      traceLink(context, ends[at] ?? 0, ends[at + 1] ?? 0, ends[at + 2] ?? 0, ends[at + 3] ?? 0);
    }
    context.stroke();
    counts.strokes += 1;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {LinkId} id
 * @param {number} thin
 */
function strokeSelected(context, stage, id, thin) {
  const index = stage.scene.linkIds.indexOf(id);
  if (index < 0) return;
  context.globalAlpha = 1;
  context.lineWidth = (STRONG_WIDTH + 3) * thin;
  context.strokeStyle = stage.palette.color('--text');
  strokeBatches(context, stage, [index]);
  context.lineWidth = STRONG_WIDTH * thin;
  context.strokeStyle = stage.palette.color(stage.scene.tokens[stage.scene.linkColors[index] ?? 0] ?? '--type-any');
  strokeBatches(context, stage, [index]);
}
