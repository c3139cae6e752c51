/** Painting nodes that are seen as small boxes, all of a colour at once: thousands of them in one frame. */

import { categoryToken } from './palette.js';

/** @import {Stage} from '../types/canvas.d.ts' */
/** @import {GraphNode} from '../types/document.d.ts' */
/** @import {NodeRun} from '../types/editor.d.ts' */

/** In CSS pixels. */
const EDGE = 0.75;
const SELECTED_EDGE = 2;
const STRIPE = 1.5;

/**
 * Whether a node looks like most: a box, an edge, the stripe of its category.
 *
 * @param {Stage} stage
 * @param {Readonly<GraphNode>} node
 * @param {NodeRun} run
 */
export function isPlain({ editor }, node, run) {
  const shows = run.pictures.length > 0 || run.preview !== null || run.heat !== null || run.problems.length > 0;
  return node.mode === 0 && !shows && run.state !== 'running' && run.state !== 'error' && editor.spec(node) !== null;
}

/**
 * Paint plain nodes in document coordinates.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {readonly number[]} plain indexes of `scene.nodeIds`
 */
export function paintTinyNodes(context, stage, plain) {
  const { scene, editor, camera, palette } = stage;
  const selected = editor.selection.ids.peek();
  const chosen = selected.size === 0 ? [] : plain.filter((index) => selected.has(scene.nodeIds[index] ?? ''));
  /** @type {Map<string, number[]>} */
  const stripes = new Map();
  for (const index of plain) {
    const node = editor.document.nodes.get(scene.nodeIds[index] ?? '');
    const color = node?.color ?? palette.color(categoryToken((node && editor.spec(node)?.category) ?? ''));
    const same = stripes.get(color);
    if (same) same.push(index);
    else stripes.set(color, [index]);
  }
  context.fillStyle = palette.color('--line-strong');
  fillBoxes(context, scene.boxes, plain, 0, Infinity);
  context.fillStyle = palette.color('--text');
  fillBoxes(context, scene.boxes, chosen, (EDGE - SELECTED_EDGE) / camera.scale, Infinity);
  context.fillStyle = palette.color('--surface-node');
  fillBoxes(context, scene.boxes, plain, EDGE / camera.scale, Infinity);
  for (const [color, indexes] of stripes) {
    context.fillStyle = color;
    fillBoxes(context, scene.boxes, indexes, 0, Math.max(3, STRIPE / camera.scale));
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} boxes
 * @param {readonly number[]} indexes
 * @param {number} inset negative to reach out of the box
 * @param {number} most the greatest height
 */
function fillBoxes(context, boxes, indexes, inset, most) {
  for (const index of indexes) {
    const at = index * 4;
    const height = Math.min(most, (boxes[at + 3] ?? 0) - 2 * inset);
    context.fillRect((boxes[at] ?? 0) + inset, (boxes[at + 1] ?? 0) + inset, (boxes[at + 2] ?? 0) - 2 * inset, height);
  }
}
