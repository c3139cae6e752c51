/** Copy and paste. The clipboard's text is a workflow file of the copied nodes. */

import { addNodes, compose, putGroup } from './edits.js';
import { GraphDocument } from './document.js';
import { readWorkflow, writeWorkflow } from './format.js';

/** @import { Edit, Group, GraphNode, Link, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/**
 * The selected nodes with the links among them, as a file. Links from outside are listed apart, so that pasting can
 * keep them.
 * @param {ReadonlyDocument} document
 * @param {ReadonlySet<NodeId>} ids
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Record<string, Json>}
 */
export function copyNodes(document, ids, specs) {
  const nodes = document.order.filter((id) => ids.has(id)).flatMap((id) => document.nodes.get(id) ?? []);
  const links = [...document.links.values()].filter((link) => ids.has(link.to));
  const copied = new GraphDocument();
  copied.replace({
    nodes: [...nodes],
    links: links.filter((link) => ids.has(link.from)),
    groups: [],
    rest: document.rest['definitions'] === undefined ? {} : { definitions: document.rest['definitions'] },
  });
  const outside = links.filter((link) => !ids.has(link.from));
  const incoming = outside.map(({ from, output, to, input, type }) => ({ from, output, to, input, type }));
  return { ...writeWorkflow(copied, specs), ...(incoming.length > 0 ? { 'safelight.incoming': incoming } : {}) };
}

/**
 * @param {ReadonlyDocument} document gives the new ids
 * @param {Json} file what `copyNodes` made, or any workflow file
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {{ at: { x: number, y: number } | null, keepIncoming: boolean }} options
 *   `at`: where the pasted nodes' top left corner comes to lie; null puts them a little beside the originals
 * @returns {{ edit: Edit, ids: NodeId[] }}
 * @throws {import('./format.js').FormatError} when the file is not a workflow
 */
export function pasteNodes(document, file, specs, { at, keepIncoming }) {
  const { nodes, links, groups, rest } = readWorkflow(file, specs);
  const shift = shiftTo(nodes, at);
  /** @type {Map<NodeId, NodeId>} */
  const ids = new Map(nodes.map((node) => [node.id, document.freshNodeId()]));
  const pasted = nodes.map((node) => moved({ ...node, id: newId(ids, node.id) }, shift));
  const inner = links.map((link) => renamed(link, newId(ids, link.from), newId(ids, link.to), document));
  const incoming = keepIncoming ? readIncoming(rest['safelight.incoming']) : [];
  const outer = incoming
    .filter((link) => document.nodes.has(link.from) && ids.has(link.to))
    .map((link) => renamed(link, link.from, newId(ids, link.to), document));
  const frames = groups.map((group) => putGroup(moved({ ...group, id: document.freshGroupId() }, shift)));
  const edit = compose('edit.paste', [addNodes(pasted, [...inner, ...outer]), ...frames]);
  return { edit, ids: pasted.map((node) => node.id) };
}

/** @param {ReadonlyMap<NodeId, NodeId>} ids @param {NodeId} id */
const newId = (ids, id) => ids.get(id) ?? id;

/**
 * @param {Omit<Link, 'id'>} link
 * @param {NodeId} from
 * @param {NodeId} to
 * @param {ReadonlyDocument} document
 * @returns {Link}
 */
const renamed = (link, from, to, document) => ({ ...link, id: document.freshLinkId(), from, to });

/**
 * @template {GraphNode | Group} T
 * @param {T} item
 * @param {{ x: number, y: number }} shift
 * @returns {T}
 */
const moved = (item, shift) => ({ ...item, x: item.x + shift.x, y: item.y + shift.y });

const BESIDE = 40;

/** @param {readonly GraphNode[]} nodes @param {{ x: number, y: number } | null} at */
function shiftTo(nodes, at) {
  if (!at || nodes.length === 0) return { x: BESIDE, y: BESIDE };
  const left = nodes.reduce((least, node) => Math.min(least, node.x), Infinity);
  const top = nodes.reduce((least, node) => Math.min(least, node.y), Infinity);
  return { x: Math.round(at.x - left), y: Math.round(at.y - top) };
}

/**
 * @param {Json | undefined} saved
 * @returns {Omit<Link, 'id'>[]}
 */
function readIncoming(saved) {
  return (Array.isArray(saved) ? saved : []).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [];
    const { from, output, to, input, type } = entry;
    const whole = typeof from === 'string' && typeof output === 'number' && typeof to === 'string';
    return whole ? [{ from, output, to, input: String(input), type: String(type) }] : [];
  });
}
