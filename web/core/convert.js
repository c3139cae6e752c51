/** Nodes that make of what a link has what an input takes: they are offered where a link alone is refused. */

import { outputType } from './sockets.js';

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/** `input` takes the link, `output` gives what is wanted; `others` are sockets that it needs besides. */
/** @typedef {{ spec: NodeSpec, input: InputSpec, output: number, others: InputSpec[] }} Converter */

const MOST = 6;

/**
 * Types that take exactly one type and give exactly another, those that need nothing else first. One that needs a
 * further socket (a VAE) is among them, since the document often has something for it.
 * @param {Iterable<NodeSpec>} specs
 * @param {string} source
 * @param {string} target
 * @param {ReadonlyMap<string, number>} [uses] how often each type is used
 * @returns {Converter[]} best first
 */
export function converters(specs, source, target, uses = new Map()) {
  if (source === '*' || target === '*') return [];
  const wanted = target.split(',').map((part) => part.trim());
  /** @type {(Converter & { cost: number })[]} */
  const found = [];
  for (const spec of specs) {
    if (spec.aliasOf !== null || spec.deprecated || spec.outputNode) continue;
    const output = spec.outputs.findIndex(({ type }) => wanted.includes(type));
    const input = spec.inputs.find(({ type, required, widget }) => required && type === source && (!widget || source !== 'COMBO'));
    if (output < 0 || !input) continue;
    const others = spec.inputs.filter((each) => each !== input && each.required && !each.widget);
    if (others.length > 1) continue;
    found.push({ spec, input, output, others, cost: costOf(spec, output, others) });
  }
  found.sort(
    (a, b) =>
      a.cost - b.cost ||
      (uses.get(b.spec.type) ?? 0) - (uses.get(a.spec.type) ?? 0) ||
      (a.spec.type < b.spec.type ? -1 : 1),
  );
  return found.slice(0, MOST);
}

/** @param {NodeSpec} spec @param {number} output @param {readonly InputSpec[]} others */
function costOf(spec, output, others) {
  const fields = spec.inputs.filter(({ widget }) => widget).length;
  return others.length * 4 + spec.inputs.filter(({ required }) => required).length + fields * 0.5 + output * 2 + spec.outputs.length;
}

/**
 * The output of the document that a new node's further socket can have: of exactly its type, from what feeds the link,
 * else the only one that there is.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {string} type
 * @param {ReadonlySet<NodeId>} before nodes that feed the link
 * @returns {{ from: NodeId, output: number } | null}
 */
export function providerOf(document, specOf, type, before) {
  /** @type {{ from: NodeId, output: number }[]} */
  const found = [];
  for (const node of document.nodes.values()) {
    const spec = specOf(node);
    spec?.outputs.forEach((_, output) => {
      if (outputType(document, specOf, node.id, output) === type) found.push({ from: node.id, output });
    });
  }
  return found.find(({ from }) => before.has(from)) ?? (found.length === 1 ? (found[0] ?? null) : null);
}

