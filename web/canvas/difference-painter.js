/**
 * Two states of a graph over each other: what came is framed and marked with a plus, what went is a dashed ghost with a
 * minus, what changed is framed with dots and marked with a tilde; so they are told apart without colours, too.
 */

import { traceLink } from './curve.js';
import { TITLE } from './metrics.js';
import { toDocumentUnits } from './paint.js';

/** @import { Rect, Stage } from '../types/canvas.d.ts' */
/** @import { LevelDifference } from '../types/difference.d.ts' */
/** @import { GraphNode, Level, Link, NodeId } from '../types/document.d.ts' */
/** @import { Editor } from '../types/editor.d.ts' */

/** @typedef {'added' | 'removed' | 'changed'} Kind */
/** @typedef {{ difference: LevelDifference, before: Level }} Shown */

const SIGNS = { added: '+', removed: '−', changed: '~' };
const DASHES = { added: [], removed: [7, 5], changed: [2, 4] };
const MARGIN = 5;
const RADIUS = 11;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {number} ratio
 * @param {Shown} shown
 */
export function paintDifference(context, stage, ratio, { difference, before }) {
  toDocumentUnits(context, stage, ratio);
  const { nodes, groups, links } = difference;
  const ghosts = new Map(nodes.removed.map((node) => [node.id, boxOf(node)]));
  for (const group of groups.removed) frame(context, stage, 'removed', group, group.title);
  for (const group of groups.added) frame(context, stage, 'added', stage.scene.groupRect(group), '');
  for (const { after } of groups.changed) frame(context, stage, 'changed', stage.scene.groupRect(after), '');
  const kept = new Map(before.nodes.map((node) => [node.id, node]));
  for (const link of linksOnly(links.removed, links.added))
    drawLink(context, stage, 'removed', ends(stage, link, kept, ghosts));
  for (const link of linksOnly(links.added, links.removed))
    drawLink(context, stage, 'added', ends(stage, link, kept, ghosts));
  for (const node of nodes.removed) ghost(context, stage, node, ghosts.get(node.id) ?? boxOf(node));
  for (const node of nodes.changed) changed(context, stage, node.before, node.after);
  for (const node of nodes.added) frame(context, stage, 'added', boxOfShown(stage, node), '');
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Those that do not merely have another id. @param {readonly Link[]} links @param {readonly Link[]} others */
function linksOnly(links, others) {
  const key = (/** @type {Link} */ { from, output, to, input }) => JSON.stringify([from, output, to, input]);
  const known = new Set(others.map(key));
  return links.filter((link) => !known.has(key(link)));
}

/** With its title. @param {Readonly<GraphNode>} node @returns {Rect} */
function boxOf({ x, y, width, height, collapsed }) {
  return { x, y: y - TITLE, width, height: TITLE + (collapsed ? 0 : height) };
}

/** As it is drawn now. @param {Stage} stage @param {Readonly<GraphNode>} node @returns {Rect} */
function boxOfShown(stage, node) {
  return stage.scene.bounds([node.id]) ?? boxOf(node);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<GraphNode>} before
 * @param {Readonly<GraphNode>} after
 */
function changed(context, stage, before, after) {
  const box = boxOfShown(stage, after);
  frame(context, stage, 'changed', box, '');
  if (before.x === after.x && before.y === after.y) return;
  const old = boxOf(before);
  prepare(context, stage, 'changed', 1);
  context.globalAlpha = 0.7;
  outline(context, old);
  context.stroke();
  context.setLineDash([]);
  arrow(context, stage, middle(old), middle(box));
}

/** @param {Rect} rect */
const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 */
function arrow(context, { camera }, from, to) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const size = 9 / Math.min(1, camera.scale);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  for (const turn of [2.6, -2.6]) {
    context.moveTo(to.x, to.y);
    context.lineTo(to.x + size * Math.cos(angle + turn), to.y + size * Math.sin(angle + turn));
  }
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Stage} stage @param {Kind} kind @param {number} width of lines in CSS pixels */
function prepare(context, { palette, camera }, kind, width) {
  const unit = 1 / Math.min(1, camera.scale);
  context.globalAlpha = 1;
  context.strokeStyle = palette.color(`--difference-${kind}`);
  context.fillStyle = context.strokeStyle;
  context.lineWidth = width * unit;
  context.setLineDash(DASHES[kind].map((length) => length * unit));
}

/** @param {CanvasRenderingContext2D} context @param {Rect} rect */
function outline(context, { x, y, width, height }) {
  context.beginPath();
  context.roundRect(x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN, RADIUS);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Kind} kind
 * @param {Rect} rect
 * @param {string} title
 */
function frame(context, stage, kind, rect, title) {
  prepare(context, stage, kind, 2.5);
  outline(context, rect);
  context.stroke();
  context.setLineDash([]);
  sign(context, stage, kind, rect);
  if (title) write(context, stage, title, rect);
}

/**
 * The sign at the corner, in a disk that can be seen from afar.
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Kind} kind
 * @param {Rect} rect
 */
function sign(context, { palette, camera }, kind, { x, y }) {
  const unit = 1 / Math.min(1, camera.scale);
  const at = { x: x - MARGIN, y: y - MARGIN };
  context.beginPath();
  context.arc(at.x, at.y, 9 * unit, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = palette.color('--surface-canvas');
  context.font = palette.font(15 * unit, 700);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(SIGNS[kind], at.x, at.y + 0.5 * unit);
  context.textAlign = 'start';
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {string} text
 * @param {Rect} rect
 */
function write(context, { palette, camera }, text, { x, y, width }) {
  context.fillStyle = palette.color('--difference-removed');
  context.font = palette.font(Math.max(13, 11 / camera.scale), 600);
  context.textBaseline = 'middle';
  context.fillText(text, x + 12, y + TITLE / 2 + 1, Math.max(1, width - 20));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Readonly<GraphNode>} node
 * @param {Rect} rect
 */
function ghost(context, stage, node, rect) {
  prepare(context, stage, 'removed', 2.5);
  outline(context, rect);
  context.globalAlpha = 0.12;
  context.fill();
  frame(context, stage, 'removed', rect, titleOf(stage.editor, node));
}

/** @param {Editor} editor @param {Readonly<GraphNode>} node */
const titleOf = (editor, node) => editor.nodeTitle(node);

/**
 * @param {Stage} stage
 * @param {Link} link
 * @param {ReadonlyMap<NodeId, Readonly<GraphNode>>} before
 * @param {ReadonlyMap<NodeId, Rect>} ghosts
 */
function ends({ editor, scene }, link, before, ghosts) {
  const end = (/** @type {NodeId} */ id, /** @type {'input' | 'output'} */ side, /** @type {string} */ name) => {
    const box = ghosts.get(id);
    if (box) return { x: side === 'input' ? box.x : box.x + box.width, y: box.y + TITLE + 14 };
    if (!editor.document.nodes.has(id)) return null;
    const node = before.get(id) ?? null;
    return scene.socket(id, side, name) ?? (node && { x: node.x, y: node.y });
  };
  const from = end(link.from, 'output', String(link.output));
  const to = end(link.to, 'input', link.input);
  return from && to ? { from, to } : null;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Kind} kind
 * @param {ReturnType<typeof ends>} places
 */
function drawLink(context, stage, kind, places) {
  if (!places) return;
  prepare(context, stage, kind, kind === 'added' ? 3.5 : 2.5);
  context.beginPath();
  traceLink(context, places.from.x, places.from.y, places.to.x, places.to.y);
  context.stroke();
}
