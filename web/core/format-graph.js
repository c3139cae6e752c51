/** Nodes, links and groups of one graph, as files of the editor format have them. */

import { executionOrder } from './execution-order.js';
import { FormatError } from './format-error.js';
import { listedInputs, readNode, writeNode } from './format-node.js';
import { fileId, idOf, isRecord, listOf, numberOf, recordOf, textOf, without } from './json.js';
import { isBorder } from './subgraph-border.js';

/** @import { GraphNode, Group, Link, LinkId, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/**
 * @param {Json | undefined} saved
 * @param {SpecOf} specOf
 * @returns {Map<NodeId, GraphNode>}
 * @throws {FormatError} when one of them is no node
 */
export function readNodes(saved, specOf) {
  /** @type {Map<NodeId, GraphNode>} */
  const nodes = new Map();
  listOf(saved).forEach((entry, index) => {
    const node = isRecord(entry) ? readNode(entry, specOf) : null;
    if (!node) throw new FormatError('format.broken-node', { index: String(index + 1) });
    if (nodes.has(node.id)) throw new FormatError('format.same-id', { id: node.id });
    nodes.set(node.id, node);
  });
  return nodes;
}

/**
 * @param {readonly Json[]} saved
 * @param {ReadonlyMap<NodeId, GraphNode>} nodes
 * @param {SpecOf} specOf
 * @returns {Link[]} the links whose both ends are there
 */
export function readLinks(saved, nodes, specOf) {
  /** @type {Map<string, Link>} */
  const links = new Map();
  const ids = new Set();
  for (const entry of saved) {
    const [id, from, output, to, slot, type] = linkFields(entry);
    const target = nodes.get(idOf(to) ?? '');
    const source = nodes.get(idOf(from) ?? '');
    const input = target && inputName(target, numberOf(slot, -1), specOf);
    if (typeof id !== 'number' || ids.has(id) || !source || !target || input === undefined) continue;
    const key = `${target.id}\n${input}`;
    if (links.has(key)) continue;
    ids.add(id);
    const kind = Array.isArray(type) ? type.join(',') : textOf(type, '*');
    links.set(key, { id, from: source.id, output: numberOf(output, 0), to: target.id, input, type: kind });
  }
  return [...links.values()];
}

/**
 * @param {Json} entry `[id, origin, slot, target, slot, type]`, or an object with these
 * @returns {readonly (Json | undefined)[]}
 */
export function linkFields(entry) {
  if (Array.isArray(entry)) return entry;
  const { id, origin_id, origin_slot, target_id, target_slot, type } = recordOf(entry);
  return [id, origin_id, origin_slot, target_id, target_slot, type];
}

/**
 * @param {GraphNode} node
 * @param {number} slot
 * @param {SpecOf} specOf
 */
function inputName(node, slot, specOf) {
  if (node.savedInputs.length > 0) return node.savedInputs[slot]?.name;
  const spec = specOf(node);
  const sockets = spec?.subgraph?.ports ?? spec?.inputs.filter((input) => !input.widget) ?? [];
  return sockets[slot]?.name;
}

/** @param {readonly Json[]} saved @returns {Group[]} */
export function readGroups(saved) {
  const taken = new Set(saved.map((entry) => recordOf(entry)['id']));
  let fresh = 0;
  return saved.filter(isRecord).map((group) => {
    const [x = 0, y = 0, width = 140, height = 80] = listOf(group['bounding']).map((value) => numberOf(value, 0));
    let id = group['id'];
    if (typeof id !== 'number') {
      do fresh += 1;
      while (taken.has(fresh));
      id = fresh;
    }
    const color = typeof group['color'] === 'string' ? group['color'] : null;
    const rest = without(group, ['id', 'title', 'bounding', 'color']);
    return { id, title: textOf(group['title'], ''), x, y, width, height, color, rest };
  });
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {Record<string, Json>[]} all but the borders of a subgraph
 */
export function writeNodes(document, specOf) {
  const places = executionOrder(document);
  const nodes = document.order.flatMap((id) => document.nodes.get(id) ?? []).filter((node) => !isBorder(node));
  const order = new Map(
    nodes
      .map(({ id }) => id)
      .sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0))
      .map((id, index) => [id, index]),
  );
  return nodes.map((node) => writeNode(document, node, specOf(node), order.get(node.id) ?? 0));
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {(link: Readonly<Link>) => number} the position among its node's inputs that a link leads to
 */
export function targetSlots(document, specOf) {
  /** @type {Map<NodeId, Map<string, number>>} */
  const slots = new Map();
  for (const node of document.nodes.values()) {
    const inputs = listedInputs(document, node, specOf(node));
    slots.set(node.id, new Map(inputs.map((input, index) => [input.name, index])));
  }
  return (link) => slots.get(link.to)?.get(link.input) ?? 0;
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {Json[]} as version 0.4 lists them
 */
export function writeLinks(document, specOf) {
  const slot = targetSlots(document, specOf);
  return [...document.links.values()].map((link) => [
    link.id,
    fileId(link.from),
    link.output,
    fileId(link.to),
    slot(link),
    link.type,
  ]);
}

/** @param {Readonly<Group>} group @returns {Record<string, Json>} */
export function writeGroup({ id, title, x, y, width, height, color, rest }) {
  return { id, title, bounding: [x, y, width, height], ...(color === null ? {} : { color }), ...rest };
}

/** The highest id of nodes that has ever been given. @param {ReadonlyDocument} document @param {Json | undefined} saved */
export const lastNode = (document, saved) =>
  document.order.map(Number).filter(Number.isSafeInteger).reduce((a, b) => Math.max(a, b), numberOf(saved, 0));

/** @param {Iterable<LinkId>} ids @param {Json | undefined} saved */
export const lastOf = (ids, saved) => [...ids].reduce((a, b) => Math.max(a, b), numberOf(saved, 0));
