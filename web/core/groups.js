/**
 * Groups and what belongs to them: what lies inside by its middle. A collapsed group lists its content, so that what is
 * put where the open group would be does not vanish; both are saved in the group's `flags`.
 */

import { around, holds } from './boxes.js';
import { compose, moveNodes, patchNode, putGroup, removeGroup, removeNodes } from './edits.js';
import { isRecord, listOf, recordOf, without } from './json.js';
import { movePoints, passingLinks, readRoutes } from './reroutes.js';
import { isBorderId } from './subgraph-border.js';

/** @import { Edit, GraphNode, Group, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Box } from './boxes.js' */

/** @typedef {{ nodes: Set<NodeId>, groups: Set<number>, points: Set<number> }} Content */
/** How large a node is drawn, with its title. @typedef {(node: Readonly<GraphNode>) => Box} BoxOf */

export const GROUP_TITLE = 28;
const MARGIN = 20;
/** A collapsed group's frame. */
const FRAME = { width: 220, height: GROUP_TITLE + 24 };

/** @returns {Content} */
const noContent = () => ({ nodes: new Set(), groups: new Set(), points: new Set() });

/** @param {Readonly<{ rest: Record<string, Json> }>} thing a node or a group: neither is moved while it is pinned */
export const isPinned = ({ rest }) => recordOf(rest['flags'])['pinned'] === true;

/** @param {Readonly<Group>} group */
export const isCollapsed = ({ rest }) => recordOf(rest['flags'])['collapsed'] === true;

/** Where a group is drawn. @param {Readonly<Group>} group @returns {Box} */
export function groupBox(group) {
  const { x, y, width, height } = group;
  return isCollapsed(group) ? { x, y, width: Math.min(width, FRAME.width), height: FRAME.height } : { x, y, width, height };
}

/**
 * @param {ReadonlyDocument} document
 * @param {number} id
 * @param {BoxOf} boxOf
 * @returns {Content} without the group itself
 */
export function contentOf(document, id, boxOf) {
  const group = document.groups.get(id);
  if (!group) return noContent();
  return listedContent(document, group) ?? contentInside(document, group, boxOf);
}

/**
 * What a collapsed group's file lists.
 * @param {ReadonlyDocument} document
 * @param {Readonly<Group>} group
 * @returns {Content | null}
 */
function listedContent(document, group) {
  const listed = recordOf(group.rest['flags'])['content'];
  if (!isCollapsed(group) || !isRecord(listed)) return null;
  const content = noContent();
  for (const id of listOf(listed['nodes'])) if (document.nodes.has(String(id))) content.nodes.add(String(id));
  for (const id of listOf(listed['groups'])) {
    if (typeof id === 'number' && document.groups.has(id)) content.groups.add(id);
  }
  for (const id of listOf(listed['points'])) if (typeof id === 'number') content.points.add(id);
  return content;
}

/**
 * @param {ReadonlyDocument} document
 * @param {Readonly<Group>} group
 * @param {BoxOf} boxOf
 * @returns {Content}
 */
function contentInside(document, group, boxOf) {
  const content = noContent();
  for (const node of document.nodes.values()) if (holds(group, boxOf(node))) content.nodes.add(node.id);
  for (const other of document.groups.values()) {
    const smaller = other.width * other.height < group.width * group.height;
    if (smaller && other.id !== group.id && holds(group, groupBox(other))) content.groups.add(other.id);
  }
  const routes = readRoutes(document.rest);
  if (routes.last.size === 0) return content;
  for (const id of passingLinks(document, routes).keys()) {
    const { x = NaN, y = NaN } = routes.points.get(id) ?? {};
    if (holds(group, { x, y, width: 0, height: 0 })) content.points.add(id);
  }
  return content;
}

/**
 * Groups with all that is in them, and what is in groups that are collapsed inside.
 * @param {ReadonlyDocument} document
 * @param {Iterable<number>} groups
 * @param {BoxOf} boxOf
 * @returns {Content} with the groups themselves
 */
export function wholeGroups(document, groups, boxOf) {
  const whole = noContent();
  const waiting = [...groups];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const group = document.groups.get(id);
    if (!group || whole.groups.has(id)) continue;
    whole.groups.add(id);
    const listed = listedContent(document, group);
    const content = listed ?? contentInside(document, group, boxOf);
    for (const node of content.nodes) whole.nodes.add(node);
    for (const point of content.points) whole.points.add(point);
    // What is listed is all: what lies where an inner group would be open is not in it.
    if (listed) for (const inner of content.groups) whole.groups.add(inner);
    else waiting.push(...content.groups);
  }
  return whole;
}

/**
 * Move things by a distance; what is pinned stays.
 * @param {ReadonlyDocument} document
 * @param {{ nodes: Iterable<NodeId>, groups: Iterable<number>, points: Iterable<number> }} things
 * @param {number} dx
 * @param {number} dy
 * @param {string} [label]
 * @param {string} [mergeKey]
 */
export function moveContent(document, { nodes, groups, points }, dx, dy, label = 'edit.move', mergeKey) {
  /** @type {Edit[]} */
  const edits = [];
  const places = new Map();
  for (const id of nodes) {
    const node = document.nodes.get(id);
    if (node && !isPinned(node)) places.set(id, { x: node.x + dx, y: node.y + dy });
  }
  if (places.size > 0) edits.push(moveNodes(places));
  for (const id of groups) {
    const group = document.groups.get(id);
    if (group && !isPinned(group)) edits.push(putGroup({ ...group, x: group.x + dx, y: group.y + dy }, undefined, 'edit.move'));
  }
  const dots = new Map();
  const known = readRoutes(document.rest).points;
  for (const id of points) {
    const point = known.get(id);
    if (point) dots.set(id, { x: point.x + dx, y: point.y + dy });
  }
  if (dots.size > 0) edits.push(movePoints(dots));
  return compose(label, edits, mergeKey);
}

/** @param {Readonly<Group>} group @param {Record<string, Json>} flags those that are set; null takes one away */
function withFlags(group, flags) {
  const before = recordOf(group.rest['flags']);
  const gone = Object.keys(flags).filter((name) => flags[name] === null);
  const next = without({ ...before, ...flags }, gone);
  return { ...group, rest: { ...group.rest, flags: next } };
}

/**
 * @param {ReadonlyDocument} document
 * @param {number} id
 * @param {BoxOf} boxOf
 * @returns {Edit | null}
 */
export function toggleCollapsed(document, id, boxOf) {
  const group = document.groups.get(id);
  if (!group) return null;
  if (isCollapsed(group)) {
    return putGroup(withFlags(group, { collapsed: null, content: null }), undefined, 'edit.expand-group');
  }
  const { nodes, groups, points } = wholeGroups(document, [id], boxOf);
  const content = { nodes: [...nodes], groups: [...groups].filter((each) => each !== id), points: [...points] };
  return putGroup(withFlags(group, { collapsed: true, content }), undefined, 'edit.collapse-group');
}

/** @param {Readonly<Group>} group @param {boolean} pinned */
export const pinGroup = (group, pinned) =>
  putGroup(withFlags(group, { pinned: pinned ? true : null }), undefined, 'edit.pin');

/**
 * Pinned nodes are not moved, resized or arranged.
 * @param {ReadonlyDocument} document
 * @param {Iterable<NodeId>} ids
 * @param {boolean} pinned
 */
export const pinNodes = (document, ids, pinned) =>
  compose(
    'edit.pin',
    [...ids].flatMap((id) => {
      const node = document.nodes.get(id);
      if (!node) return [];
      const others = without(recordOf(node.rest['flags']), ['pinned']);
      const flags = pinned ? { ...others, pinned: true } : others;
      return [patchNode(id, { rest: { ...node.rest, flags } }, 'edit.pin')];
    }),
  );

/**
 * A frame around boxes, with room for its title.
 * @param {Iterable<Box>} boxes
 * @returns {Box | null}
 */
export function frameAround(boxes) {
  const inner = around(boxes);
  return (
    inner && {
      x: Math.round(inner.x - MARGIN),
      y: Math.round(inner.y - MARGIN - GROUP_TITLE),
      width: Math.round(inner.width + 2 * MARGIN),
      height: Math.round(inner.height + 2 * MARGIN + GROUP_TITLE),
    }
  );
}

/**
 * Make a group just as large as what is in it.
 * @param {ReadonlyDocument} document
 * @param {number} id
 * @param {BoxOf} boxOf
 * @returns {Edit | null} null when there is nothing in it
 */
export function fitGroup(document, id, boxOf) {
  const group = document.groups.get(id);
  if (!group || isCollapsed(group)) return null;
  const { nodes, groups } = contentOf(document, id, boxOf);
  const boxes = [...nodes].flatMap((node) => document.nodes.get(node) ?? []).map(boxOf);
  const frames = [...groups].flatMap((inner) => document.groups.get(inner) ?? []).map(groupBox);
  const frame = frameAround([...boxes, ...frames]);
  return frame && putGroup({ ...group, ...frame }, undefined, 'edit.fit-group');
}

/**
 * Remove groups with all that is in them.
 * @param {ReadonlyDocument} document
 * @param {Iterable<number>} ids
 * @param {BoxOf} boxOf
 */
export function deleteGroups(document, ids, boxOf) {
  const { nodes, groups } = wholeGroups(document, ids, boxOf);
  const kept = [...nodes].filter((id) => !isBorderId(id));
  return compose('edit.remove', [removeNodes(kept), ...[...groups].map((each) => removeGroup(each, 'edit.remove'))]);
}
