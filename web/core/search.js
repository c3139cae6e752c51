/** Finding a node type by a few typed letters. */

import { fits } from './compatible.js';
import { passesFilter, readQuery } from './search-query.js';
import { firstFurther } from './variadic.js';

/** @import { NodeSpec } from '../types/spec.d.ts' */

/**
 * A type, its titles in every language, and its category in the user's.
 * @typedef {{ spec: NodeSpec, names: readonly string[], category?: string }} Candidate
 */
/**
 * The type of a link's end that a new node shall fit, or of both ends where the node is put into a link.
 * @typedef {{ output: string } | { input: string } | { output: string, input: string }} LinkType
 */

/** What is used often comes before what is found a little better, and not before what is meant. */
const MOST_FOR_USE = 12;

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize('NFKC');

/**
 * The first input that takes an output of this type: sockets before widgets, exact types before wide ones.
 * @param {NodeSpec} spec
 * @param {string} type
 */
export function firstInput(spec, type) {
  const inputs = [...spec.inputs, ...firstFurther(spec)];
  const fitting = inputs.filter((input) => fits(type, input.type) && !input.options.socketless);
  const rank = (/** @type {NodeSpec['inputs'][number]} */ input) =>
    (input.widget ? 2 : 0) + (input.type === type ? 0 : 1);
  return fitting.sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/**
 * The index of the first output that an input of this type takes, -1 when there is none.
 * @param {NodeSpec} spec
 * @param {string} type
 */
export function firstOutput(spec, type) {
  const exact = spec.outputs.findIndex((output) => output.type === type);
  return exact >= 0 ? exact : spec.outputs.findIndex((output) => fits(output.type, type));
}

/**
 * @param {NodeSpec} spec
 * @param {LinkType | null} link
 */
function takesLink(spec, link) {
  if (!link) return true;
  const takes = !('output' in link) || firstInput(spec, link.output) !== null;
  return takes && (!('input' in link) || firstOutput(spec, link.input) >= 0);
}

/**
 * How well a type suits a link: one that takes exactly its type by a socket best, one that takes anything least.
 * @param {NodeSpec} spec
 * @param {LinkType | null} link
 * @returns {number} 0 to 3
 */
function suits(spec, link) {
  let best = 3;
  if (link && 'output' in link) {
    const input = firstInput(spec, link.output);
    const exact = input?.type === link.output ? 3 : input?.type === '*' ? 0 : 2;
    best = Math.min(best, input?.widget ? Math.min(1, exact) : exact);
  }
  if (link && 'input' in link) {
    const type = spec.outputs[firstOutput(spec, link.input)]?.type;
    best = Math.min(best, type === link.input ? 3 : type === '*' ? 0 : 2);
  }
  return best;
}

/**
 * How well a query describes a text: 0 is not at all.
 * @param {string} query
 * @param {string} text
 */
export function score(query, text) {
  const wanted = plain(query).trim();
  const found = plain(text);
  if (wanted === '' || found === '') return 0;
  if (found === wanted) return 100;
  if (found.startsWith(wanted)) return 80;
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_/:()-]+/)
    .map(plain);
  if (words.some((word) => word.startsWith(wanted))) return 65;
  if (found.includes(wanted)) return 50;
  const parts = wanted.split(/\s+/);
  if (parts.length > 1 && parts.every((part) => found.includes(part))) return 45;
  const initials = words.map((word) => word[0] ?? '').join('');
  if (initials.startsWith(wanted)) return 40;
  return wanted.length >= 3 && inOrder(wanted, found) ? 15 : 0;
}

/** Whether all letters of `wanted` occur in `found` in their order. @param {string} wanted @param {string} found */
function inOrder(wanted, found) {
  let place = 0;
  for (const letter of wanted) {
    place = found.indexOf(letter, place) + 1;
    if (place === 0) return false;
  }
  return true;
}

/**
 * The types that a query finds, best first. Types that are another's alias are found under that one; an empty query
 * finds all.
 * @param {string} query words and filters
 * @param {Iterable<Candidate>} candidates
 * @param {{ link?: LinkType | null, uses?: ReadonlyMap<string, number> }} [options]
 *   `link`: only types that fit it; `uses`: how much each type is used, which counts among what is found as well
 * @returns {NodeSpec[]}
 */
export function searchTypes(query, candidates, { link = null, uses = new Map() } = {}) {
  const { words, filters } = readQuery(query);
  const found = [...candidates]
    .filter(({ spec }) => spec.aliasOf === null && !spec.internal && takesLink(spec, link))
    .filter(({ spec, category = '' }) => filters.every((filter) => passesFilter(spec, filter, category)))
    .map(({ spec, names }) => {
      const match = words === '' ? 1 : points(words, spec, names);
      const used = uses.get(spec.type) ?? 0;
      const length = Math.min(...names.map((name) => name.length));
      return { spec, match, points: match + Math.min(MOST_FOR_USE, 4 * Math.log2(1 + used)), suits: suits(spec, link), used, length };
    })
    .filter(({ match }) => match > 0);
  const shows = (/** @type {NodeSpec} */ spec) => Number(link !== null && 'output' in link && spec.outputNode);
  found.sort((a, b) => {
    const first = words === '' ? b.suits - a.suits || b.used - a.used : b.points - a.points || b.suits - a.suits;
    // Of names that fit alike, the query is more of a shorter one.
    const shorter = words === '' ? 0 : a.length - b.length;
    return first || shows(b.spec) - shows(a.spec) || shorter || byName(a.spec, b.spec);
  });
  // Letters that merely occur in order are a guess, for when there is nothing better.
  const least = Math.max(0, ...found.map(({ match }) => match)) * 0.3;
  return found.filter(({ match }) => match >= least).map(({ spec }) => spec);
}

/** @param {NodeSpec} a @param {NodeSpec} b */
const byName = (a, b) => a.title.localeCompare(b.title, 'en') || (a.type < b.type ? -1 : 1);

/**
 * @param {string} query
 * @param {NodeSpec} spec
 * @param {readonly string[]} names
 */
function points(query, spec, names) {
  const titles = [...names, spec.title, spec.type].map((text) => score(query, text));
  const others = spec.search.map((text) => score(query, text) * 0.7);
  const category = score(query, spec.category) * 0.3;
  const best = Math.max(category, ...titles, ...others);
  return spec.deprecated ? best * 0.5 : best;
}
