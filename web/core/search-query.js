/** What is typed into the search for a node: words, and filters such as `in:image`, `out:latent`, `pack:name`. */

/** @import { NodeSpec } from '../types/spec.d.ts' */

/** @typedef {'in' | 'out' | 'pack' | 'category'} FilterKind */
/** @typedef {{ kind: FilterKind, value: string }} Filter */

/** The names of filters in both languages; a full-width colon is one too. */
const FILTER = /(?:^|\s)(in|out|pack|category|cat|输入|输出|包|分类)[:：](\S*)/giu;

/** @type {Readonly<Record<string, FilterKind>>} */
const KINDS = {
  in: 'in',
  输入: 'in',
  out: 'out',
  输出: 'out',
  pack: 'pack',
  包: 'pack',
  category: 'category',
  cat: 'category',
  分类: 'category',
};

/**
 * @param {string} query
 * @returns {{ words: string, filters: Filter[] }}
 */
export function readQuery(query) {
  /** @type {Filter[]} */
  const filters = [];
  const words = query.replace(FILTER, (_, /** @type {string} */ name, /** @type {string} */ value) => {
    const kind = KINDS[name.toLowerCase()];
    // A filter that is being typed does not hide everything yet.
    if (kind && value !== '') filters.push({ kind, value: value.toLowerCase() });
    return ' ';
  });
  return { words: words.trim(), filters };
}

/**
 * @param {NodeSpec} spec
 * @param {Filter} filter
 * @param {string} category in the user's language
 */
export function passesFilter(spec, { kind, value }, category) {
  if (kind === 'in') return spec.inputs.some(({ type }) => hasType(type, value)) || hasType(spec.variadic?.type ?? '', value);
  if (kind === 'out') return spec.outputs.some(({ type }) => hasType(type, value));
  if (kind === 'pack') return spec.module.toLowerCase().includes(value);
  return spec.category.toLowerCase().includes(value) || category.toLowerCase().includes(value);
}

/** @param {string} type @param {string} value the beginning of a type's name */
const hasType = (type, value) => type.split(',').some((part) => part.trim().toLowerCase().startsWith(value));
