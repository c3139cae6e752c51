/** ComfyUI's editor format: version 0.4 is read and written, version 1 is read. */

import { listedInputs, readNode, writeNode } from './format-node.js';
import { fileId, idOf, isRecord, listOf, numberOf, recordOf, textOf, without } from './json.js';
import { extraOfVersion1, keepLiveReroutes } from './reroutes.js';
import { executionOrder } from './execution-order.js';
import { specFinder } from './virtual.js';

/** @import { Contents, GraphNode, Group, Link, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

const OWN_FIELDS = ['nodes', 'links', 'groups', 'version'];
const VERSION_1_FIELDS = ['state', 'reroutes'];
const VERSION = 0.4;

/** A file that cannot be opened. `key` and `values` make the sentence in the user's language. */
export class FormatError extends Error {
  /** @param {string} key @param {Record<string, string>} [values] */
  constructor(key, values = {}) {
    super(`${key} ${JSON.stringify(values)}`);
    this.key = key;
    this.values = values;
  }
}

/**
 * @param {Json} file
 * @returns {file is { [key: string]: Json }}
 */
export function isWorkflow(file) {
  return isRecord(file) && Array.isArray(file['nodes']);
}

/**
 * @param {Json} file
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Contents}
 * @throws {FormatError} when it is not a workflow, or a node in it is not one
 */
export function readWorkflow(file, specs) {
  if (!isWorkflow(file)) throw new FormatError('format.not-a-workflow');
  const rest = readRest(file);
  const specOf = specFinder(specs, rest);
  /** @type {Map<NodeId, GraphNode>} */
  const nodes = new Map();
  listOf(file['nodes']).forEach((saved, index) => {
    const node = isRecord(saved) ? readNode(saved, specOf) : null;
    if (!node) throw new FormatError('format.broken-node', { index: String(index + 1) });
    if (nodes.has(node.id)) throw new FormatError('format.same-id', { id: node.id });
    nodes.set(node.id, node);
  });
  const links = readLinks(listOf(file['links']), nodes, specOf);
  return { nodes: [...nodes.values()], links, groups: readGroups(listOf(file['groups'])), rest };
}

/** @param {Record<string, Json>} file */
function readRest(file) {
  const rest = without(file, OWN_FIELDS);
  if (file['version'] !== 1) return rest;
  const { lastNodeId, lastLinkId } = recordOf(file['state']);
  return {
    ...without(rest, VERSION_1_FIELDS),
    extra: extraOfVersion1(file),
    last_node_id: numberOf(lastNodeId, 0),
    last_link_id: numberOf(lastLinkId, 0),
  };
}

/**
 * @param {readonly Json[]} saved
 * @param {ReadonlyMap<NodeId, GraphNode>} nodes
 * @param {SpecOf} specOf
 * @returns {Link[]} the links whose both ends are there
 */
function readLinks(saved, nodes, specOf) {
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
function linkFields(entry) {
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
  const sockets = specOf(node)?.inputs.filter((input) => !input.widget) ?? [];
  return sockets[slot]?.name;
}

/** @param {readonly Json[]} saved @returns {Group[]} */
function readGroups(saved) {
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
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Record<string, Json>} a file of version 0.4
 */
export function writeWorkflow(document, specs) {
  const specOf = specFinder(specs, document.rest);
  const order = executionOrder(document);
  const nodes = document.order.flatMap((id) => {
    const node = document.nodes.get(id);
    return node ? [writeNode(document, node, specOf(node), order.get(id) ?? 0)] : [];
  });
  const ids = document.order.map(Number).filter(Number.isSafeInteger);
  return {
    ...document.rest,
    last_node_id: ids.reduce((a, b) => Math.max(a, b), numberOf(document.rest['last_node_id'], 0)),
    last_link_id: [...document.links.keys()].reduce(
      (a, b) => Math.max(a, b),
      numberOf(document.rest['last_link_id'], 0),
    ),
    nodes,
    links: writeLinks(document, specOf),
    groups: [...document.groups.values()].map(writeGroup),
    extra: keepLiveReroutes(recordOf(document.rest['extra']), new Set(document.links.keys())),
    version: VERSION,
  };
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {Json[]}
 */
function writeLinks(document, specOf) {
  /** @type {Map<NodeId, Map<string, number>>} */
  const slots = new Map();
  for (const node of document.nodes.values()) {
    const inputs = listedInputs(document, node, specOf(node));
    slots.set(node.id, new Map(inputs.map((input, index) => [input.name, index])));
  }
  return [...document.links.values()].map((link) => {
    const slot = slots.get(link.to)?.get(link.input) ?? 0;
    return [link.id, fileId(link.from), link.output, fileId(link.to), slot, link.type];
  });
}

/** @param {Readonly<Group>} group @returns {Record<string, Json>} */
function writeGroup({ id, title, x, y, width, height, color, rest }) {
  return { id, title, bounding: [x, y, width, height], ...(color === null ? {} : { color }), ...rest };
}
