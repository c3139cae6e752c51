/** What a node in a document can be linked by: its type's inputs and outputs, and those that only it has. */

import { furtherNames } from './variadic.js';

/** @import { GraphNode, NodeId, ReadonlyDocument, Slot } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec, OutputSpec } from '../types/spec.d.ts' */

/** @typedef {(node: Readonly<GraphNode>) => NodeSpec | null} SpecOf */

/** Of the outputs that only links know, no more than these: a broken file may name any. */
const MOST_OUTPUTS = 100;
/** How files mark an output that gives a list. */
export const LIST_SHAPE = 6;

/** @param {Slot} slot @returns {OutputSpec} */
export const savedOutput = ({ name, type, rest }) => ({ name, type, list: rest['shape'] === LIST_SHAPE });

/**
 * The inputs of a node in drawing order. Last come those that its type does not declare: what its file lists (a pack
 * has added them to this one node), what a link leads into, and a free one if the type takes any number of inputs.
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec null for a type that is not installed
 * @returns {readonly InputSpec[]}
 */
export function inputsOf(document, node, spec) {
  const declared = spec?.inputs ?? [];
  const variadic = spec?.variadic ?? null;
  if (!variadic && hasNoOthers(document, node, declared, spec?.subgraph ? [] : node.savedInputs)) return declared;
  const known = new Set(declared.map(({ name }) => name));
  /** @type {Map<string, string>} */
  const types = new Map();
  const saved = spec?.subgraph ? [] : node.savedInputs;
  for (const { name, type } of saved) if (!known.has(name)) types.set(name, type);
  for (const { input, type } of document.linksInto(node.id)) {
    if (!known.has(input) && !types.has(input)) types.set(input, variadic?.type ?? type);
  }
  if (!variadic && types.size === 0) return declared;
  const isLinked = (/** @type {string} */ name) => document.linkInto(node.id, name) !== null;
  const isDeclared = (/** @type {string} */ name) => known.has(name);
  const given = [...types.keys()];
  const names = variadic ? furtherNames(variadic.type, given, isLinked, isDeclared) : given;
  const like = variadic ?? UNKNOWN;
  return [...declared, ...names.map((name) => ({ ...like, name, type: types.get(name) ?? like.type }))];
}

/**
 * Whether a node has the declared inputs and no others, which is so for nearly all.
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {readonly InputSpec[]} declared
 * @param {readonly Slot[]} saved
 */
function hasNoOthers(document, node, declared, saved) {
  // Files list sockets in the order in which they are declared, mostly.
  for (const [index, { name }] of saved.entries()) {
    if (declared[index]?.name !== name && !declared.some((input) => input.name === name)) return false;
  }
  for (const { input } of document.linksInto(node.id)) if (!declared.some(({ name }) => name === input)) return false;
  return true;
}

/** @type {InputSpec} */
const UNKNOWN = { name: '', type: '*', required: false, widget: false, choices: null, options: {} };

/**
 * The outputs of a node; last come those that its type does not declare, but its file or a link has.
 * @param {ReadonlyDocument} document
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {readonly OutputSpec[]}
 */
export function outputsOf(document, node, spec) {
  const declared = spec?.outputs ?? [];
  const more = spec?.subgraph ? [] : node.savedOutputs.slice(declared.length).map(savedOutput);
  const outputs = more.length === 0 ? declared : [...declared, ...more];
  const all = [...outputs];
  for (const { from, output, type } of document.linksOf(node.id)) {
    if (from !== node.id || output < outputs.length || output >= MOST_OUTPUTS) continue;
    while (all.length <= output) all.push({ name: '*', type: '*', list: false });
    all[output] = { name: type, type, list: false };
  }
  return all.length === outputs.length ? outputs : all;
}

/**
 * The type that travels from an output. A reroute has the type of what feeds it.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} id
 * @param {number} output
 * @returns {string}
 */
export function outputType(document, specOf, id, output) {
  const seen = new Set();
  let node = document.nodes.get(id);
  while (node && node.type === 'Reroute' && !seen.has(node.id)) {
    seen.add(node.id);
    const [feeding] = document.linksOf(node.id).filter((link) => link.to === node?.id);
    if (!feeding) return '*';
    node = document.nodes.get(feeding.from);
    output = feeding.output;
  }
  if (!node) return '*';
  return (specOf(node)?.outputs[output] ?? node.savedOutputs[output])?.type ?? '*';
}
