/** Finding nodes of a document by what they are called and by the values that they have. */

import { placeOf } from './every-node.js';

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * What a node is found by. `values`: its widgets by their names in the user's language.
 * @typedef {{ title: string, names: readonly string[], values: readonly (readonly [string, Json])[] }} Described
 */
/** `where` it was found; of a value, `text` says which and what. `place`: ids from the root, `within`: the subgraphs. */
/** @typedef {{ place: string, within: string, title: string, where: 'title' | 'type' | 'id' | 'value', text: string }} Hit */
/** @typedef {{ node: Readonly<GraphNode>, path: readonly Readonly<GraphNode>[] }} Placed */

/** @param {string} text */
const plain = (text) => text.toLowerCase().normalize('NFKC');
const RANKS = { id: 0, title: 1, type: 2, value: 3 };
/** Characters of a value that are shown around what was found in it. */
const AROUND = 24;

/**
 * @param {string} query words that must all occur; a node's id, also as `#12`
 * @param {Iterable<Placed>} nodes
 * @param {(node: Readonly<GraphNode>) => Described} describe
 * @returns {Hit[]} the best first: ids, titles, types, values
 */
export function findNodes(query, nodes, describe) {
  const wanted = plain(query.trim());
  if (wanted === '') return [];
  const words = wanted.split(/\s+/);
  const has = (/** @type {string} */ text) => {
    const found = plain(text);
    return words.every((word) => found.includes(word));
  };
  const hits = [...nodes].flatMap(({ node, path }) => {
    const { title, names, values } = describe(node);
    const within = path.map((instance) => describe(instance).title).join(' › ');
    const place = placeOf(path, node.id);
    const hit = (/** @type {Hit['where']} */ where, /** @type {string} */ text) => [{ place, within, title, where, text }];
    if (wanted === plain(node.id) || wanted === `#${plain(node.id)}`) return hit('id', `#${node.id}`);
    if (has(title)) return hit('title', '');
    const name = [...names, node.type].find(has);
    if (name !== undefined) return hit('type', name);
    const value = values.find(([label, each]) => has(textOf(each)) || has(`${label} ${textOf(each)}`));
    return value ? hit('value', `${value[0]}: ${excerpt(textOf(value[1]), words[0] ?? '')}`) : [];
  });
  return hits.sort((a, b) => RANKS[a.where] - RANKS[b.where]);
}

/** @param {Json} value */
const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** @param {string} text @param {string} word */
function excerpt(text, word) {
  const line = text.replace(/\s+/g, ' ');
  const at = Math.max(0, plain(line).indexOf(word));
  const start = Math.max(0, at - AROUND);
  const end = Math.min(line.length, at + word.length + AROUND * 2);
  return `${start > 0 ? '…' : ''}${line.slice(start, end)}${end < line.length ? '…' : ''}`;
}
