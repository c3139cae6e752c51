/** Selecting by a box, or by a line drawn around. */

import { OVERLAY } from '../frame.js';
import { isFar } from './slack.js';

/** @import {Gesture, Rect, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {NodeId} from '../../types/document.d.ts' */
/** @import {Point} from '../../types/editor.d.ts' */

/** Points of a lasso are at least so far apart, in CSS pixels. */
const STEP = 3;

/** @typedef {{ nodes: Set<NodeId>, groups: Set<number>, points: Set<number> }} Found */

/**
 * What a box touches is selected: with Shift in addition, with Shift and Ctrl it is taken away, otherwise instead of what
 * was. Groups and points have to be inside of it.
 *
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {() => void} onClick when nothing was drawn
 * @returns {Gesture}
 */
export function boxSelect(stage, press, onClick) {
  const { scene } = stage;
  return selecting(stage, press, onClick, ({ place }) => {
    const x = Math.min(place.x, press.place.x);
    const y = Math.min(place.y, press.place.y);
    const box = { x, y, width: Math.abs(place.x - press.place.x), height: Math.abs(place.y - press.place.y) };
    scene.draft.box = box;
    const nodes = scene.nodesIn(box).map((index) => scene.nodeIds[index] ?? '');
    const within = (/** @type {Point} */ point) =>
      point.x >= x && point.y >= y && point.x <= x + box.width && point.y <= y + box.height;
    return { nodes: new Set(nodes), ...othersIn(stage, within) };
  });
}

/**
 * What lies inside the drawn line by its middle is selected, with the same modifiers.
 *
 * @param {Stage} stage
 * @param {Stroke} press
 * @returns {Gesture}
 */
export function lassoSelect(stage, press) {
  const { scene, camera } = stage;
  const way = [press.place];
  return selecting(stage, press, () => {}, ({ place }) => {
    const last = way.at(-1) ?? press.place;
    if (Math.hypot(place.x - last.x, place.y - last.y) * camera.scale >= STEP) way.push(place);
    scene.draft.marks = { way: { points: way, closed: true } };
    const within = (/** @type {Point} */ point) => isInside(way, point);
    const nodes = scene.nodesIn(boundsOf(way)).flatMap((index) => {
      const [x = 0, y = 0, width = 0, height = 0] = scene.boxes.subarray(index * 4, index * 4 + 4);
      return within({ x: x + width / 2, y: y + height / 2 }) ? (scene.nodeIds[index] ?? []) : [];
    });
    return { nodes: new Set(nodes), ...othersIn(stage, within) };
  });
}

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {() => void} onClick
 * @param {(stroke: Stroke) => Found} find
 * @returns {Gesture}
 */
function selecting(stage, press, onClick, find) {
  const { scene, loop } = stage;
  const { selection } = stage.editor;
  const before = { nodes: selection.ids.peek(), groups: selection.groups.peek(), points: selection.points.peek() };
  let drawn = false;
  const clear = () => {
    scene.draft.box = null;
    scene.draft.marks = null;
    loop.invalidate(OVERLAY);
  };
  return {
    cursor: 'crosshair',
    follows: true,
    move(stroke) {
      drawn ||= isFar(press, stroke);
      if (!drawn) return;
      const found = find(stroke);
      const chosen = combined(press, before, found);
      selection.set(chosen.nodes, chosen);
      loop.invalidate(OVERLAY);
    },
    end() {
      clear();
      if (!drawn) onClick();
    },
    cancel() {
      clear();
      if (drawn) selection.set(before.nodes, before);
    },
  };
}

/**
 * @param {Stroke} press
 * @param {{ nodes: ReadonlySet<NodeId>, groups: ReadonlySet<number>, points: ReadonlySet<number> }} before
 * @param {Found} found
 * @returns {Found}
 */
function combined({ shift, mod }, before, found) {
  /** @template T @param {ReadonlySet<T>} old @param {Set<T>} now @returns {Set<T>} */
  const join = (old, now) => {
    if (!shift) return now;
    return mod ? new Set([...old].filter((each) => !now.has(each))) : new Set([...old, ...now]);
  };
  return {
    nodes: join(before.nodes, found.nodes),
    groups: join(before.groups, found.groups),
    points: join(before.points, found.points),
  };
}

/** @param {Stage} stage @param {(point: Point) => boolean} within */
function othersIn({ scene, editor }, within) {
  const points = [...scene.shownPoints()].filter((id) => {
    const point = scene.point(id);
    return point !== null && within(point);
  });
  const groups = [...editor.document.groups.values()].filter((group) => {
    if (scene.frames.groups.has(group.id)) return false;
    const { x, y, width, height } = scene.groupRect(group);
    return within({ x, y }) && within({ x: x + width, y }) && within({ x, y: y + height }) && within({ x: x + width, y: y + height });
  });
  return { points: new Set(points), groups: new Set(groups.map(({ id }) => id)) };
}

/** @param {readonly Point[]} way @returns {Rect} */
function boundsOf(way) {
  const x = Math.min(...way.map((point) => point.x));
  const y = Math.min(...way.map((point) => point.y));
  return {
    x,
    y,
    width: Math.max(...way.map((point) => point.x)) - x,
    height: Math.max(...way.map((point) => point.y)) - y,
  };
}

/** By the even-odd rule. @param {readonly Point[]} way @param {Point} point */
function isInside(way, { x, y }) {
  let inside = false;
  way.forEach((a, index) => {
    const b = way.at(index - 1) ?? a;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  });
  return inside;
}
