/** Moving nodes and groups: shown while it goes on, one edit at its end. */

import { compose, moveNodes, putGroup, raiseNodes } from '../../core/edits.js';
import { BACK } from '../frame.js';
import { GRID } from '../metrics.js';

/** @import {Gesture, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {NodeId} from '../../types/document.d.ts' */

const SLACK = 4;

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {{ nodes: ReadonlySet<NodeId>, groups: ReadonlySet<number> }} things
 * @param {NodeId | null} lead the node whose corner keeps to the grid
 * @param {() => void} onClick when nothing was moved
 * @returns {Gesture}
 */
export function moveThings(stage, press, things, lead, onClick) {
  const { editor, scene, loop } = stage;
  const anchor = lead === null ? groupOrigin(stage, things.groups) : editor.document.nodes.get(lead);
  const show = (/** @type {typeof scene.draft.moved} */ moved) => {
    scene.draft.moved = moved;
    stage.nodesMoved(things.nodes);
    loop.invalidate(BACK);
  };
  const clear = () => show(null);
  return {
    cursor: 'grabbing',
    follows: true,
    move({ place, screen, shift }) {
      const far = Math.hypot(screen.x - press.screen.x, screen.y - press.screen.y) > SLACK;
      if (!scene.draft.moved && !far) return;
      const snap = (/** @type {number} */ start, /** @type {number} */ by) =>
        shift ? Math.round(by) : Math.round((start + by) / GRID) * GRID - start;
      const dx = snap(anchor?.x ?? 0, place.x - press.place.x);
      const dy = snap(anchor?.y ?? 0, place.y - press.place.y);
      show({ ...things, dx, dy });
    },
    end() {
      const { moved } = scene.draft;
      if (!moved) return onClick();
      clear();
      if (moved.dx !== 0 || moved.dy !== 0) commit(stage, things, moved.dx, moved.dy);
    },
    cancel: clear,
  };
}

/**
 * @param {Stage} stage
 * @param {{ nodes: ReadonlySet<NodeId>, groups: ReadonlySet<number> }} things
 * @param {number} dx
 * @param {number} dy
 */
function commit({ editor }, { nodes, groups }, dx, dy) {
  const { document } = editor;
  const places = new Map();
  for (const id of nodes) {
    const node = document.nodes.get(id);
    if (node) places.set(id, { x: node.x + dx, y: node.y + dy });
  }
  const moved = [...document.groups.values()].filter((group) => groups.has(group.id));
  const groupEdits = moved.map((group) => putGroup({ ...group, x: group.x + dx, y: group.y + dy }));
  const inFront = document.order.slice(-nodes.size).every((id) => nodes.has(id));
  editor.perform(compose('edit.move', [moveNodes(places), ...groupEdits, ...(inFront ? [] : [raiseNodes([...nodes])])]));
}

/**
 * @param {Stage} stage
 * @param {ReadonlySet<number>} groups
 */
function groupOrigin({ editor }, groups) {
  const [first] = groups;
  return first === undefined ? undefined : editor.document.groups.get(first);
}

/**
 * The nodes and groups that lie inside a group, by the middle of their boxes.
 *
 * @param {Stage} stage
 * @param {number} id
 * @returns {{ nodes: Set<NodeId>, groups: Set<number> }}
 */
export function insideGroup({ editor, scene }, id) {
  const outer = editor.document.groups.get(id);
  const things = { nodes: new Set(), groups: new Set([id]) };
  if (!outer) return things;
  const holds = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= outer.x && y >= outer.y && x <= outer.x + outer.width && y <= outer.y + outer.height;
  scene.nodeIds.forEach((node, index) => {
    const [x = 0, y = 0, width = 0, height = 0] = scene.boxes.subarray(index * 4, index * 4 + 4);
    if (holds(x + width / 2, y + height / 2)) things.nodes.add(node);
  });
  for (const group of editor.document.groups.values()) {
    const smaller = group.width * group.height < outer.width * outer.height;
    if (smaller && holds(group.x + group.width / 2, group.y + group.height / 2)) things.groups.add(group.id);
  }
  return things;
}
