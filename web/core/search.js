/** Finding a node type by a few typed letters. */

import { fits } from './compatible.js';
import { firstFurther } from './variadic.js';

/** @import { NodeSpec } from '../types/spec.d.ts' */

/** @typedef {{ spec: NodeSpec, names: readonly string[] }} Candidate a type, and its titles in every language */
/** @typedef {{ output: string } | { input: string }} LinkType the type of a link's end that a new node shall fit */

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize('NFKC');

/**
 * The first input that takes an output of this type: sockets before widgets, exact types before wide ones.
 * @param {NodeSpec} spec
 * @param {string} type
 */
export function firstInput(spec, type) {
  const fitting = [...spec.inputs, ...firstFurther(spec)].filter((input) => fits(type, input.type));
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
export function takesLink(spec, link) {
  if (!link) return true;
  return 'output' in link ? firstInput(spec, link.output) !== null : firstOutput(spec, link.input) >= 0;
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
 * @param {string} query
 * @param {Iterable<Candidate>} candidates
 * @param {{ link?: LinkType | null, uses?: ReadonlyMap<string, number> }} [options]
 *   `link`: only types that fit it; `uses`: how often each type was added, to order equals
 * @returns {NodeSpec[]}
 */
export function searchTypes(query, candidates, { link = null, uses = new Map() } = {}) {
  const everything = query.trim() === '';
  const found = [...candidates]
    .filter(({ spec }) => spec.aliasOf === null && takesLink(spec, link))
    .map(({ spec, names }) => ({
      spec,
      points: everything ? 1 : points(query, spec, names),
      uses: uses.get(spec.type) ?? 0,
    }))
    .filter((each) => each.points > 0);
  found.sort((a, b) => b.points - a.points || b.uses - a.uses || a.spec.title.localeCompare(b.spec.title));
  // Letters that merely occur in order are a guess, for when there is nothing better.
  const least = (found[0]?.points ?? 0) * 0.3;
  return found.filter((each) => each.points >= least).map(({ spec }) => spec);
}

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
