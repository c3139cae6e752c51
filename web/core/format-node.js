/** Nodes of the editor format 0.4. */

import { fileId, idOf, isRecord, listOf, numberOf, pairOf, recordOf, textOf, without } from './json.js';
import { inputsOf, LIST_SHAPE, outputsOf } from './sockets.js';
import { LISTED_PROPERTY } from './subgraph-face.js';
import { readFaceValues, writeFaceValues } from './subgraph-values.js';
import { isNamed, NAMES_PROPERTY, readValues, writeValues } from './widget-values.js';

/** @import { GraphNode, Link, LinkId, ReadonlyDocument, Slot } from '../types/document.d.ts' */
/** @import { InputSpec, Json, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

const OWN_FIELDS = ['id', 'type', 'pos', 'size', 'order', 'mode', 'title', 'color', 'inputs', 'outputs'];
const TYPE_PROPERTY = 'Node name for S&R';
const OPTIONAL_SHAPE = 7;

/**
 * @param {Record<string, Json>} saved
 * @param {SpecOf} specOf
 * @returns {GraphNode | null} null when it is not a node
 */
export function readNode(saved, specOf) {
  const id = idOf(saved['id']);
  const type = saved['type'];
  if (id === null || typeof type !== 'string') return null;
  const [x, y] = pairOf(saved['pos'], 0, 0);
  const [width, height] = pairOf(saved['size'], 220, 80);
  const flags = recordOf(saved['flags']);
  /** @type {GraphNode} */
  const node = {
    id,
    type,
    title: typeof saved['title'] === 'string' ? saved['title'] : null,
    x,
    y,
    width,
    height,
    mode: numberOf(saved['mode'], 0),
    collapsed: flags['collapsed'] === true,
    color: typeof saved['color'] === 'string' ? saved['color'] : null,
    values: {},
    savedInputs: readSlots(saved['inputs'], true),
    savedOutputs: readSlots(saved['outputs'], false),
    rest: without(saved, OWN_FIELDS),
  };
  const spec = specOf(node);
  // Some programs write the type's own title too; without it the node is named in the user's language.
  if (node.title === spec?.title) node.title = null;
  if (spec?.subgraph) node.savedInputs = withPresentNames(node.savedInputs, spec.subgraph.ports);
  return nameValues(node, spec);
}

/**
 * An instance may have an older name of an input: those that are left over are the same in the same place.
 * @param {readonly Slot[]} slots
 * @param {readonly InputSpec[]} ports
 */
function withPresentNames(slots, ports) {
  const present = new Set(ports.map(({ name }) => name));
  const own = new Set(slots.map(({ name }) => name));
  if (slots.length !== ports.length) return slots;
  return slots.map((slot, index) => {
    const name = ports[index]?.name ?? slot.name;
    return present.has(slot.name) || own.has(name) ? slot : { ...slot, name };
  });
}

/**
 * Where the type or the file gives the values names, the node has them by name, and the file's list is not kept.
 * @param {GraphNode} node
 * @param {NodeSpec | null} spec
 * @returns {GraphNode}
 */
function nameValues(node, spec) {
  const saved = node.rest['widgets_values'];
  const properties = recordOf(node.rest['properties']);
  const names = properties[NAMES_PROPERTY];
  if (!spec && !isNamed(saved, names)) return node;
  /** @type {Record<string, Json>} */
  const rest = without(node.rest, ['widgets_values']);
  if (isRecord(saved)) rest['widgets_values'] = {};
  if (names !== undefined) rest['properties'] = without(properties, [NAMES_PROPERTY]);
  const values = spec?.subgraph ? readFaceValues(saved, names, spec.subgraph) : readValues(saved, names, spec);
  return { ...node, rest, values };
}

/**
 * @param {Json | undefined} saved
 * @param {boolean} unique whether names must differ: links find inputs by name
 * @returns {Slot[]}
 */
function readSlots(saved, unique) {
  const taken = new Set();
  return listOf(saved).map((entry) => {
    const slot = recordOf(entry);
    const name = textOf(slot['name'], '');
    let distinct = name;
    for (let count = 2; unique && taken.has(distinct); count += 1) distinct = `${name} (${count})`;
    taken.add(distinct);
    const { type, label } = slot;
    const rest = without(slot, ['name', 'type', 'label', 'link', 'links']);
    if (distinct !== name) rest['name'] = name;
    if (typeof type !== 'string') rest['type'] = type ?? null;
    const shown = Array.isArray(type) ? type.join(',') : textOf(type, '*');
    return { name: distinct, type: shown, rest, ...(typeof label === 'string' ? { label } : {}) };
  });
}

/**
 * The inputs that a file lists for a node: sockets in order, then the widgets that are linked.
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 */
export function listedInputs(document, node, spec) {
  const inputs = inputsOf(document, node, spec);
  // Other programs count on an instance having all inputs of its subgraph, in their order.
  if (spec?.subgraph) return [...spec.subgraph.ports, ...inputs.filter((input) => !spec.inputs.includes(input))];
  const sockets = inputs.filter((input) => !input.widget);
  return [...sockets, ...inputs.filter((input) => input.widget && document.linkInto(node.id, input.name))];
}

/**
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @param {number} order the node's place in the order of execution
 * @returns {Record<string, Json>}
 */
export function writeNode(document, node, spec, order) {
  const { saved, properties } = writeProperties(node, spec);
  const flags = without(recordOf(node.rest['flags']), ['collapsed']);
  return {
    id: fileId(node.id),
    type: node.type,
    pos: [node.x, node.y],
    size: [node.width, node.height],
    flags: node.collapsed ? { ...flags, collapsed: true } : flags,
    order,
    mode: node.mode,
    inputs: listedInputs(document, node, spec).map((input) => writeInput(document, node, input, spec)),
    outputs: writeOutputs(document, node, spec),
    ...(node.title === null ? {} : { title: node.title }),
    ...(node.color === null ? {} : { color: node.color }),
    ...without(node.rest, ['flags', 'properties', 'widgets_values']),
    properties,
    ...(saved === undefined ? {} : { widgets_values: saved }),
  };
}

/**
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {{ saved: Json | undefined, properties: Record<string, Json> }}
 */
function writeProperties(node, spec) {
  const properties = recordOf(node.rest['properties']);
  if (spec?.subgraph) {
    const { saved, listed } = writeFaceValues(node, spec.subgraph);
    return { saved, properties: listed ? { ...properties, [LISTED_PROPERTY]: listed } : properties };
  }
  const { saved, names } = writeValues(node, spec);
  const type = spec ? { [TYPE_PROPERTY]: node.type } : {};
  return { saved, properties: { ...type, ...properties, ...(names ? { [NAMES_PROPERTY]: names } : {}) } };
}

/**
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {InputSpec} input
 * @param {NodeSpec | null} spec
 * @returns {Record<string, Json>}
 */
function writeInput(document, node, input, spec) {
  const slot = node.savedInputs.find((each) => each.name === input.name);
  const optional = spec && !input.required && !input.widget && spec.inputs.includes(input) && input.name !== '';
  const port = spec?.subgraph?.ports.indexOf(input) ?? -1;
  return {
    name: input.name,
    type: spec?.subgraph?.types[port] ?? input.type,
    link: document.linkInto(node.id, input.name)?.id ?? null,
    ...labelOf(spec?.subgraph ? input.label : slot?.label),
    ...(optional ? { shape: OPTIONAL_SHAPE } : {}),
    ...slot?.rest,
    ...(input.widget ? { widget: { name: input.name } } : {}),
  };
}

/**
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {Record<string, Json>[]}
 */
function writeOutputs(document, node, spec) {
  /** @type {Map<number, LinkId[]>} */
  const links = new Map();
  for (const link of outwardLinks(document, node)) links.set(link.output, [...(links.get(link.output) ?? []), link.id]);
  return outputsOf(document, node, spec).map((output, index) => {
    const slot = node.savedOutputs.find(({ name }, place) => (spec?.subgraph ? name === output.name : place === index));
    return {
      name: node.type === 'Reroute' ? (slot?.name ?? output.name) : output.name,
      type: output.type,
      links: links.get(index) ?? null,
      ...labelOf(spec?.subgraph ? output.label : slot?.label),
      ...(output.list ? { shape: LIST_SHAPE } : {}),
      ...slot?.rest,
    };
  });
}

/**
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @returns {Readonly<Link>[]}
 */
const outwardLinks = (document, node) => document.linksOf(node.id).filter((link) => link.from === node.id);

/** @param {string | undefined} label */
const labelOf = (label) => (label === undefined ? {} : { label });
