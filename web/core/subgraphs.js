/** Changes of a document's subgraphs: made of all of it, giving all of it, so that each is one step of undo. */

import { recordOf, textOf, without } from './json.js';
import { fits } from './compatible.js';
import { borderId, freshId, INPUTS, OUTPUTS, portsOf, withPorts } from './subgraph-border.js';
import { LISTED_PROPERTY, listedWidgets, OWN_INPUT } from './subgraph-face.js';

/** @import { Contents, Definitions, Edit, GraphNode, Level, Link, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Port, Side } from './subgraph-border.js' */
/** @import { SpecOf } from './sockets.js' */

/**
 * @param {string} label
 * @param {Contents} contents
 * @returns {Edit}
 */
export const changeContents = (label, contents) => ({
  label,
  apply(document) {
    const before = document.contents();
    document.setContents(contents);
    return changeContents(label, before);
  },
});

/**
 * @param {string} label
 * @param {Definitions} definitions
 * @returns {Edit}
 */
export const changeDefinitions = (label, definitions) => ({
  label,
  apply(document) {
    const before = document.definitions;
    document.setDefinitions(definitions);
    return changeDefinitions(label, before);
  },
});

/** @param {Level} level */
export const nameOf = ({ rest }) => textOf(rest['name'], '');

/** @param {Contents} contents @returns {Level[]} */
const levelsOf = ({ definitions = new Map(), ...root }) => [root, ...definitions.values()];

/**
 * All levels changed in the same way.
 * @param {Contents} contents
 * @param {(level: Level, id: string | null) => Level} change
 * @returns {Contents}
 */
export function changeLevels({ definitions = new Map(), ...root }, change) {
  const changed = new Map([...definitions].map(([id, level]) => [id, change(level, id)]));
  return { ...change(root, null), definitions: changed };
}

/** How many instances of each subgraph there are. @param {Contents} contents @returns {Map<string, number>} */
export function countUses(contents) {
  const { definitions = new Map() } = contents;
  const uses = new Map([...definitions.keys()].map((id) => [id, 0]));
  for (const { nodes } of levelsOf(contents)) {
    for (const { type } of nodes) if (uses.has(type)) uses.set(type, (uses.get(type) ?? 0) + 1);
  }
  return uses;
}

/**
 * The subgraphs that nodes of these types are instances of, and those in these.
 * @param {Definitions} definitions
 * @param {Iterable<string>} types
 */
export function usedDefinitions(definitions, types) {
  /** @type {Set<string>} */
  const used = new Set();
  const waiting = [...types];
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    const level = definitions.get(type);
    if (!level || used.has(type)) continue;
    used.add(type);
    waiting.push(...level.nodes.map((node) => node.type));
  }
  return used;
}

/** Whether a subgraph is another one, or has it in it. @param {Definitions} definitions @param {string} id @param {string} wanted */
export const containsSubgraph = (definitions, id, wanted) => usedDefinitions(definitions, [id]).has(wanted);

/** Drop the subgraphs that nothing is an instance of. @param {Contents} contents @returns {Contents} */
export function dropUnused(contents) {
  const { definitions = new Map() } = contents;
  const used = usedDefinitions(definitions, contents.nodes.map(({ type }) => type));
  return { ...contents, definitions: new Map([...definitions].filter(([id]) => used.has(id))) };
}

/** @param {Contents} contents @param {string} id @param {string} name */
export const renameSubgraph = (contents, id, name) =>
  changeLevels(contents, (level, own) => (own === id ? { ...level, rest: { ...level.rest, name } } : level));

/**
 * A subgraph under another id, with its instances renamed where `ids` say so.
 * @param {Level} level
 * @param {string} id
 * @param {ReadonlyMap<string, string>} [ids] of other subgraphs
 * @returns {Level}
 */
export const copyOf = (level, id, ids = new Map()) => ({
  ...level,
  nodes: level.nodes.map((node) => (ids.has(node.type) ? { ...node, type: ids.get(node.type) ?? node.type } : node)),
  rest: { ...level.rest, id },
});

/**
 * A subgraph of its own for one instance of a level.
 * @param {Contents} contents
 * @param {string | null} place the level
 * @param {NodeId} instance
 * @returns {Contents}
 */
export function makeIndependent(contents, place, instance) {
  const id = freshId();
  const { definitions = new Map() } = contents;
  /** @type {Level | undefined} */
  const owner = place === null ? contents : definitions.get(place);
  const type = owner?.nodes.find((node) => node.id === instance)?.type ?? '';
  const level = definitions.get(type);
  if (!level) return contents;
  const changed = changeLevels(contents, (each, own) => {
    if (own !== place) return each;
    return { ...each, nodes: each.nodes.map((node) => (node.id === instance ? { ...node, type: id } : node)) };
  });
  return { ...changed, definitions: new Map([...(changed.definitions ?? []), [id, copyOf(level, id)]]) };
}

/** Drop a subgraph with all of its instances. @param {Contents} contents @param {string} id @returns {Contents} */
export function dropSubgraph(contents, id) {
  const changed = changeLevels(contents, (level) => {
    const gone = new Set(level.nodes.filter(({ type }) => type === id).map((node) => node.id));
    if (gone.size === 0) return level;
    const links = level.links.filter(({ from, to }) => !gone.has(from) && !gone.has(to));
    return { ...level, nodes: level.nodes.filter((node) => !gone.has(node.id)), links };
  });
  return { ...changed, definitions: new Map([...(changed.definitions ?? [])].filter(([own]) => own !== id)) };
}

/**
 * @param {Contents} contents
 * @param {string} id of the subgraph whose instances change
 * @param {(node: GraphNode) => GraphNode} change
 * @param {(link: Link, isInstance: (node: NodeId) => boolean) => Link | null} [changeLink] null drops the link
 */
export function changeInstances(contents, id, change, changeLink = (link) => link) {
  return changeLevels(contents, (level) => {
    const instances = new Set(level.nodes.filter(({ type }) => type === id).map((node) => node.id));
    if (instances.size === 0) return level;
    const isInstance = (/** @type {NodeId} */ node) => instances.has(node);
    return {
      ...level,
      nodes: level.nodes.map((node) => (isInstance(node.id) ? change(node) : node)),
      links: level.links.flatMap((link) => changeLink(link, isInstance) ?? []),
    };
  });
}

/** @param {Record<string, Json>} values @param {string} key */
const withoutKey = (values, key) => without(values, [key, `${key}/control`]);

/**
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {(ports: Port[]) => readonly Port[]} change
 * @param {(link: Link) => Link | null} [changeLink] of the links inside
 */
function changePorts(contents, id, side, change, changeLink = (link) => link) {
  const border = borderId(side);
  return changeLevels(contents, (level, own) => {
    if (own !== id) return level;
    const nodes = level.nodes.map((node) => (node.id === border ? { ...node, ...withPorts(side, change(portsOf(node))) } : node));
    return { ...level, nodes, links: level.links.flatMap((link) => changeLink(link) ?? []) };
  });
}

/** @param {Contents} contents @param {string} id @param {Side} side */
export const portsIn = (contents, id, side) =>
  portsOf(contents.definitions?.get(id)?.nodes.find((node) => node.id === borderId(side)));

/**
 * Call an input or output otherwise; its name in files stays. An empty label shows that name.
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {string} port
 * @param {string} label
 */
export const relabelPort = (contents, id, side, port, label) =>
  changePorts(contents, id, side, (ports) => ports.map((each) => (each.id === port ? { ...each, label: label || null } : each)));

/** @param {Contents} contents @param {string} id @param {Side} side @param {Port} port a new input or output */
export const addPort = (contents, id, side, port) =>
  changePorts(contents, id, side, (ports) => [...ports, port]);

/**
 * Move an input or output to another place among the others.
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {number} from
 * @param {number} to
 */
export function movePort(contents, id, side, from, to) {
  const order = portsIn(contents, id, side).map((_, index) => index);
  if (order[from] === undefined || order[to] === undefined) return contents;
  order.splice(to, 0, ...order.splice(from, 1));
  return reorderPorts(contents, id, side, order);
}

/**
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {number} index
 */
export function removePort(contents, id, side, index) {
  const ports = portsIn(contents, id, side);
  const port = ports[index];
  if (!port) return contents;
  const kept = ports.map((_, each) => each).filter((each) => each !== index);
  const without = side === 'outputs' ? contents : changeInstances(contents, id, (node) => forgetInput(node, port.name));
  return reorderPorts(without, id, side, kept);
}

/** @param {GraphNode} node @param {string} name @returns {GraphNode} */
function forgetInput(node, name) {
  const properties = recordOf(node.rest['properties']);
  const list = properties[LISTED_PROPERTY];
  const isGone = (/** @type {Json} */ entry) => listedWidgets([entry]).some((each) => each.node === OWN_INPUT && each.name === name);
  const rest = Array.isArray(list)
    ? { ...node.rest, properties: { ...properties, [LISTED_PROPERTY]: list.filter((entry) => !isGone(entry)) } }
    : node.rest;
  return { ...node, rest, values: withoutKey(node.values, name) };
}

/**
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {readonly number[]} order where each that stays was before
 */
function reorderPorts(contents, id, side, order) {
  const before = portsIn(contents, id, side);
  const kept = new Set(order.flatMap((index) => before[index] ?? []));
  const places = new Map(order.map((old, place) => [old, place]));
  const moved = (/** @type {Link} */ link) => {
    const output = places.get(link.output);
    return output === undefined && link.output < before.length ? null : { ...link, output: output ?? link.output };
  };
  const names = new Set([...kept].map((port) => port.name));
  const ids = new Set([...kept].map((port) => port.id));
  const gone = new Set(before.map((port) => port.name).filter((name) => !names.has(name)));
  const inner = changePorts(contents, id, side, () => [...kept], (link) => {
    if (side === 'inputs') return link.from === INPUTS ? moved(link) : link;
    return link.to === OUTPUTS && !ids.has(link.input) ? null : link;
  });
  return changeInstances(inner, id, (node) => node, (link, isInstance) => {
    if (side === 'inputs') return isInstance(link.to) && gone.has(link.input) ? null : link;
    return isInstance(link.from) ? moved(link) : link;
  });
}

/**
 * Give an input or output another type. Links that do not fit any more are dropped.
 * @param {Contents} contents
 * @param {string} id
 * @param {Side} side
 * @param {number} index
 * @param {string} type
 * @param {SpecOf} specOf
 */
export function retypePort(contents, id, side, index, type, specOf) {
  const port = portsIn(contents, id, side)[index];
  if (!port) return contents;
  const levels = new Map(levelsOf(contents).flatMap((level) => level.links.map((link) => [link, level])));
  const taken = (/** @type {Link} */ link) => {
    const node = levels.get(link)?.nodes.find((each) => each.id === link.to);
    const spec = node && specOf(node);
    return spec?.inputs.find(({ name }) => name === link.input)?.type ?? node?.savedInputs.find(({ name }) => name === link.input)?.type ?? '*';
  };
  const given = (/** @type {Link} */ link) => (fits(type, taken(link)) ? { ...link, type } : null);
  const wanted = (/** @type {Link} */ link) => (fits(link.type, type) ? link : null);
  const inner = changePorts(contents, id, side, (ports) => ports.map((each, place) => (place === index ? { ...each, type } : each)), (link) => {
    if (side === 'inputs') return link.from === INPUTS && link.output === index ? given(link) : link;
    return link.to === OUTPUTS && link.input === port.id ? wanted(link) : link;
  });
  return changeInstances(inner, id, (node) => node, (link, isInstance) => {
    if (side === 'inputs') return isInstance(link.to) && link.input === port.name ? wanted(link) : link;
    return isInstance(link.from) && link.output === index ? given(link) : link;
  });
}
