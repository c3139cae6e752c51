/** The borders of a subgraph as nodes of its level: one gives what comes from outside, the other takes what leads there. */

import { blankNode } from './create.js';
import { textOf, without } from './json.js';
import { editorSpec } from './spec.js';

/** @import { GraphNode, Link, NodeId, ReadonlyDocument, Slot } from '../types/document.d.ts' */
/** @import { InputSpec, Json, NodeSpec, OutputSpec } from '../types/spec.d.ts' */

/** The ids that files have for them. */
export const INPUTS = '-10';
export const OUTPUTS = '-20';
const INPUTS_TYPE = 'safelight.subgraph-inputs';
const OUTPUTS_TYPE = 'safelight.subgraph-outputs';
/** The socket at the end that makes a new one of what is linked to it. */
export const FREE = '+';

const LIST_SHAPE = 6;
const OPTIONAL_SHAPE = 7;

/** An input or output of a subgraph. `label` is the name that a person gave it. */
/** @typedef {{ id: string, name: string, label: string | null, type: string, rest: Record<string, Json> }} Port */
/** @typedef {'inputs' | 'outputs'} Side */

/** @param {{ type: string }} node */
export const isBorder = ({ type }) => type === INPUTS_TYPE || type === OUTPUTS_TYPE;

/** @param {NodeId} id */
export const isBorderId = (id) => id === INPUTS || id === OUTPUTS;

/** @param {Side} side */
export const borderId = (side) => (side === 'inputs' ? INPUTS : OUTPUTS);

/** The subgraph's inputs or outputs, from its border. @param {Readonly<GraphNode> | undefined} border @returns {Port[]} */
export function portsOf(border) {
  if (!border) return [];
  return (border.type === INPUTS_TYPE ? border.savedOutputs : border.savedInputs).map(({ name, type, label, rest }) => {
    return { id: name, name: textOf(rest['name'], name), label: label ?? null, type, rest: without(rest, ['name']) };
  });
}

/** @param {Port} port @returns {Slot} */
const slotOf = ({ id, name, label, type, rest }) => ({
  name: id,
  type,
  rest: { name, ...rest },
  ...(label === null ? {} : { label }),
});

/** What a border is with these inputs or outputs. @param {Side} side @param {readonly Port[]} ports */
export const withPorts = (side, ports) =>
  side === 'inputs' ? { savedOutputs: ports.map(slotOf) } : { savedInputs: ports.map(slotOf) };

/**
 * @param {Side} side
 * @param {readonly Port[]} ports
 * @param {Pick<GraphNode, 'x' | 'y' | 'width' | 'height' | 'rest'>} place
 * @returns {GraphNode}
 */
export const borderNode = (side, ports, place) => ({
  ...blankNode(side === 'inputs' ? INPUTS_TYPE : OUTPUTS_TYPE),
  ...place,
  id: borderId(side),
  ...withPorts(side, ports),
});

/** @param {Port} port */
const portLabel = ({ label, name }) => label ?? name;

/** @param {Port} port */
export const isListPort = ({ rest }) => rest['shape'] === LIST_SHAPE;

/** @param {Port} port */
export const isOptionalPort = ({ rest }) => rest['shape'] === OPTIONAL_SHAPE;

/**
 * @param {Readonly<GraphNode>} border
 * @returns {NodeSpec}
 */
export function borderSpec(border) {
  const ports = portsOf(border);
  const inward = border.type === INPUTS_TYPE;
  /** @type {OutputSpec[]} */
  const outputs = ports.map((port) => ({
    name: port.name,
    type: port.type,
    list: isListPort(port),
    ...(port.label === null ? {} : { label: port.label }),
  }));
  /** @type {InputSpec[]} */
  const inputs = ports.map((port) => ({ ...SOCKET, name: port.id, type: port.type, label: portLabel(port) }));
  return editorSpec(
    border.type,
    inward ? 'Inputs' : 'Outputs',
    'subgraphs',
    inward ? [] : [...inputs, { ...SOCKET, name: FREE }],
    inward ? [...outputs, { name: FREE, type: '*', list: false }] : [],
  );
}

/** @type {InputSpec} */
export const SOCKET = { name: '', type: '*', required: false, widget: false, choices: null, options: {} };

/**
 * A link from or to the free socket of a border makes an input or output of its own.
 * @param {ReadonlyDocument} document
 * @param {Link} link
 * @returns {{ border: NodeId, patch: Partial<GraphNode>, link: Link } | null} null when it is no such link
 */
export function linkToNewPort(document, link) {
  if (link.from === INPUTS) {
    const ports = portsOf(document.nodes.get(INPUTS));
    if (link.output < ports.length) return null;
    const port = newPort(ports, link.input, link.type);
    return { border: INPUTS, patch: withPorts('inputs', [...ports, port]), link: { ...link, output: ports.length } };
  }
  if (link.to !== OUTPUTS || link.input !== FREE) return null;
  const ports = portsOf(document.nodes.get(OUTPUTS));
  const port = newPort(ports, link.type === '*' ? 'output' : link.type, link.type);
  return { border: OUTPUTS, patch: withPorts('outputs', [...ports, port]), link: { ...link, input: port.id } };
}

/**
 * @param {readonly Port[]} ports those that are there
 * @param {string} wanted
 * @param {string} type
 * @returns {Port}
 */
export function newPort(ports, wanted, type) {
  const taken = new Set(ports.map(({ name }) => name));
  // The widget of an inner subgraph is called after its node and itself.
  const base = wanted.split(':').at(-1) || 'value';
  let name = base;
  for (let count = 1; taken.has(name); count += 1) name = `${base}_${count}`;
  return { id: freshId(), name, label: null, type, rest: {} };
}

/** An id that nothing else has: a random UUID. */
export function freshId() {
  const digits = Array.from({ length: 32 }, (_, place) => {
    const digit = Math.floor(Math.random() * 16);
    return (place === 12 ? 4 : place === 16 ? (digit % 4) + 8 : digit).toString(16);
  }).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
