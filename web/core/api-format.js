/** ComfyUI's API format: what a server executes. It has no layout, so the nodes are arranged when one is opened. */

import { arrange } from './arrange.js';
import { createNode } from './create.js';
import { isRecord, listOf, recordOf, textOf } from './json.js';

/** @import { Contents, GraphNode, Link, NodeId, Slot } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/** @typedef {{ from: NodeId, output: number, to: NodeId, input: string }} Wire */

/**
 * @param {Json} file
 * @returns {file is { [key: string]: Json }}
 */
export function isApiPrompt(file) {
  if (!isRecord(file)) return false;
  const nodes = Object.values(file);
  return nodes.length > 0 && nodes.every((node) => typeof recordOf(node)['class_type'] === 'string');
}

/**
 * @param {Record<string, Json>} prompt
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Contents}
 */
export function readApiPrompt(prompt, specs) {
  const wires = readWires(prompt);
  const nodes = Object.entries(prompt).map(([id, saved]) => readNode(id, recordOf(saved), wires, specs));
  const places = arrange(nodes, wires, { x: 40, y: 40 });
  const types = new Map(nodes.map((node) => [node.id, specs.get(node.type)]));
  return {
    nodes: nodes.map((node) => ({ ...node, ...places.get(node.id) })),
    links: wires.map((wire, index) => makeLink(wire, index + 1, types)),
    groups: [],
    rest: {},
  };
}

/**
 * @param {Wire} wire
 * @param {number} id
 * @param {ReadonlyMap<NodeId, NodeSpec | undefined>} types
 * @returns {Link}
 */
function makeLink(wire, id, types) {
  const source = types.get(wire.from)?.outputs[wire.output]?.type;
  const target = types.get(wire.to);
  const wanted = target?.inputs.find((input) => input.name === wire.input) ?? target?.variadic;
  return { id, ...wire, type: source ?? wanted?.type ?? '*' };
}

/** @param {Record<string, Json>} prompt @returns {Wire[]} the links whose source is there */
function readWires(prompt) {
  return Object.entries(prompt).flatMap(([to, saved]) =>
    Object.entries(recordOf(recordOf(saved)['inputs'])).flatMap(([input, value]) => {
      const wire = readWire(value);
      return wire && wire.from in prompt ? [{ ...wire, to, input }] : [];
    }),
  );
}

/** A link is `[node id, output index]`; other lists are values. @param {Json} value */
function readWire(value) {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [from, output] = value;
  if ((typeof from !== 'string' && typeof from !== 'number') || !Number.isInteger(output)) return null;
  return { from: String(from), output: Number(output) };
}

/**
 * @param {NodeId} id
 * @param {Record<string, Json>} saved
 * @param {readonly Wire[]} wires
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {GraphNode}
 */
function readNode(id, saved, wires, specs) {
  const type = textOf(saved['class_type'], '');
  const spec = specs.get(type);
  const values = readValues(recordOf(saved['inputs']));
  const title = textOf(recordOf(saved['_meta'])['title'], '');
  const known = spec ? createNode(spec, id, { x: 0, y: 0 }) : placeholder(id, type, wires);
  const inputs = new Set(spec?.inputs.map((input) => input.name));
  // A type that takes further inputs has those that are linked.
  const added = spec?.variadic ? [] : wires.filter((wire) => wire.to === id && !inputs.has(wire.input));
  return {
    ...known,
    title: title === '' || title === spec?.title || title === type ? null : title,
    values: { ...known.values, ...values },
    savedInputs: added.map((wire) => slot(wire.input)),
  };
}

/** @param {Record<string, Json>} inputs */
function readValues(inputs) {
  /** @type {Record<string, Json>} */
  const values = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (readWire(value)) continue;
    const wrapped = recordOf(value)['__value__'];
    values[name] = wrapped === undefined ? value : listOf(wrapped);
  }
  return values;
}

/** @param {string} name @returns {Slot} */
const slot = (name) => ({ name, type: '*', rest: {} });

/**
 * A node of a type that is not installed: it has the outputs that others use.
 * @param {NodeId} id
 * @param {string} type
 * @param {readonly Wire[]} wires
 * @returns {GraphNode}
 */
function placeholder(id, type, wires) {
  const used = wires.filter((wire) => wire.from === id).map((wire) => wire.output);
  const outputs = Array.from({ length: Math.max(-1, ...used) + 1 }, (_, index) => slot(`output ${index}`));
  return {
    id,
    type,
    title: null,
    x: 0,
    y: 0,
    width: 220,
    height: 120,
    mode: 0,
    collapsed: false,
    color: null,
    values: {},
    savedInputs: [],
    savedOutputs: outputs,
    rest: {},
  };
}
