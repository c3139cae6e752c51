/** What becomes of seeds after queueing. */

import { setValue } from './edits.js';
import { hasControl } from './spec.js';

/** @import { Edit, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec, Json } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

export const CONTROLS = /** @type {const} */ (['fixed', 'increment', 'decrement', 'randomize']);

/** The largest seed that the editor makes: JSON numbers are exact up to here in every program. */
export const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

/**
 * The value after queueing.
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
 * The edits that the document's controls ask for after it has been queued.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {() => number} random
 * @returns {Edit[]}
 */
export function afterQueueing(document, specOf, random) {
  return [...document.nodes.values()].flatMap((node) =>
    (specOf(node)?.inputs ?? []).filter((input) => input.widget && hasControl(input)).flatMap((input) => {
      if (document.linkInto(node.id, input.name)) return [];
      const value = node.values[input.name] ?? null;
      const next = nextValue(input, value, node.values[`${input.name}/control`] ?? 'fixed', random);
      return Object.is(next, value) ? [] : [setValue(node.id, input.name, next)];
    }),
  );
}
