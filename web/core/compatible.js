/** Which outputs may be linked to which inputs, and why not; the same rule as the server's. */

import { inputsOf, outputsOf, outputType } from './sockets.js';

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/** Why a link cannot be made: a key of the locales. @typedef {{ key: string, values: Record<string, string> }} Refusal */
/** @typedef {{ from: NodeId, output: number, to: NodeId, input: string }} Ends */

/** @param {string} type */
const parts = (type) => type.split(',').map((part) => part.trim());

/**
 * Whether an output of one type may be linked to an input of another. A type may be a comma-separated union; `*` fits
 * everything; a combo is a string by value.
 * @param {string} source
 * @param {string} target
 */
export function fits(source, target) {
  if (source === '*' || target === '*' || source === target) return true;
  if ((source === 'STRING' && target === 'COMBO') || (source === 'COMBO' && target === 'STRING')) return true;
  const accepted = new Set(parts(target));
  return parts(source).some((part) => accepted.has(part));
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {Ends} ends
 * @returns {Refusal | null} null when the link can be made
 */
export function refusal(document, specOf, { from, output, to, input }) {
  const target = document.nodes.get(to);
  const found = target && inputsOf(document, target, specOf(target)).find((each) => each.name === input);
  if (!found || found.options.socketless) return { key: 'link.refused.input', values: { input } };
  if (from === to) return { key: 'link.refused.self', values: {} };
  const source = outputType(document, specOf, from, output);
  if (!fits(source, found.type)) return { key: 'link.refused.type', values: { source, target: found.type } };
  if (reaches(document, to, from)) return { key: 'link.refused.cycle', values: {} };
  return null;
}

/**
 * Whether the links lead from one node to another.
 * @param {ReadonlyDocument} document
 * @param {NodeId} start
 * @param {NodeId} end
 */
export function reaches(document, start, end) {
  const seen = new Set([start]);
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === end) return true;
    for (const link of document.linksOf(id)) {
      if (link.from !== id || seen.has(link.to)) continue;
      seen.add(link.to);
      waiting.push(link.to);
    }
  }
  return false;
}

/**
 * The inputs of a node that would take an output: free sockets first, then linked ones, then widgets; an input of
 * exactly the output's type before one that takes several.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} from
 * @param {number} output
 * @param {NodeId} to
 * @returns {string[]}
 */
export function fittingInputs(document, specOf, from, output, to) {
  const node = document.nodes.get(to);
  if (!node || from === to || reaches(document, to, from)) return [];
  const source = outputType(document, specOf, from, output);
  const ranked = inputsOf(document, node, specOf(node))
    .filter((input) => fits(source, input.type) && !input.options.socketless)
    .map((input) => {
      const linked = document.linkInto(to, input.name) !== null;
      return { name: input.name, rank: (input.widget ? 4 : linked ? 2 : 0) + (input.type === source ? 0 : 1) };
    });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
}

/**
 * The outputs of a node that an input would take, those of exactly its type first.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} from
 * @param {NodeId} to
 * @param {string} input
 * @returns {number[]}
 */
export function fittingOutputs(document, specOf, from, to, input) {
  const node = document.nodes.get(from);
  const target = document.nodes.get(to);
  const wanted = target && inputsOf(document, target, specOf(target)).find((each) => each.name === input);
  if (!node || !wanted || from === to || reaches(document, to, from)) return [];
  return outputsOf(document, node, specOf(node))
    .map((_, index) => ({ index, type: outputType(document, specOf, from, index) }))
    .filter(({ type }) => fits(type, wanted.type))
    .sort((a, b) => Number(a.type !== wanted.type) - Number(b.type !== wanted.type))
    .map(({ index }) => index);
}
