/** Copy and paste. The clipboard's text is a workflow file of the copied nodes. */

import { fits } from './compatible.js';
import { addNodes, compose, putGroup } from './edits.js';
import { GraphDocument } from './document.js';
import { readWorkflow, writeWorkflow } from './format.js';
import { isRecord, listOf, recordOf } from './json.js';
import { addCopiedPoints, readRoutes } from './reroutes.js';
import { outputType } from './sockets.js';
import { isBorder, isBorderId } from './subgraph-border.js';
import { importDefinitions, neededDefinitions, refuseRecursion } from './subgraph-import.js';
import { changeDefinitions } from './subgraphs.js';
import { specFinder } from './virtual.js';

/** @import { Edit, Group, GraphNode, Link, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/**
 * The selected nodes with the links among them, as a file. Links from outside are listed apart, so that pasting can
 * keep them.
 * @param {ReadonlyDocument} document
 * @param {ReadonlySet<NodeId>} ids
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {ReadonlySet<number>} [groups] that are copied too
 * @returns {Record<string, Json>}
 */
export function copyNodes(document, ids, specs, groups = new Set()) {
  const nodes = document.order.flatMap((id) => document.nodes.get(id) ?? []).filter((node) => ids.has(node.id) && !isBorder(node));
  const links = [...document.links.values()].filter((link) => ids.has(link.to) && !isBorderId(link.to));
  const copied = new GraphDocument();
  copied.replace({
    nodes: [...nodes],
    links: links.filter((link) => ids.has(link.from) && !isBorderId(link.from)),
    groups: [...document.groups.values()].filter(({ id }) => groups.has(id)),
    rest: copiedPoints(document),
    definitions: neededDefinitions(document.definitions, nodes.map(({ type }) => type)),
  });
  const outside = links.filter((link) => !ids.has(link.from) || isBorderId(link.from));
  const incoming = outside.map(({ from, output, to, input, type }) => ({ from, output, to, input, type }));
  return { ...writeWorkflow(copied, specs), ...(incoming.length > 0 ? { 'safelight.incoming': incoming } : {}) };
}

/**
 * @param {ReadonlyDocument} document gives the new ids
 * @param {Json} file what `copyNodes` made, or any workflow file
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {{ at: { x: number, y: number } | null, keepIncoming: boolean, shift?: { x: number, y: number } }} options
 *   `at`: where the pasted nodes' top left corner comes to lie; null puts them so far from the originals as `shift` says,
 *   else a little beside
 * @returns {{ edit: Edit, ids: NodeId[], groups: number[] }}
 * @throws {import('./format.js').FormatError} when the file is not a workflow, or a subgraph would come to be in itself
 */
export function pasteNodes(document, file, specs, { at, keepIncoming, shift: wanted }) {
  const { nodes: read, links, groups, rest, definitions: brought = new Map() } = readWorkflow(file, specs);
  const { definitions, ids: types } = importDefinitions(document, brought, specs);
  const nodes = read.map((node) => ({ ...node, type: types.get(node.type) ?? node.type }));
  refuseRecursion(document, definitions, nodes.map(({ type }) => type));
  const shift = wanted ?? shiftTo(nodes, at);
  /** @type {Map<NodeId, NodeId>} */
  const ids = new Map(nodes.map((node) => [node.id, document.freshNodeId()]));
  const pasted = nodes.map((node) => moved({ ...node, id: newId(ids, node.id) }, shift));
  const inner = links.map((link) => renamed(link, newId(ids, link.from), newId(ids, link.to), document));
  const incoming = keepIncoming ? readIncoming(rest['safelight.incoming']) : [];
  const outer = incoming
    .filter((link) => givesType(document, specs, link) && ids.has(link.to))
    .map((link) => renamed(link, link.from, newId(ids, link.to), document));
  const frames = new Map(groups.map(({ id }) => [id, document.freshGroupId()]));
  const framed = groups.map((group) => putGroup(moved(renamedContent(group, frames, ids), shift)));
  const routes = readRoutes(rest);
  const bent = new Map(links.flatMap(({ id }, index) => (routes.last.has(id) ? [[id, inner[index]?.id ?? 0]] : [])));
  const points = bent.size > 0 ? [addCopiedPoints(routes, bent, shift)] : [];
  const subgraphs = definitions === document.definitions ? [] : [changeDefinitions('edit.paste', definitions)];
  const edit = compose('edit.paste', [...subgraphs, addNodes(pasted, [...inner, ...outer]), ...framed, ...points]);
  return { edit, ids: pasted.map((node) => node.id), groups: [...frames.values()] };
}

/**
 * Whether there still is what a copied link came from: the clipboard may be another document's.
 * @param {ReadonlyDocument} document
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {Omit<Link, 'id'>} link
 */
function givesType(document, specs, { from, output, type }) {
  const found = document.nodes.has(from) && outputType(document, specFinder(specs, document.definitions), from, output);
  return found !== false && fits(found, type);
}

/** Those whose links are not copied are not written. @param {ReadonlyDocument} document @returns {Record<string, Json>} */
function copiedPoints({ rest }) {
  const { reroutes, linkExtensions } = recordOf(rest['extra']);
  return reroutes === undefined || linkExtensions === undefined ? {} : { extra: { reroutes, linkExtensions } };
}

/**
 * A copied group; a collapsed one lists the copies of its content.
 * @param {Group} group
 * @param {ReadonlyMap<number, number>} groups the copy of each
 * @param {ReadonlyMap<NodeId, NodeId>} nodes
 * @returns {Group}
 */
function renamedContent(group, groups, nodes) {
  const flags = recordOf(group.rest['flags']);
  const { content } = flags;
  const id = groups.get(group.id) ?? group.id;
  if (!isRecord(content)) return { ...group, id };
  const own = {
    ...content,
    nodes: listOf(content['nodes']).flatMap((node) => nodes.get(String(node)) ?? []),
    groups: listOf(content['groups']).flatMap((inner) => groups.get(Number(inner)) ?? []),
    points: [],
  };
  return { ...group, id, rest: { ...group.rest, flags: { ...flags, content: own } } };
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
