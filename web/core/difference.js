/** What differs between two states of a workflow, by the ids of nodes, links and groups. */

import { textOf } from './json.js';

/** @import { Contents, Definitions, GraphNode, Level, Link } from '../types/document.d.ts' */
/** @import { Difference, FieldChange, LevelDifference, NodeChange, Parts } from '../types/difference.d.ts' */
/** @import { SubgraphChange, WireChange } from '../types/difference.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** Fields of a node that differ one by one; `values` are listed by their names. */
const NODE_FIELDS = /** @type {const} */ ([
  'title',
  'x',
  'y',
  'width',
  'height',
  'mode',
  'collapsed',
  'color',
  'savedInputs',
  'savedOutputs',
  'rest',
]);

/**
 * @param {Contents} before
 * @param {Contents} after
 * @returns {Difference}
 */
export function differenceOf(before, after) {
  const now = after.definitions ?? new Map();
  return {
    ...levelDifference(before, after),
    subgraphs: subgraphChanges(before.definitions ?? new Map(), now),
    definitions: [...now.keys()],
  };
}

/**
 * @param {Level} before
 * @param {Level} after
 * @returns {LevelDifference}
 */
function levelDifference(before, after) {
  return {
    nodes: parts(before.nodes, after.nodes, nodeChange),
    links: parts(before.links, after.links, (a, b) => ({ before: a, after: b })),
    groups: parts(before.groups, after.groups, (a, b) => ({ before: a, after: b })),
    rest: fieldChanges(before.rest, after.rest),
    wires: wireChanges(before.links, after.links),
  };
}

/** Whether there is nothing that a person would call a difference. @param {Difference} difference */
export const isSame = (difference) => isSameLevel(difference) && difference.subgraphs.length === 0;

/** @param {LevelDifference} difference */
function isSameLevel({ nodes, groups, wires }) {
  const lists = [nodes, groups].flatMap(({ added, removed, changed }) => [added, removed, changed]);
  return [...lists, wires].every((list) => list.length === 0);
}

/**
 * @template {{ id: string | number }} T
 * @template Changed
 * @param {readonly T[]} before
 * @param {readonly T[]} after
 * @param {(before: T, after: T) => Changed | null} compare null: they are two things that have the same id
 * @returns {Parts<T, Changed, T['id']>}
 */
function parts(before, after, compare) {
  const old = new Map(before.map((part) => [part.id, part]));
  const now = new Map(after.map((part) => [part.id, part]));
  const removed = before.filter(({ id }) => !now.has(id));
  const added = [];
  const changed = [];
  for (const part of after) {
    const was = old.get(part.id);
    if (was && (was === part || equal(was, part))) continue;
    const change = was ? compare(was, part) : null;
    if (change) changed.push(change);
    else added.push(part);
    if (was && !change) removed.push(was);
  }
  const gone = new Set(removed.map(({ id }) => id));
  const order = [...before.filter(({ id }) => !gone.has(id)), ...added].map(({ id }) => id);
  const wanted = after.map(({ id }) => id);
  return { added, removed, changed, order: equal(order, wanted) ? null : wanted };
}

/** @param {GraphNode} before @param {GraphNode} after @returns {NodeChange | null} */
function nodeChange(before, after) {
  if (before.type !== after.type) return null;
  const fields = NODE_FIELDS.filter((name) => !equal(before[name], after[name]));
  return { id: after.id, before, after, values: fieldChanges(before.values, after.values), fields };
}

/**
 * @param {Record<string, Json>} before
 * @param {Record<string, Json>} after
 * @returns {FieldChange[]}
 */
function fieldChanges(before, after) {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => !equal(before[name], after[name]))
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

/**
 * @param {readonly Link[]} before
 * @param {readonly Link[]} after
 * @returns {WireChange[]}
 */
function wireChanges(before, after) {
  const key = (/** @type {Link} */ { to, input }) => JSON.stringify([to, input]);
  const old = new Map(before.map((link) => [key(link), link]));
  const now = new Map(after.map((link) => [key(link), link]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((end) => {
    const was = old.get(end) ?? null;
    const is = now.get(end) ?? null;
    const known = was ?? is;
    if (!known || (was && is && was.from === is.from && was.output === is.output)) return [];
    return [{ to: known.to, input: known.input, before: was, after: is }];
  });
}

/**
 * @param {Definitions} before
 * @param {Definitions} after
 * @returns {SubgraphChange[]}
 */
function subgraphChanges(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const was = before.get(id) ?? null;
    const is = after.get(id) ?? null;
    if (was === is || equal(plain(was), plain(is))) return [];
    const name = textOf((is ?? was)?.rest['name'], id);
    return [{ id, name, before: was, after: is, inside: was && is ? levelDifference(was, is) : null }];
  });
}

/** Without how a file had it. @param {Level | null} level */
const plain = (level) => level && { ...level, source: undefined };

/**
 * Whether two values of JSON are equal; a field that is undefined is as good as none.
 * @param {unknown} a
 * @param {unknown} b
 * @returns {boolean}
 */
export function equal(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, at) => equal(each, b[at]));
  }
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([name, value]) => right.has(name) && equal(value, right.get(name)));
}
