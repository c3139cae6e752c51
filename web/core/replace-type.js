/** Nodes of a type that is not installed become nodes of another one, with what both have. */

import { fits } from './compatible.js';
import { defaultValues } from './spec.js';

/** @import { GraphNode, Level, Link, NodeId } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

/**
 * Inputs are matched by name, then by type; outputs by their number and type, then by type. Links that find no socket
 * are given up.
 * @param {Level} level
 * @param {string} type
 * @param {NodeSpec} spec
 * @returns {{ level: Level, lost: number }} `lost`: how many links
 */
export function replaceType(level, type, spec) {
  const replaced = new Set(level.nodes.filter((node) => node.type === type).map(({ id }) => id));
  if (replaced.size === 0) return { level, lost: 0 };
  /** @type {Map<NodeId, Set<string>>} */
  const taken = new Map([...replaced].map((id) => [id, new Set()]));
  const links = level.links.flatMap((link) => renewed(link, replaced, taken, spec) ?? []);
  const nodes = level.nodes.map((node) => (replaced.has(node.id) ? becomes(node, spec) : node));
  return { level: { ...level, nodes, links }, lost: level.links.length - links.length };
}

/** @param {Readonly<GraphNode>} node @param {NodeSpec} spec @returns {GraphNode} */
function becomes(node, spec) {
  const defaults = defaultValues(spec);
  const shared = Object.entries(node.values).filter(([name]) => name in defaults);
  const { widgets_values: _, ...rest } = node.rest;
  const values = { ...defaults, ...Object.fromEntries(shared) };
  return { ...node, type: spec.type, values, savedInputs: [], savedOutputs: [], rest };
}

/**
 * @param {Link} old
 * @param {ReadonlySet<NodeId>} replaced
 * @param {Map<NodeId, Set<string>>} taken inputs that have a link already
 * @param {NodeSpec} spec
 * @returns {Link | null}
 */
function renewed(old, replaced, taken, spec) {
  if (!replaced.has(old.from) && !replaced.has(old.to)) return old;
  const output = replaced.has(old.from) ? outputFor(old, spec) : old.output;
  const input = replaced.has(old.to) ? inputFor(old, spec, taken.get(old.to) ?? new Set()) : old.input;
  if (output === null || input === null) return null;
  taken.get(old.to)?.add(input);
  return { ...old, output, input };
}

/** @param {Link} old @param {NodeSpec} spec */
function outputFor({ output, type }, { outputs }) {
  const same = outputs[output];
  if (same && fits(type, same.type)) return output;
  const found = outputs.findIndex((each) => fits(each.type, type));
  return found < 0 ? null : found;
}

/** @param {Link} old @param {NodeSpec} spec @param {ReadonlySet<string>} taken */
function inputFor({ input, type }, { inputs }, taken) {
  const free = inputs.filter(({ name, type: wanted }) => !taken.has(name) && fits(type, wanted));
  const named = free.find(({ name }) => name === input);
  return (named ?? free.find((each) => !each.widget && each.type === type))?.name ?? null;
}
