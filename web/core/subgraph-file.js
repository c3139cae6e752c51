/** Definitions of subgraphs in files (`definitions.subgraphs`), which have the layout of version 1. */

import { GraphDocument } from './document.js';
import { lastNode, lastOf, linkFields, readGroups, readLinks, readNodes, targetSlots, writeGroup, writeNodes } from './format-graph.js';
import { fileId, idOf, isRecord, listOf, numberOf, recordOf, textOf, without } from './json.js';
import { sameLevel } from './levels.js';
import { extraOfVersion1, keepLiveReroutes } from './reroutes.js';
import { borderNode, freshId, INPUTS, isBorder, isBorderId, newPort, OUTPUTS, portsOf } from './subgraph-border.js';

/** @import { Definitions, GraphNode, Level, Link, LinkId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Port, Side } from './subgraph-border.js' */
/** @import { SpecOf } from './sockets.js' */

const OWN_FIELDS = ['nodes', 'links', 'groups', 'inputs', 'outputs', 'inputNode', 'outputNode', 'reroutes'];
/** A broken file may name any position. */
const MOST_PORTS = 200;

/**
 * Read definitions, those that are in others before these.
 * @param {readonly Json[]} saved
 * @param {(definitions: Definitions) => SpecOf} finder
 * @returns {{ definitions: Definitions, unread: Json[] }} `unread` are no definitions, or broken
 */
export function readDefinitions(saved, finder) {
  /** @type {Map<string, Record<string, Json>>} */
  const files = new Map();
  const unread = saved.filter((entry) => {
    const id = isRecord(entry) && Array.isArray(entry['nodes']) ? idOf(entry['id']) : null;
    if (id === null || files.has(id)) return true;
    files.set(id, recordOf(entry));
    return false;
  });
  /** @type {Map<string, Level>} */
  const known = new Map();
  for (const id of innermostFirst(files)) {
    const file = files.get(id) ?? {};
    // What is known so far is all that this one can be made of.
    const level = attempt(() => readDefinition(file, finder(known)));
    if (level) known.set(id, level);
    else unread.push(file);
  }
  return { definitions: new Map([...files.keys()].flatMap((id) => entryOf(known, id))), unread };
}

/** @template T @param {ReadonlyMap<string, T>} map @param {string} key @returns {[string, T][]} */
function entryOf(map, key) {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** @template T @param {() => T} read @returns {T | null} */
function attempt(read) {
  try {
    return read();
  } catch {
    return null;
  }
}

/** @param {ReadonlyMap<string, Record<string, Json>>} files @returns {Set<string>} */
function innermostFirst(files) {
  /** @type {Set<string>} */
  const done = new Set();
  const seen = new Set();
  const waiting = [...files.keys()].reverse();
  for (let id = waiting.at(-1); id !== undefined; id = waiting.at(-1)) {
    const inner = seen.has(id) ? [] : typesIn(files.get(id)).filter((type) => files.has(type) && !seen.has(type));
    seen.add(id);
    if (inner.length > 0) waiting.push(...inner);
    else done.add(waiting.pop() ?? '');
  }
  return done;
}

/** @param {Record<string, Json> | undefined} file */
const typesIn = (file) => listOf(file?.['nodes']).map((node) => textOf(recordOf(node)['type'], ''));

/**
 * @param {Record<string, Json>} saved
 * @param {SpecOf} specOf
 * @returns {Level}
 */
function readDefinition(saved, specOf) {
  const links = listOf(saved['links']).map(linkFields);
  const listed = withoutStale(links, listOf(saved['outputs']));
  const inputs = readPorts(saved['inputs'], listed.filter(([, from]) => idOf(from) === INPUTS).map((link) => link[2]));
  const outputs = readPorts(saved['outputs'], listed.filter(([, , , to]) => idOf(to) === OUTPUTS).map((link) => link[4]));
  const borders = [readBorder('inputs', saved['inputNode'], inputs), readBorder('outputs', saved['outputNode'], outputs)];
  const nodes = new Map([...borders.map((node) => /** @type {const} */ ([node.id, node])), ...readNodes(saved['nodes'], specOf)]);
  const level = {
    nodes: [...nodes.values()],
    links: readLinks(/** @type {Json[]} */ (listed), nodes, specOf),
    groups: readGroups(listOf(saved['groups'])),
    rest: { ...without(saved, OWN_FIELDS), ...extraField(saved) },
  };
  return { ...level, source: { ...level, file: saved } };
}

/** @param {Record<string, Json>} saved */
function extraField(saved) {
  const extra = extraOfVersion1(saved);
  return isRecord(saved['extra']) || Object.keys(extra).length > 0 ? { extra } : {};
}

/**
 * Of several links to an output the one counts that the output lists.
 * @param {readonly (readonly (Json | undefined)[])[]} links
 * @param {readonly Json[]} outputs
 */
function withoutStale(links, outputs) {
  const isListed = (/** @type {readonly (Json | undefined)[]} */ [id, , , , slot]) =>
    listOf(recordOf(outputs[numberOf(slot, -1)])['linkIds']).some((each) => each === id);
  const outward = links.filter(([, , , to]) => idOf(to) === OUTPUTS);
  const good = new Set(outward.filter(isListed).map((link) => link[4]));
  return links.filter((link) => idOf(link[3]) !== OUTPUTS || isListed(link) || !good.has(link[4]));
}

/**
 * @param {Json | undefined} saved
 * @param {readonly (Json | undefined)[]} slots positions that links have there
 * @returns {Port[]}
 */
function readPorts(saved, slots) {
  const taken = new Set();
  /** @type {Port[]} */
  const ports = listOf(saved).map((entry) => {
    const port = recordOf(entry);
    const { id, name, type, label } = port;
    const own = typeof id === 'string' && id !== '' && !taken.has(id) ? id : freshId();
    taken.add(own);
    const rest = without(port, ['id', 'name', 'type', 'label', 'linkIds']);
    const shown = typeof label === 'string' && label !== '' ? label : null;
    return { id: own, name: textOf(name, ''), label: shown, type: Array.isArray(type) ? type.join(',') : textOf(type, '*'), rest };
  });
  const needed = slots.reduce((/** @type {number} */ most, slot) => Math.max(most, numberOf(slot, -1) + 1), 0);
  while (ports.length < Math.min(needed, MOST_PORTS)) ports.push(newPort(ports, 'value', '*'));
  return distinctNames(ports);
}

/** Instances find them by name. @param {readonly Port[]} ports @returns {Port[]} */
function distinctNames(ports) {
  /** @type {Port[]} */
  const distinct = [];
  for (const port of ports) distinct.push({ ...port, name: newPort(distinct, port.name, '').name });
  return distinct;
}

/** @param {Side} side @param {Json | undefined} saved @param {readonly Port[]} ports */
function readBorder(side, saved, ports) {
  const border = recordOf(saved);
  const [x = 0, y = 0, width = 120, height = 60] = listOf(border['bounding']).map((each) => numberOf(each, 0));
  return borderNode(side, ports, { x, y, width, height, rest: without(border, ['id', 'bounding']) });
}

/**
 * @param {Definitions} definitions
 * @param {SpecOf} specOf
 * @returns {Json[]} those that say what their file said, as it said it
 */
export function writeDefinitions(definitions, specOf) {
  const unchanged = new Set([...definitions.values()].filter(hasSamePorts));
  return [...definitions.values()].map((level) => {
    const { source } = level;
    // Files list the inputs and outputs of a subgraph with each of its instances.
    const known = level.nodes.every(({ type }) => !definitions.has(type) || unchanged.has(definitions.get(type) ?? level));
    return source && known && sameLevel(source, level) ? source.file : writeDefinition(level, specOf);
  });
}

/** Whether inputs and outputs are those that were read. @param {Level} level */
function hasSamePorts({ nodes, source }) {
  const ports = (/** @type {readonly GraphNode[]} */ from) =>
    JSON.stringify(from.filter(isBorder).map(({ savedInputs, savedOutputs }) => [savedInputs, savedOutputs]));
  return source !== undefined && (source.nodes === nodes || ports(source.nodes) === ports(nodes));
}

/**
 * @param {Level} level
 * @param {SpecOf} specOf
 * @returns {Record<string, Json>}
 */
export function writeDefinition(level, specOf) {
  const document = new GraphDocument();
  document.replace(level);
  const { rest } = level;
  const extra = keepLiveReroutes(recordOf(rest['extra']), new Set(document.links.keys()));
  const { reroutes, linkExtensions, ...others } = extra;
  const points = new Map(listOf(linkExtensions).filter(isRecord).map(({ id, parentId }) => [id, parentId]));
  return {
    ...rest,
    state: stateOf(document, rest, listOf(reroutes)),
    inputNode: writeBorder(document.nodes.get(INPUTS), INPUTS),
    outputNode: writeBorder(document.nodes.get(OUTPUTS), OUTPUTS),
    inputs: portsOf(document.nodes.get(INPUTS)).map((port, index) =>
      writePort(port, document.linksFrom(INPUTS, index).map(({ id }) => id)),
    ),
    outputs: portsOf(document.nodes.get(OUTPUTS)).map((port) => writePort(port, linkIdsInto(document, port.id))),
    nodes: writeNodes(document, specOf),
    groups: [...document.groups.values()].map(writeGroup),
    links: writeLinkObjects(document, specOf, points),
    ...(reroutes === undefined ? {} : { reroutes }),
    ...(isRecord(rest['extra']) ? { extra: others } : {}),
  };
}

/** @param {ReadonlyDocument} document @param {Record<string, Json>} rest @param {readonly Json[]} reroutes */
function stateOf(document, rest, reroutes) {
  const saved = recordOf(rest['state']);
  const points = reroutes.map((entry) => numberOf(recordOf(entry)['id'], 0));
  return {
    ...saved,
    lastNodeId: lastNode(document, saved['lastNodeId']),
    lastLinkId: lastOf(document.links.keys(), saved['lastLinkId']),
    lastGroupId: lastOf(document.groups.keys(), saved['lastGroupId']),
    lastRerouteId: lastOf(points, saved['lastRerouteId']),
  };
}

/** @param {ReadonlyDocument} document @param {string} port */
function linkIdsInto(document, port) {
  const link = document.linkInto(OUTPUTS, port);
  return link ? [link.id] : [];
}

/** @param {Readonly<GraphNode> | undefined} node @param {string} id @returns {Json} */
function writeBorder(node, id) {
  const { x = 0, y = 0, width = 120, height = 60, rest = {} } = node ?? {};
  return { id: fileId(id), bounding: [x, y, width, height], ...rest };
}

/** @param {Port} port @param {LinkId[]} linkIds @returns {Json} */
function writePort({ id, name, label, type, rest }, linkIds) {
  return { id, name, type, linkIds, ...(label === null ? {} : { label }), ...rest };
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlyMap<Json | undefined, Json | undefined>} points the last point of links that have any
 * @returns {Json[]}
 */
function writeLinkObjects(document, specOf, points) {
  const slot = targetSlots(document, specOf);
  const outputs = portsOf(document.nodes.get(OUTPUTS)).map(({ id }) => id);
  const target = (/** @type {Readonly<Link>} */ link) => (isBorderId(link.to) ? outputs.indexOf(link.input) : slot(link));
  return [...document.links.values()].map((link) => {
    const parentId = points.get(link.id);
    return {
      id: link.id,
      origin_id: fileId(link.from),
      origin_slot: link.output,
      target_id: fileId(link.to),
      target_slot: target(link),
      type: link.type,
      ...(parentId === undefined ? {} : { parentId }),
    };
  });
}
