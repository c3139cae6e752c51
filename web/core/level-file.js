/**
 * One level of a document as a workflow of its own, for what the server does with subgraphs: the borders are nodes of it.
 * What the server has made of it is put back.
 */

import { around, nodeBox, TITLE } from './boxes.js';
import { GraphDocument } from './document.js';
import { lastNode, lastOf, writeGroup, writeLinks, writeNodes } from './format-graph.js';
import { readWorkflow } from './format.js';
import { fileId, listOf, numberOf, recordOf } from './json.js';
import { INPUTS, isBorder, OUTPUTS, portsOf } from './subgraph-border.js';
import { writeDefinitions } from './subgraph-file.js';
import { changeLevels } from './subgraphs.js';
import { specFinder } from './virtual.js';

/** @import { Contents, GraphNode, Level, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/**
 * The level that is shown.
 * @param {ReadonlyDocument} document
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Record<string, Json>}
 */
export function levelFile(document, specs) {
  const { definitions = new Map(), ...root } = document.contents();
  const specOf = specFinder(specs, definitions);
  const graph = new GraphDocument();
  graph.replace(shownLevel(document));
  const borders = [INPUTS, OUTPUTS].flatMap((id) => graph.nodes.get(id) ?? []).map((node) => writeBorder(graph, node));
  const { groupNodes } = recordOf(root.rest['extra']);
  const extra = { ...recordOf(document.rest['extra']), ...(groupNodes === undefined ? {} : { groupNodes }) };
  const places = new Map(portsOf(graph.nodes.get(OUTPUTS)).map(({ id }, index) => [id, index]));
  return {
    last_node_id: lastNode(graph, numberOf(document.rest['last_node_id'], 0)),
    last_link_id: lastOf(graph.links.keys(), document.rest['last_link_id']),
    nodes: [...borders, ...writeNodes(graph, specOf)],
    links: writeLinks(graph, specOf).map((entry) => toBorder(listOf(entry), graph, places)),
    groups: [...graph.groups.values()].map(writeGroup),
    definitions: { subgraphs: writeDefinitions(definitions, specOf) },
    extra,
    version: 0.4,
  };
}

/** @param {ReadonlyDocument} document @returns {Level} */
const shownLevel = ({ order, nodes, links, groups, rest }) => ({
  nodes: order.flatMap((id) => nodes.get(id) ?? []),
  links: [...links.values()],
  groups: [...groups.values()],
  rest: { ...rest },
});

/** @param {ReadonlyDocument} graph @param {Readonly<GraphNode>} border @returns {Record<string, Json>} */
function writeBorder(graph, border) {
  const ports = portsOf(border);
  const inward = border.id === INPUTS;
  return {
    id: fileId(border.id),
    type: border.type,
    pos: [border.x, border.y],
    size: [border.width, border.height],
    flags: {},
    mode: 0,
    order: 0,
    inputs: inward ? [] : ports.map(({ id, type }) => ({ name: id, type, link: graph.linkInto(OUTPUTS, id)?.id ?? null })),
    outputs: !inward
      ? []
      : ports.map(({ id, type }, index) => ({ name: id, type, links: graph.linksFrom(INPUTS, index).map((link) => link.id) })),
    properties: {},
  };
}

/** @param {Json[]} entry @param {ReadonlyDocument} graph @param {ReadonlyMap<string, number>} places @returns {Json} */
function toBorder([id = null, from = null, output = null, to = null, slot = null, type = null], graph, places) {
  const input = String(to) === OUTPUTS ? graph.links.get(Number(id))?.input : undefined;
  return [id, from, output, to, input === undefined ? slot : (places.get(input) ?? slot), type];
}

/**
 * All of the document with what the server has made of its shown level.
 * @param {ReadonlyDocument} document
 * @param {Json} sent what the server was given
 * @param {Json} answer
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {{ contents: Contents, fresh: NodeId[] }} `fresh` are the nodes that were not there before
 */
export function withAnswer(document, sent, answer, specs) {
  const read = readWorkflow(answer, specs);
  const given = readWorkflow(sent, specs);
  const unchanged = new Set(given.nodes.map((node) => JSON.stringify(node)));
  const contents = document.contents();
  const before = new Map(shownLevel(document).nodes.map((node) => [node.id, node]));
  const nodes = read.nodes.map((node) => {
    const known = before.get(node.id);
    return known && (isBorder(known) || unchanged.has(JSON.stringify(node))) ? known : node;
  });
  const { extra } = read.rest;
  const isSame = JSON.stringify(extra) === JSON.stringify(given.rest['extra']);
  const own = isSame || extra === undefined ? document.rest : { ...document.rest, extra };
  const level = { nodes, links: read.links, groups: read.groups, rest: own };
  const changed = changeLevels(contents, (each, id) => (id === document.shown ? { ...each, ...level } : each));
  const known = changed.definitions ?? new Map();
  const added = [...(read.definitions ?? [])].filter(([id]) => !known.has(id));
  return {
    contents: { ...changed, definitions: new Map([...known, ...added]) },
    fresh: nodes.filter(({ id }) => !before.has(id)).map(({ id }) => id),
  };
}

/**
 * Where an instance lies for its middle to be that of what is in it; `null` for a subgraph without nodes.
 * @param {Pick<GraphNode, 'width' | 'height'>} instance
 * @param {Iterable<Readonly<GraphNode>>} nodes
 */
export function middleOf({ width, height }, nodes) {
  const box = around([...nodes].map(nodeBox));
  if (!box) return null;
  const y = box.y + (box.height - height - TITLE) / 2 + TITLE;
  return { x: Math.round(box.x + (box.width - width) / 2), y: Math.round(y) };
}

/**
 * The file with an instance where its top left corner is that of what will be in its place.
 * @param {Record<string, Json>} file
 * @param {Readonly<GraphNode>} instance
 * @param {Level | undefined} level what is in it
 * @returns {Record<string, Json>}
 */
export function withRoomFor(file, instance, level) {
  const inner = level?.nodes.filter((node) => !isBorder(node)) ?? [];
  const middle = middleOf(instance, inner);
  if (!middle) return file;
  const left = Math.min(...inner.map(({ x }) => x));
  const top = Math.min(...inner.map(({ y }) => y));
  const pos = [left + instance.x - middle.x, top + instance.y - middle.y];
  const nodes = listOf(file['nodes']).map((node) => {
    const saved = recordOf(node);
    return saved['id'] === fileId(instance.id) ? { ...saved, pos } : node;
  });
  return { ...file, nodes };
}
