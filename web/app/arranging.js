/** Putting nodes in order: in line, evenly, in columns along their links. Loaded when it is first wanted. */

import { align, distribute } from '../core/align.js';
import { arrangeGroups } from '../core/arrange.js';
import { around, TITLE } from '../core/boxes.js';
import { compose, moveNodes, patchNode, putGroup } from '../core/edits.js';
import { contentOf, frameAround, groupBox, isCollapsed, isPinned, moveContent, wholeGroups } from '../core/groups.js';
import { passingLinks, removePoints } from '../core/reroutes.js';
import { boxOf, chosenContent, looseBoxes } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Edit, GraphNode, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Side } from '../core/align.js' */
/** @import { Box } from '../core/boxes.js' */

/** @param {Application} editor @param {Side} side */
export const alignChosen = (editor, side) => placeBoxes(editor, align(looseBoxes(editor), side), 'edit.align');

/** @param {Application} editor @param {'x' | 'y'} axis */
export const distributeChosen = (editor, axis) => placeBoxes(editor, distribute(looseBoxes(editor), axis), 'edit.distribute');

/** @param {Application} editor @param {ReadonlyMap<NodeId, { x: number, y: number }>} places @param {string} label */
function placeBoxes(editor, places, label) {
  if (places.size === 0) return;
  const nodes = new Map([...places].map(([id, { x, y }]) => [id, { x, y: y + TITLE }]));
  editor.perform(compose(label, [moveNodes(nodes)]));
}

/** @param {Application} editor */
export function sameWidth(editor) {
  const boxes = looseBoxes(editor);
  const width = Math.max(...[...boxes.values()].map((box) => box.width));
  const edits = [...boxes.keys()].map((id) => patchNode(id, { width }, 'edit.same-size'));
  if (edits.length > 0) editor.perform(compose('edit.same-size', edits));
}

/** What is selected where that is several nodes or a group, else everything. @param {Application} editor */
export function arrangeChosen(editor) {
  const { document, selection } = editor;
  const chosen = chosenContent(editor).nodes;
  for (const id of selection.ids.peek()) chosen.add(id);
  const all = chosen.size < 2;
  const edit = arrangeNodes(editor, all ? new Set(document.nodes.keys()) : chosen);
  if (edit) editor.perform(edit);
}

/** A collapsed group is one box of the layout. */
/** @typedef {{ id: string, width: number, height: number, box: Box }} Part */

/**
 * @param {Application} editor
 * @param {ReadonlySet<NodeId>} ids
 * @returns {Edit | null}
 */
function arrangeNodes(editor, ids) {
  const { document } = editor;
  const boxes = boxOf(editor);
  const { frames, owner } = collapsedFrames(editor, ids);
  /** @type {Part[]} */
  const parts = [...frames].map(([key, { box }]) => ({ id: key, width: box.width, height: box.height, box }));
  for (const id of ids) {
    const node = document.nodes.get(id);
    if (!node || isPinned(node) || owner.has(id)) continue;
    const box = boxes(node);
    parts.push({ id, width: box.width, height: box.height, box });
  }
  const corner = around(parts.map(({ box }) => box));
  if (!corner) return null;
  const links = [...document.links.values()].map(({ from, to }) => {
    return { from: owner.get(from) ?? from, to: owner.get(to) ?? to };
  });
  const open = openFrames(editor, new Set(parts.map(({ id }) => id)));
  const laid = arrangeGroups(parts, links, open.frames, { x: Math.round(corner.x), y: Math.round(corner.y) });
  /** @type {Edit[]} */
  const edits = [];
  const places = new Map();
  for (const { id, box } of parts) {
    const place = laid.places.get(id);
    const frame = frames.get(id);
    if (!place) continue;
    if (frame) edits.push(moveContent(document, frame.content, place.x - box.x, place.y - box.y));
    else places.set(id, { x: place.x, y: place.y + TITLE });
  }
  edits.push(moveNodes(places), ...framesAfter(editor, laid, open.inner, places));
  const points = pointsBetween(document, new Set(places.keys()));
  if (points.length > 0) edits.push(removePoints(points));
  return compose('edit.arrange', edits);
}

/**
 * The points of links between nodes: they were put where the nodes were.
 * @param {ReadonlyDocument} document
 * @param {ReadonlySet<NodeId>} ids
 */
function pointsBetween(document, ids) {
  return [...passingLinks(document)].flatMap(([point, links]) => {
    const ends = links.flatMap((id) => document.links.get(id) ?? []);
    return ends.every(({ from, to }) => ids.has(from) && ids.has(to)) ? [point] : [];
  });
}

/**
 * @param {Application} editor
 * @param {ReadonlySet<NodeId>} ids
 */
function collapsedFrames(editor, ids) {
  const { document } = editor;
  const frames = new Map();
  /** @type {Map<NodeId, string>} */
  const owner = new Map();
  for (const group of document.groups.values()) {
    if (!isCollapsed(group) || isPinned(group)) continue;
    const content = wholeGroups(document, [group.id], boxOf(editor));
    if (content.nodes.size === 0 || ![...content.nodes].every((id) => ids.has(id) && !owner.has(id))) continue;
    const key = `frame ${group.id}`;
    frames.set(key, { content, box: groupBox(group) });
    for (const id of content.nodes) owner.set(id, key);
  }
  return { frames, owner };
}

/**
 * The open groups whose content is arranged as a whole, and those inside of them.
 * @param {Application} editor
 * @param {ReadonlySet<string>} parts
 */
function openFrames(editor, parts) {
  const { document } = editor;
  const found = [...document.groups.values()].flatMap((group) => {
    if (isCollapsed(group) || isPinned(group)) return [];
    const { nodes, groups } = contentOf(document, group.id, boxOf(editor));
    const members = [...nodes].filter((id) => parts.has(id));
    return members.length > 0 && members.length === nodes.size ? [{ id: group.id, members, groups }] : [];
  });
  found.sort((a, b) => b.members.length - a.members.length);
  const taken = new Set();
  const inner = [];
  const frames = [];
  for (const frame of found) {
    if (frame.members.some((id) => taken.has(id))) inner.push(frame);
    else frames.push(frame);
    for (const id of frame.members) taken.add(id);
  }
  return { frames, inner };
}

/**
 * @param {Application} editor
 * @param {ReturnType<typeof arrangeGroups>} laid
 * @param {readonly { id: number, members: readonly NodeId[] }[]} inner groups within groups
 * @param {ReadonlyMap<NodeId, { x: number, y: number }>} places of nodes
 * @returns {Edit[]}
 */
function framesAfter(editor, laid, inner, places) {
  const { document } = editor;
  const box = boxOf(editor);
  const moved = (/** @type {Readonly<GraphNode>} */ node) => {
    const { x, y } = places.get(node.id) ?? node;
    return { ...box(node), x, y: y - TITLE };
  };
  const outer = [...laid.frames].flatMap(([id, frame]) => {
    const group = document.groups.get(id);
    return group ? [putGroup({ ...group, ...frame })] : [];
  });
  const within = inner.flatMap(({ id, members }) => {
    const group = document.groups.get(id);
    const frame = frameAround(members.flatMap((each) => document.nodes.get(each) ?? []).map(moved));
    return group && frame ? [putGroup({ ...group, ...frame })] : [];
  });
  return [...outer, ...within];
}
