/** ComfyUI's editor format: version 0.4 is read and written, version 1 is read. */

import { GraphDocument } from './document.js';
import { FormatError } from './format-error.js';
import { lastNode, lastOf, readGroups, readLinks, readNodes, writeGroup, writeLinks, writeNodes } from './format-graph.js';
import { isRecord, listOf, numberOf, recordOf, without } from './json.js';
import { extraOfVersion1, keepLiveReroutes } from './reroutes.js';
import { readDefinitions, writeDefinitions } from './subgraph-file.js';
import { specFinder } from './virtual.js';

/** @import { Contents, Definitions, Level, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

const OWN_FIELDS = ['nodes', 'links', 'groups', 'version'];
const VERSION_1_FIELDS = ['state', 'reroutes'];
const VERSION = 0.4;

export { FormatError };

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
  const saved = recordOf(rest['definitions'])['subgraphs'];
  const { definitions, unread } = readDefinitions(listOf(saved), (known) => specFinder(specs, known));
  if (Array.isArray(saved)) rest['definitions'] = { ...recordOf(rest['definitions']), subgraphs: unread };
  const specOf = specFinder(specs, definitions);
  const nodes = readNodes(file['nodes'], specOf);
  const links = readLinks(listOf(file['links']), nodes, specOf);
  return { nodes: [...nodes.values()], links, groups: readGroups(listOf(file['groups'])), rest, definitions };
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
 * All of a document as a file of version 0.4, whichever level is shown.
 * @param {ReadonlyDocument | { contents(): Contents }} document
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Record<string, Json>}
 */
export function writeWorkflow(document, specs) {
  const { definitions = new Map(), ...root } = document.contents();
  const graph = rootOf(document, root);
  const specOf = specFinder(specs, definitions);
  const { rest } = root;
  return {
    ...rest,
    last_node_id: lastNode(graph, rest['last_node_id']),
    last_link_id: lastOf(graph.links.keys(), rest['last_link_id']),
    nodes: writeNodes(graph, specOf),
    links: writeLinks(graph, specOf),
    groups: [...graph.groups.values()].map(writeGroup),
    ...definitionsField(rest['definitions'], definitions, specOf),
    extra: keepLiveReroutes(recordOf(rest['extra']), new Set(graph.links.keys())),
    version: VERSION,
  };
}

/**
 * @param {ReadonlyDocument | { contents(): Contents }} document
 * @param {Level} root
 * @returns {ReadonlyDocument} a document that shows its root
 */
function rootOf(document, root) {
  if ('shown' in document && document.shown === null) return document;
  const graph = new GraphDocument();
  graph.replace(root);
  return graph;
}

/**
 * @param {Json | undefined} saved what the file has beside the subgraphs that could be read
 * @param {Definitions} definitions
 * @param {SpecOf} specOf
 * @returns {Record<string, Json>}
 */
function definitionsField(saved, definitions, specOf) {
  if (saved === undefined && definitions.size === 0) return {};
  return { definitions: { ...recordOf(saved), subgraphs: [...writeDefinitions(definitions, specOf), ...listOf(recordOf(saved)['subgraphs'])] } };
}
