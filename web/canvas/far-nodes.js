/** Painting nodes that are too small to be elements. */

import { SOCKET_RADIUS, TITLE } from './metrics.js';
import { categoryToken, typeToken } from './palette.js';
import { isPlain, paintTinyNodes } from './tiny-nodes.js';

/** @import {NodeLayout, Stage} from '../types/canvas.d.ts' */
/** @import {GraphNode} from '../types/document.d.ts' */
/** @import {NodeRun} from '../types/editor.d.ts' */

const RADIUS = 8;
/** Below these zooms fields and sockets, then titles, are not worth their time. */
const DETAIL = 0.26;
const NAMES = 0.09;
/** Titles are painted at this many CSS pixels where the node is wide enough for them. */
const NAME_SIZE = 11;
/** The category's stripe, in CSS pixels. */
const STRIPE = 1.5;

/**
 * Paint nodes in document coordinates, back to front.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {readonly number[]} visible indexes of `scene.nodeIds`
 * @param {(url: string) => CanvasImageSource | null} picture the loaded picture of an address
 */
export function paintFarNodes(context, stage, visible, picture) {
  const { scene, editor, camera } = stage;
  const selected = editor.selection.ids.peek();
  stage.counts.farNodes = visible.length;
  const plain = [];
  const others = [];
  for (const index of visible) {
    const id = scene.nodeIds[index] ?? '';
    const node = editor.document.nodes.get(id);
    if (node && camera.scale < NAMES && isPlain(stage, node, editor.run.peek(id))) plain.push(index);
    else others.push(index);
  }
  paintTinyNodes(context, stage, plain);
  for (const index of others) {
    const id = scene.nodeIds[index] ?? '';
    const node = editor.document.nodes.get(id);
    if (!node) continue;
    const [x = 0, y = 0, width = 0, height = 0] = scene.boxes.subarray(index * 4, index * 4 + 4);
    context.save();
    context.translate(x, y);
    context.globalAlpha = node.mode === 2 ? 0.4 : node.mode === 4 ? 0.6 : 1;
    const run = editor.run.peek(id);
    paintBox(context, stage, node, width, height, outline(run, selected.has(id)));
    if (run.heat !== null && stage.host.classList.contains('heat')) paintHeat(context, stage, run.heat, width, height);
    if (camera.scale >= DETAIL) paintParts(context, stage, scene.layout(id));
    if (!node.collapsed) paintPicture(context, stage, scene.layout(id), run, picture);
    if (camera.scale >= NAMES) paintName(context, stage, node, width, height);
    context.restore();
  }
}

/**
 * @param {NodeRun} run
 * @param {boolean} selected
 * @returns {string | null} the outline's token
 */
function outline(run, selected) {
  if (run.state === 'error' || run.problems.length > 0) return '--danger';
  if (run.state === 'running') return '--accent';
  return selected ? '--text' : null;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<GraphNode>} node
 * @param {number} width
 * @param {number} height
 * @param {string | null} edge
 */
function paintBox(context, { palette, editor, camera }, node, width, height, edge) {
  const spec = editor.spec(node);
  const stripe = node.color ?? palette.color(spec ? categoryToken(spec.category) : '--danger');
  context.fillStyle = palette.color(spec ? '--surface-node' : '--danger-surface');
  context.beginPath();
  context.roundRect(0, 0, width, height, RADIUS);
  context.fill();
  context.fillStyle = stripe;
  context.beginPath();
  context.roundRect(0, 0, width, Math.min(height, Math.max(3, STRIPE / camera.scale)), [RADIUS, RADIUS, 0, 0]);
  context.fill();
  context.strokeStyle = palette.color(edge ?? '--line-strong');
  context.lineWidth = (edge ? 2 : 0.75) / camera.scale;
  context.beginPath();
  context.roundRect(0, 0, width, height, RADIUS);
  context.stroke();
}

/**
 * How long a node took.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} heat 0 to 1
 * @param {number} width
 * @param {number} height
 */
function paintHeat(context, { palette }, heat, width, height) {
  const before = context.globalAlpha;
  context.globalAlpha = before * heat * 0.7;
  context.fillStyle = palette.color('--danger');
  context.beginPath();
  context.roundRect(0, 0, width, height, RADIUS);
  context.fill();
  context.globalAlpha = before;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {NodeLayout} layout
 */
function paintParts(context, { palette }, layout) {
  context.fillStyle = palette.color('--surface-field');
  for (const { y, height } of layout.widgets) context.fillRect(9, TITLE + y, layout.width - 18, height);
  for (const [places, x] of /** @type {const} */ ([[layout.inputs, 0], [layout.outputs, layout.width]])) {
    for (const socket of places) {
      if (socket.widget) continue;
      context.fillStyle = palette.color(typeToken(socket.type));
      context.beginPath();
      if (socket.list) context.rect(x - SOCKET_RADIUS, TITLE + socket.y - SOCKET_RADIUS, 2 * SOCKET_RADIUS, 2 * SOCKET_RADIUS);
      else context.arc(x, TITLE + socket.y, SOCKET_RADIUS, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {NodeLayout} layout
 * @param {NodeRun} run
 * @param {(url: string) => CanvasImageSource | null} picture
 */
function paintPicture(context, { editor }, layout, run, picture) {
  const [first] = run.pictures;
  const url = run.preview ?? (first ? editor.pictureUrl(first, true) : null);
  if (!layout.results || url === null) return;
  const image = picture(url);
  if (!(image instanceof HTMLImageElement)) return;
  const room = { width: layout.width - 14, height: layout.results.height };
  const scale = Math.min(room.width / image.naturalWidth, room.height / image.naturalHeight);
  const width = image.naturalWidth * scale;
  const height = image.naturalHeight * scale;
  const top = TITLE + layout.results.y + (room.height - height) / 2;
  context.drawImage(image, (layout.width - width) / 2, top, width, height);
}

/**
 * The title at a size that can be read, where there is room for it.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<GraphNode>} node
 * @param {number} width
 * @param {number} height
 */
function paintName(context, { palette, editor, camera }, node, width, height) {
  const size = Math.max(13, Math.min(NAME_SIZE / camera.scale, height * 0.5));
  if (size * camera.scale < 5 || width * camera.scale < 26) return;
  context.font = palette.font(size, 600);
  context.fillStyle = palette.color('--text');
  context.textBaseline = 'middle';
  const middle = Math.min(height / 2, Math.max(TITLE / 2, size * 0.95)) + 1;
  const inset = Math.min(12, width * 0.06);
  context.save();
  context.beginPath();
  context.rect(0, 0, width - inset / 2, height);
  context.clip();
  context.fillText(editor.nodeTitle(node), inset, middle);
  context.restore();
}
