/** Painting links: one path for each colour, stroked in batches. */

import { traceLink } from './curve.js';

/** @import {Stage} from '../types/canvas.d.ts' */
/** @import {LinkId} from '../types/document.d.ts' */
/** @import {Scene} from './scene.js' */

/** One `stroke()` for so many links; one for each is three times as slow. */
const BATCH = 256;
const WIDTH = 2.25;
const STRONG_WIDTH = 3.5;
const FADING = 900;
/** Links that are shorter than these CSS pixels are painted straight. */
const SHORT = 14;

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
  const hidden = scene.draft.link?.picked;
  /** @type {number[][]} */
  const byColor = scene.tokens.map(() => []);
  for (const index of visible) {
    if (!hidden?.has(scene.linkIds[index] ?? -1)) byColor[scene.linkColors[index] ?? 0]?.push(index);
  }
  counts.strokes = 0;
  counts.links = visible.length;
  // Thin lines would vanish when the whole of a large graph is seen.
  const thin = Math.max(1, 0.9 / (camera.scale * WIDTH));
  context.lineCap = thin > 1 ? 'butt' : 'round';
  byColor.forEach((indexes, color) => {
    context.strokeStyle = palette.color(scene.tokens[color] ?? '--type-any');
    context.globalAlpha = strong.size > 0 && fadesOthers(scene) ? 0.6 : 0.85;
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
 * Whether other links fade when those of selected nodes stand out; with very many, each selection would cost a paint of
 * all of them.
 *
 * @param {Scene} scene
 */
export const fadesOthers = (scene) => scene.linkIds.length <= FADING;

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
function strokeBatches(context, { scene, counts, camera }, indexes) {
  const { ends } = scene;
  const short = SHORT / camera.scale;
  for (let start = 0; start < indexes.length; start += BATCH) {
    context.beginPath();
    for (let each = start; each < Math.min(start + BATCH, indexes.length); each += 1) {
      const at = (indexes[each] ?? 0) * 4;
      const x1 = ends[at] ?? 0;
      const y1 = ends[at + 1] ?? 0;
      const x2 = ends[at + 2] ?? 0;
      const y2 = ends[at + 3] ?? 0;
      if (Math.abs(x2 - x1) + Math.abs(y2 - y1) > short) traceLink(context, x1, y1, x2, y2);
      else {
        context.moveTo(x1, y1);
        context.lineTo(x2, y2);
      }
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
  const { linkIds, linkColors, tokens } = stage.scene;
  const stretches = linkIds.flatMap((each, index) => (each === id ? [index] : []));
  context.globalAlpha = 1;
  context.lineWidth = (STRONG_WIDTH + 3) * thin;
  context.strokeStyle = stage.palette.color('--text');
  strokeBatches(context, stage, stretches);
  context.lineWidth = STRONG_WIDTH * thin;
  context.strokeStyle = stage.palette.color(tokens[linkColors[stretches[0] ?? 0] ?? 0] ?? '--type-any');
  strokeBatches(context, stage, stretches);
}
