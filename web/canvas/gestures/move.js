/** Moving nodes, groups and points of links: shown while it goes on, one edit at its end. With Alt copies are placed. */

import { copyNodes, pasteNodes } from '../../core/clipboard.js';
import { compose, raiseNodes } from '../../core/edits.js';
import { groupBox, isPinned, moveContent } from '../../core/groups.js';
import { passingLinks, pointsOf } from '../../core/reroutes.js';
import { insertion, insertNode } from '../../core/rewire.js';
import { BACK, OVERLAY } from '../frame.js';
import { linkAt, stretchAt } from '../hit.js';
import { TITLE } from '../metrics.js';
import { snapMove } from '../snapping.js';
import { isFar } from './slack.js';

/** @import {Gesture, Moved, Rect, Stage, Stretch, Stroke} from '../../types/canvas.d.ts' */
/** @import {LinkId, NodeId} from '../../types/document.d.ts' */
/** @import {Point} from '../../types/editor.d.ts' */
/** @import {Content} from '../../core/groups.js' */

/** What the pointer has taken: its corner keeps to the grid. */
/** @typedef {{ kind: 'node', id: NodeId } | { kind: 'group', id: number } | { kind: 'point', id: number }} Lead */

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {Content} things
 * @param {Lead} lead
 * @param {() => void} onClick when nothing was moved
 * @returns {Gesture}
 */
export function moveThings(stage, press, things, lead, onClick) {
  const { scene, loop } = stage;
  const copying = press.alt && things.nodes.size > 0;
  const moving = copying ? things : withoutPinned(stage, things);
  const stuck = moving.nodes.size + moving.groups.size + moving.points.size === 0;
  /** @type {LinkId | null} */
  let into = null;
  /** @type {Point} */
  let last = press.place;
  const place = (/** @type {Moved | null} */ moved) => {
    if (!copying) {
      scene.draft.moved = moved;
      scene.updateLinks(linksThrough(stage, moving.points));
      stage.nodesMoved(moving.nodes);
    }
    loop.invalidate(BACK | OVERLAY);
  };
  const clear = () => {
    scene.draft.marks = null;
    place(null);
  };
  return {
    cursor: stuck ? 'not-allowed' : copying ? 'copy' : 'grabbing',
    follows: !stuck,
    move(stroke) {
      if (stuck || (!scene.draft.moved && !scene.draft.marks && !isFar(press, stroke))) return;
      const by = { x: stroke.place.x - press.place.x, y: stroke.place.y - press.place.y };
      const { dx, dy, guides } = stroke.shift ? free(by) : snapped(stage, lead, by, moving);
      last = { x: dx, y: dy };
      into = copying ? null : linkBelow(stage, moving, stroke.place, { x: dx, y: dy });
      const marks = { guides, into: into === null ? [] : stretchesOf(stage, into) };
      scene.draft.marks = copying ? { ...marks, ghosts: ghostsOf(stage, moving, dx, dy) } : marks;
      place({ ...moving, dx, dy });
    },
    end(stroke) {
      const moved = scene.draft.marks !== null;
      clear();
      if (stuck && isFar(press, stroke)) return;
      if (!moved) return onClick();
      if (copying) return placeCopies(stage, moving, last);
      if (last.x !== 0 || last.y !== 0) commit(stage, moving, last, into, stroke.place);
    },
    cancel: clear,
  };
}

/** @param {Point} by */
const free = ({ x, y }) => ({ dx: Math.round(x), dy: Math.round(y), guides: [] });

/** @param {Stage} stage @param {Content} things @returns {Content} */
function withoutPinned({ editor }, { nodes, groups, points }) {
  const { document } = editor;
  const loose = (/** @type {{ rest: Record<string, import('../../types/spec.d.ts').Json> } | undefined} */ thing) =>
    thing !== undefined && !isPinned(thing);
  return {
    nodes: new Set([...nodes].filter((id) => loose(document.nodes.get(id)))),
    groups: new Set([...groups].filter((id) => loose(document.groups.get(id)))),
    points,
  };
}

/**
 * @param {Stage} stage
 * @param {Lead} lead
 * @param {Point} by
 * @param {Content} moving
 */
function snapped(stage, lead, by, moving) {
  const { editor, scene } = stage;
  if (lead.kind === 'point') return snapPoint(stage, lead.id, by);
  if (lead.kind === 'group') {
    const group = editor.document.groups.get(lead.id);
    if (!group) return free(by);
    // What is in it keeps to the grid if it did before.
    const [first] = moving.nodes;
    const corner = editor.document.nodes.get(first ?? '') ?? group;
    return snapMove(stage, groupBox(group), corner, by, moving.nodes);
  }
  const node = editor.document.nodes.get(lead.id);
  if (!node) return free(by);
  const { width, height } = scene.layout(lead.id);
  const box = { x: node.x, y: node.y - TITLE, width, height: height + TITLE };
  return snapMove(stage, box, node, by, moving.nodes);
}

/**
 * A point snaps to the height of its neighbours, where its link becomes straight.
 *
 * @param {Stage} stage
 * @param {number} id
 * @param {Point} by
 */
function snapPoint(stage, id, by) {
  const { scene, editor, camera } = stage;
  const point = scene.routes.points.get(id);
  if (!point || editor.preferences.of('canvas.snap').peek() === 'off') return free(by);
  const reach = 7 / camera.scale;
  for (const [link, last] of scene.routes.last) {
    const chain = pointsOf(scene.routes, link);
    const at = chain.findIndex((each) => each.id === id);
    const made = editor.document.links.get(link);
    if (at < 0 || last === undefined || !made) continue;
    const before = chain[at - 1] ?? scene.socket(made.from, 'output', String(made.output));
    const after = chain[at + 1] ?? scene.socket(made.to, 'input', made.input);
    for (const other of [before, after]) {
      if (!other || Math.abs(point.y + by.y - other.y) > reach) continue;
      const dy = other.y - point.y;
      const dx = Math.round(by.x);
      return { dx, dy, guides: [{ x1: other.x, y1: other.y, x2: point.x + dx, y2: other.y }] };
    }
  }
  return free(by);
}

/** @param {Stage} stage @param {ReadonlySet<number>} points @returns {LinkId[]} */
function linksThrough({ editor, scene }, points) {
  if (points.size === 0) return [];
  return [...passingLinks(editor.document, scene.routes)].flatMap(([id, links]) => (points.has(id) ? links : []));
}

/**
 * The link under the pointer or the title of a single node, if the node can be put into it.
 *
 * @param {Stage} stage
 * @param {Content} moving
 * @param {Point} pointer
 * @param {Point} by
 * @returns {LinkId | null}
 */
function linkBelow(stage, { nodes }, pointer, by) {
  const [id] = nodes;
  const { editor, scene } = stage;
  const node = editor.document.nodes.get(id ?? '');
  if (nodes.size !== 1 || !node) return null;
  const title = { x: node.x + by.x + scene.layout(node.id).width / 2, y: node.y + by.y - TITLE / 2 };
  for (const place of [pointer, title]) {
    const link = isCovered(stage, place, node.id) ? null : linkAt(stage, place);
    if (link !== null && insertion(editor.document, editor.spec, node.id, link)) return link;
  }
  return null;
}

/** Whether another node hides what is there. @param {Stage} stage @param {Point} place @param {NodeId} moved */
function isCovered({ scene }, { x, y }, moved) {
  return scene.nodesIn({ x, y, width: 1, height: 1 }).some((index) => scene.nodeIds[index] !== moved);
}

/** @param {Stage} stage @param {LinkId} link @returns {Stretch[]} */
export function stretchesOf({ scene }, link) {
  return scene.linkIds.flatMap((id, index) => {
    if (id !== link) return [];
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = scene.ends.subarray(index * 4, index * 4 + 4);
    return [/** @type {const} */ ([x1, y1, x2, y2])];
  });
}

/** @param {Stage} stage @param {Content} things @param {number} dx @param {number} dy @returns {Rect[]} */
function ghostsOf({ scene, editor }, { nodes, groups }, dx, dy) {
  const boxes = [...nodes].flatMap((id) => scene.bounds([id]) ?? []);
  const frames = [...groups].flatMap((id) => editor.document.groups.get(id) ?? []).map((group) => scene.groupRect(group));
  return [...boxes, ...frames].map((box) => ({ ...box, x: box.x + dx, y: box.y + dy }));
}

/**
 * @param {Stage} stage
 * @param {Content} things
 * @param {Point} by
 * @param {LinkId | null} into
 * @param {Point} pointer
 */
function commit(stage, things, by, into, pointer) {
  const { editor } = stage;
  const { document } = editor;
  const { nodes } = things;
  const inFront = document.order.slice(-nodes.size).every((id) => nodes.has(id));
  const edits = [moveContent(document, things, by.x, by.y), ...(inFront ? [] : [raiseNodes([...nodes])])];
  const [id] = nodes;
  const put = into === null || id === undefined ? null : insertNode(document, editor.spec, id, into, stretchAt(stage, into, pointer));
  editor.perform(put ? compose('edit.insert', [...edits, put]) : compose('edit.move', edits));
}

/** @param {Stage} stage @param {Content} things @param {Point} shift */
function placeCopies({ editor }, { nodes, groups }, shift) {
  const specs = editor.specs.peek();
  const file = copyNodes(editor.document, nodes, specs, groups);
  const { edit, ...copies } = pasteNodes(editor.document, file, specs, { at: null, keepIncoming: true, shift });
  editor.perform(compose('edit.duplicate', [edit]));
  editor.selection.set(copies.ids, { groups: copies.groups });
}
