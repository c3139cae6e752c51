/** What differs between two texts, word by word. */

/** @import { TextPiece } from '../types/difference.d.ts' */

/** Longer texts are compared as a whole: the table of two texts has the product of their words. */
const MOST_WORDS = 1500;

/**
 * @param {string} before
 * @param {string} after
 * @returns {TextPiece[]}
 */
export function textDifference(before, after) {
  const old = words(before);
  const now = words(after);
  const start = common(old, now);
  const end = common(old.slice(start).reverse(), now.slice(start).reverse());
  const middle = compare(old.slice(start, old.length - end), now.slice(start, now.length - end));
  const same = (/** @type {string[]} */ text) => ({ kind: /** @type {const} */ ('same'), text: text.join('') });
  return joined([same(now.slice(0, start)), ...middle, same(now.slice(now.length - end))]);
}

/** Words, spaces and marks, each by itself; every letter of writing without spaces. @param {string} text */
const words = (text) =>
  text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}_]+|\s+|./gsu) ?? [];

/** How many words two lists begin with. @param {string[]} a @param {string[]} b */
function common(a, b) {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count += 1;
  return count;
}

/** @param {string[]} before @param {string[]} after @returns {TextPiece[]} */
function compare(before, after) {
  if (before.length > MOST_WORDS || after.length > MOST_WORDS) {
    return [
      { kind: 'removed', text: before.join('') },
      { kind: 'added', text: after.join('') },
    ];
  }
  const wide = after.length + 1;
  const longest = table(before, after);
  /** @type {TextPiece[]} */
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const down = longest[(i + 1) * wide + j] ?? 0;
    const right = longest[i * wide + j + 1] ?? 0;
    if (i < before.length && before[i] === after[j]) (pieces.push({ kind: 'same', text: before[i++] ?? '' }), j++);
    else if (i < before.length && (j >= after.length || down >= right))
      pieces.push({ kind: 'removed', text: before[i++] ?? '' });
    else pieces.push({ kind: 'added', text: after[j++] ?? '' });
  }
  return pieces;
}

/**
 * How many words the rests of two lists have in common in order, for each pair of rests.
 * @param {string[]} before
 * @param {string[]} after
 */
function table(before, after) {
  const wide = after.length + 1;
  const longest = new Uint16Array((before.length + 1) * wide);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(longest[(i + 1) * wide + j] ?? 0, longest[i * wide + j + 1] ?? 0);
      longest[i * wide + j] = before[i] === after[j] ? (longest[(i + 1) * wide + j + 1] ?? 0) + 1 : skip;
    }
  }
  return longest;
}

/** @param {TextPiece[]} pieces @returns {TextPiece[]} with neighbours of one kind as one */
function joined(pieces) {
  /** @type {TextPiece[]} */
  const made = [];
  for (const { kind, text } of pieces) {
    const last = made.at(-1);
    if (text === '') continue;
    if (last?.kind === kind) last.text += text;
    else made.push({ kind, text });
  }
  return made;
}
