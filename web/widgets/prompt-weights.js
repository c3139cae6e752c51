/** Ctrl with an arrow: more or less weight for the selected words, or for the word at the caret. */

import { analyse, groupAround } from './prompt-syntax.js';

/** @typedef {{ start: number, end: number, text: string, selectionStart: number, selectionEnd: number }} Replacement */

const LEAST = 0;
const MOST = 10;
/** What ends a word, in the writing of several languages. */
const BREAK = /[\s.,\\/!?%^*;:{}=`~()<>|，。、；：（）！？]/;
const TAG = /<(?:lora|lyco):[^<>\n]*>/g;

/**
 * @param {string} text
 * @param {number} start of the selection
 * @param {number} end
 * @param {number} change
 * @returns {Replacement | null} what to put in place of a stretch, and what is selected then; null where there is no word
 */
export function stepWeight(text, start, end, change) {
  const tag = [...text.matchAll(TAG)].find(({ index, 0: found }) => index <= start && end <= index + found.length);
  if (tag) return stepTag(tag[0], tag.index, change);
  const { group } = groupAround(text, start, end);
  const chosen = start === end ? null : trimmed(text, start, end);
  if (group && (!chosen || isWhole(group, chosen))) return stepGroup(text, group, groupAround(text, start, end).around, change);
  const words = chosen ?? wordAt(text, start);
  return words && wrap(text, words, change);
}

/** @param {{ start: number, end: number, inner: number }} group @param {{ start: number, end: number }} chosen */
function isWhole(group, chosen) {
  const inner = chosen.start === group.start + 1 && chosen.end === group.inner;
  return inner || (chosen.start === group.start && chosen.end === group.end);
}

/** @param {string} text @param {number} start @param {number} end */
function trimmed(text, start, end) {
  const chosen = text.slice(start, end);
  const first = start + (chosen.length - chosen.trimStart().length);
  const last = end - (chosen.length - chosen.replace(/[\s,，]+$/, '').length);
  return first < last ? { start: first, end: last } : null;
}

/** @param {string} text @param {number} at */
function wordAt(text, at) {
  let [start, end] = [at, at];
  while (start > 0 && !BREAK.test(text[start - 1] ?? ' ')) start -= 1;
  while (end < text.length && !BREAK.test(text[end] ?? ' ')) end += 1;
  return start < end ? { start, end } : null;
}

/**
 * @param {string} text
 * @param {{ start: number, end: number }} words
 * @param {number} change
 * @returns {Replacement | null}
 */
function wrap(text, { start, end }, change) {
  const around = analyse(text).find((span) => span.start <= start && start < span.end)?.weight ?? 1;
  const weight = near(around + change);
  const words = text.slice(start, end);
  if (weight === near(around)) return null;
  return { start, end, text: `(${words}:${shown(weight)})`, selectionStart: start + 1, selectionEnd: start + 1 + words.length };
}

/**
 * @param {string} text
 * @param {import('./prompt-syntax.js').Group} group
 * @param {number} around
 * @param {number} change
 * @returns {Replacement}
 */
function stepGroup(text, { start, end, weight, inner }, around, change) {
  const words = text.slice(start + 1, inner);
  const next = near(weight + change);
  if (next === near(around)) return { start, end, text: words, selectionStart: start, selectionEnd: start + words.length };
  return { start, end, text: `(${words}:${shown(next)})`, selectionStart: start + 1, selectionEnd: start + 1 + words.length };
}

/**
 * `<lora:name:0.8>`; without a number it is 1.
 * @param {string} tag
 * @param {number} start
 * @param {number} change
 * @returns {Replacement}
 */
function stepTag(tag, start, change) {
  const [, name = '', number] = /^(<[^:]*:[^:>]*)(?::([-+.\d]+))?/.exec(tag) ?? [];
  const next = near(Number(number ?? 1) + change);
  const text = `${name}:${shown(next)}>`;
  return { start, end: start + tag.length, text, selectionStart: start + 1, selectionEnd: start + text.length - 1 };
}

/** @param {number} weight */
const near = (weight) => Math.min(MOST, Math.max(LEAST, Math.round(weight * 100) / 100));

/** @param {number} weight with a point, as people write weights */
const shown = (weight) => (Number.isInteger(weight) ? weight.toFixed(1) : String(weight));
