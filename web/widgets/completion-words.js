/** Which part of a prompt is being typed, and what a completion puts in its place. */

/** @import {Completion} from '../types/widgets.d.ts' */

/**
 * `letters` is what completions are looked for with; `start` is where they are put.
 * @typedef {{ kinds: Completion['kind'][], letters: string, start: number }} Typed
 */

const END_OF_WORDS = /[,\n()[\]{}|<>:;，。、；：（）]/;
const LEAST_LETTERS = 2;
const MOST_WORDS = 4;
const EMBEDDING = /(?:^|[\s(])embedding:([^\s,()]*)$/;
const LORA = /<(?:l|lo|lor|lora|lora:([^<>:\n]*))?$/;

/**
 * @param {string} text
 * @param {number} caret
 * @returns {Typed | null} null where nothing is to be completed
 */
export function typedAt(text, caret) {
  const before = text.slice(0, caret);
  const embedding = EMBEDDING.exec(before);
  if (embedding) {
    const letters = embedding[1] ?? '';
    return { kinds: ['embedding'], letters, start: caret - letters.length - 'embedding:'.length };
  }
  const lora = LORA.exec(before);
  if (lora) return { kinds: ['lora'], letters: lora[1] ?? '', start: lora.index };
  // In the middle of a word it is being corrected, not typed.
  if (/[\p{L}\p{N}_]/u.test(text[caret] ?? ' ')) return null;
  let start = caret;
  while (start > 0 && !END_OF_WORDS.test(before[start - 1] ?? ',')) start -= 1;
  const phrase = before.slice(start);
  const letters = phrase.trimStart();
  if (!isEnough(letters.trim()) || /\s\s$/.test(phrase)) return null;
  return { kinds: ['tag', 'embedding'], letters, start: caret - letters.length };
}

/** Chinese and Japanese words may have a single letter. @param {string} letters */
const isEnough = (letters) => letters.length >= LEAST_LETTERS || /[^\u0000-\u02ff]/.test(letters);

/**
 * What is looked for, the most words first: `a red long ha` may be a tag, or end with one.
 * @param {string} letters
 * @returns {string[]}
 */
export function queriesOf(letters) {
  const words = letters.split(/\s+/).filter((word) => word !== '');
  const queries = [];
  for (let count = Math.min(words.length, MOST_WORDS); count > 0; count -= 1) {
    const query = words.slice(-count).join(' ');
    if (isEnough(query)) queries.push(query);
  }
  return queries;
}

/**
 * @param {Completion} completion
 * @returns {string} as it stands in a prompt, where brackets would be weights and underscores are no spaces
 */
export function writtenAs({ kind, name }) {
  if (kind === 'embedding') return `embedding:${name}`;
  if (kind === 'lora') return `<lora:${name}:1>`;
  const spaced = name.length > 3 ? name.replaceAll('_', ' ') : name;
  return spaced.replace(/[()]/g, '\\$&');
}

/**
 * @param {string} text
 * @param {number} start
 * @param {number} caret
 * @param {Completion} completion
 * @returns {{ start: number, end: number, text: string, selectionStart: number, selectionEnd: number }}
 */
export function completed(text, start, caret, completion) {
  const alone = /(?:^|[,\n，])\s*$/.test(text.slice(0, start));
  const follows = /^\s*(?:$|\n)/.test(text.slice(caret));
  // In a list of tags the next one follows; in a sentence the writer goes on as they like.
  const more = completion.kind === 'tag' && alone && text.slice(0, start).trim() !== '' && follows ? ', ' : '';
  const written = writtenAs(completion) + more;
  const end = start + written.length;
  return { start, end: caret, text: written, selectionStart: end, selectionEnd: end };
}
