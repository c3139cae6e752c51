/** Seeds from one job to the next. A seed's field keeps showing the seed of the last job until the next is queued. */

import { setValue } from './edits.js';
import { hasControl } from './spec.js';

/** @import { Edit, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec, Json } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

export const CONTROLS = /** @type {const} */ (['fixed', 'increment', 'decrement', 'randomize']);

/** The largest seed that the editor makes: JSON numbers are exact up to here in every program. */
export const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/**
 * The value for the next job.
 * @param {InputSpec} input
 * @param {Json} value
 * @param {Json} control one of CONTROLS
 * @param {() => number} random 0 up to 1
 * @returns {Json}
 */
export function nextValue(input, value, control, random) {
  if (input.choices) return nextChoice(input.choices, value, control, random);
  if (typeof value !== 'number') return value;
  const least = Math.max(input.options.min ?? 0, -LARGEST_SEED);
  const most = Math.min(input.options.max ?? LARGEST_SEED, LARGEST_SEED);
  if (control === 'increment') return value >= most ? least : value + 1;
  if (control === 'decrement') return value <= least ? most : value - 1;
  return control === 'randomize' ? randomInteger(least, most, random) : value;
}

/**
 * @param {readonly string[]} choices
 * @param {Json} value
 * @param {Json} control
 * @param {() => number} random
 */
function nextChoice(choices, value, control, random) {
  const count = choices.length;
  const place = choices.indexOf(String(value));
  if (count === 0) return value;
  if (control === 'increment') return choices[(place + 1) % count] ?? value;
  if (control === 'decrement') return choices[(place - 1 + count) % count] ?? value;
  return control === 'randomize' ? (choices[Math.floor(random() * count)] ?? value) : value;
}

/**
 * @param {number} least
 * @param {number} most
 * @param {() => number} random
 */
export function randomInteger(least, most, random) {
  return Math.min(most, least + Math.floor(random() * (most - least + 1)));
}

/**
 * The controlled widgets of a document whose value is their own, not a link's.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 */
function* controlled(document, specOf) {
  for (const node of document.nodes.values()) {
    for (const input of specOf(node)?.inputs ?? []) {
      if (!input.widget || !hasControl(input) || document.linkInto(node.id, input.name)) continue;
      const control = node.values[`${input.name}/control`] ?? 'fixed';
      yield { id: node.id, key: `${node.id}/${input.name}`, input, control, value: node.values[input.name] ?? null };
    }
  }
}

/**
 * The values that a job is queued with, to be remembered for the next.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {Map<string, Json>}
 */
export function queuedValues(document, specOf) {
  return new Map([...controlled(document, specOf)].map(({ key, value }) => [key, value]));
}

/**
 * The edits that the controls ask for before the next job. A value that no job has had yet (the user has set it, or
 * the document was just opened) is used first.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlyMap<string, Json>} queued the values of the last job
 * @param {() => number} random
 * @returns {Edit[]}
 */
export function beforeQueueing(document, specOf, queued, random) {
  return [...controlled(document, specOf)].flatMap(({ id, key, input, control, value }) => {
    if (!queued.has(key) || !Object.is(queued.get(key), value)) return [];
    const next = nextValue(input, value, control, random);
    return Object.is(next, value) ? [] : [setValue(id, input.name, next)];
  });
}
