/** Seeds from one job to the next. A seed's field keeps showing the seed of the last job until the next is queued. */

import { setValue } from './edits.js';
import { exact, limitOf, wholeOf } from './exact-integer.js';
import { hasControl } from './spec.js';
import { INPUTS } from './subgraph-border.js';
import { shownValue } from './subgraph-values.js';
import { changeContents, changeLevels } from './subgraphs.js';

/** @import { Contents, Edit, GraphNode, Level, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
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
  const digits = typeof value === 'string' && input.type === 'INT' ? wholeOf(value) : null;
  if (digits !== null) return nextLarge(input, digits, value, control, random);
  if (typeof value !== 'number') return value;
  const least = Math.max(input.options.min ?? 0, -LARGEST_SEED);
  const most = Math.min(input.options.max ?? LARGEST_SEED, LARGEST_SEED);
  if (control === 'increment') return value >= most ? least : value + 1;
  if (control === 'decrement') return value <= least ? most : value - 1;
  return control === 'randomize' ? randomInteger(least, most, random) : value;
}

/**
 * A seed beyond what a double holds is text, and counts up to the limit of its input.
 * @param {InputSpec} input
 * @param {bigint} whole
 * @param {Json} value
 * @param {Json} control
 * @param {() => number} random
 * @returns {Json}
 */
function nextLarge({ options }, whole, value, control, random) {
  const least = limitOf(options.min ?? 0);
  const most = limitOf(options.max ?? 2 ** 64);
  if (control === 'increment') return exact(whole >= most ? least : whole + 1n);
  if (control === 'decrement') return exact(whole <= least ? most : whole - 1n);
  const [low, high] = [Math.max(options.min ?? 0, -LARGEST_SEED), Math.min(options.max ?? LARGEST_SEED, LARGEST_SEED)];
  return control === 'randomize' ? randomInteger(low, high, random) : value;
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
 * A widget whose value changes from job to job. `level` is the subgraph that has it, null for the root.
 * @typedef {{ level: string | null, id: NodeId, key: string, input: InputSpec, control: Json, value: Json }} Controlled
 */

/**
 * The controlled widgets of a document, on all levels, whose value is their own: not a link's, not an instance's.
 * @param {Contents} contents
 * @param {SpecOf} specOf
 * @returns {Controlled[]}
 */
function controlled({ definitions = new Map(), ...root }, specOf) {
  /** @type {[string | null, Level][]} */
  const levels = [[null, root], ...definitions];
  const covered = coveredSeeds(levels, specOf);
  return levels.flatMap(([level, { nodes, links }]) => {
    const linked = new Map(links.map((link) => [`${link.to}\n${link.input}`, link]));
    return nodes.flatMap((node) =>
      seedsOf(node, specOf).flatMap((input) => {
        const link = linked.get(`${node.id}\n${input.name}`);
        const inner = link?.from === INPUTS ? `${level}\n${link.output}` : `${level}\n${node.id}:${input.name}`;
        if ((link && link.from !== INPUTS) || covered(inner)) return [];
        const control = node.values[`${input.name}/control`] ?? input.options.control ?? 'fixed';
        const key = `${level === null ? '' : `${level}/`}${node.id}/${input.name}`;
        return [{ level, id: node.id, key, input, control, value: shownValue(node, input) }];
      }),
    );
  });
}

/** An instance of a subgraph has only those that it has something of its own for. @param {GraphNode} node @param {SpecOf} specOf */
function seedsOf(node, specOf) {
  const spec = specOf(node);
  const seeds = spec?.inputs.filter((input) => input.widget && hasControl(input)) ?? [];
  return spec?.subgraph ? seeds.filter(({ name }) => isOwn(node, name)) : seeds;
}

/** @param {GraphNode} node @param {string} name */
const isOwn = ({ values }, name) => values[name] !== undefined || values[`${name}/control`] !== undefined;

/**
 * Whether the value of a seed inside of a subgraph does not count, because every instance has one of its own.
 * @param {readonly [string | null, Level][]} levels
 * @param {SpecOf} specOf
 * @returns {(inner: string) => boolean}
 */
function coveredSeeds(levels, specOf) {
  /** @type {Map<string, number>} */
  const uses = new Map();
  /** @type {Map<string, number>} */
  const covers = new Map();
  const count = (/** @type {Map<string, number>} */ counts, /** @type {string} */ key) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const [, { nodes, links }] of levels) {
    for (const node of nodes) {
      const face = specOf(node)?.subgraph;
      if (!face) continue;
      count(uses, node.type);
      const linked = new Set(links.filter(({ to }) => to === node.id).map(({ input }) => input));
      const own = face.widgets.filter(({ key }) => isOwn(node, key) || linked.has(key));
      const keys = own.map((widget) => (widget.node === null ? face.ports.findIndex(({ name }) => name === widget.key) : widget.key));
      for (const key of new Set(keys)) count(covers, `${node.type}\n${key}`);
    }
  }
  return (inner) => covers.has(inner) && covers.get(inner) === uses.get(inner.split('\n')[0] ?? '');
}

/**
 * The values that a job is queued with, to be remembered for the next.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @returns {Map<string, Json>}
 */
export function queuedValues(document, specOf) {
  return new Map(controlled(document.contents(), specOf).map(({ key, value }) => [key, value]));
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
  const contents = document.contents();
  const changes = controlled(contents, specOf).flatMap(({ level, id, key, input, control, value }) => {
    if (!queued.has(key) || !Object.is(queued.get(key), value)) return [];
    const next = nextValue(input, value, control, random);
    return Object.is(next, value) ? [] : [{ level, id, name: input.name, next }];
  });
  if (changes.every(({ level }) => level === document.shown)) return changes.map(({ id, name, next }) => setValue(id, name, next));
  const changed = changeLevels(contents, (level, own) => {
    const here = changes.filter((change) => change.level === own);
    if (here.length === 0) return level;
    const values = (/** @type {GraphNode} */ node) =>
      Object.fromEntries(here.filter(({ id }) => id === node.id).map(({ name, next }) => [name, next]));
    return { ...level, nodes: level.nodes.map((node) => ({ ...node, values: { ...node.values, ...values(node) } })) };
  });
  return [changeContents('edit.seed', changed)];
}
