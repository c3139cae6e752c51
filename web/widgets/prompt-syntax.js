/**
 * What the words of a prompt mean to the server: weights in brackets, alternatives in braces, embeddings. The rules are
 * those of `diffusion/text/prompt.py`, `diffusion/text/tokens.py` and `graph/documents/alternatives.py`.
 *
 * `<lora:name:0.8>` is marked as well: nodes that read the WebUI's syntax know it, and prompts that are pasted have it.
 */

/** @typedef {'text' | 'bracket' | 'weight' | 'brace' | 'embedding' | 'lora' | 'unmatched'} SpanKind */

/**
 * A stretch of the text: `depth` counts the brackets around it, `weight` is the attention that its words get.
 * @typedef {{ start: number, end: number, kind: SpanKind, depth: number, weight: number }} Span
 */

/** @typedef {{ start: number, end: number, weight: number, explicit: boolean, inner: number }} Group `inner`: the end of its words */

const EMPHASIS = 1.1;
/** Deeper brackets are counted, and not looked into: nobody means them. */
const DEEPEST = 40;
const NUMBER = /^\s*[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[-+]?\d+)?\s*$/i;
const LORA = /<(?:lora|lyco):[^<>\n]*>/g;
const KINDS = /** @type {readonly SpanKind[]} */ (['text', 'bracket', 'weight', 'brace', 'embedding', 'lora', 'unmatched']);
const CODE = /** @type {Readonly<Record<SpanKind, number>>} */ (Object.fromEntries(KINDS.map((kind, code) => [kind, code])));

/** What each character is. @typedef {{ kind: Uint8Array, depth: Uint8Array, weight: Float64Array }} Marks */

/**
 * @param {string} text
 * @param {{ alternatives?: boolean }} [options] whether braces are alternatives, as they are where a document is queued
 * @returns {Span[]} in order, each character in one of them
 */
export function analyse(text, { alternatives = true } = {}) {
  const marks = marksOf(text);
  if (alternatives) markBraces(text, marks);
  markEmbeddings(text, marks);
  for (const found of text.matchAll(LORA)) marks.kind.fill(CODE.lora, found.index, found.index + found[0].length);
  return spansOf(marks);
}

/** @param {string} text @returns {Marks} with brackets and weights */
function marksOf(text) {
  const { length } = text;
  const marks = { kind: new Uint8Array(length), depth: new Uint8Array(length), weight: new Float64Array(length).fill(1) };
  for (const at of unmatchedBrackets(text)) marks.kind[at] = CODE.unmatched;
  markGroups(text, { start: 0, end: length, weight: 1, depth: 0 }, marks, 0);
  return marks;
}

/** @param {string} text @param {number} at whether a backslash makes the bracket at a place plain */
const isEscaped = (text, at) => at > 0 && text[at - 1] === '\\';

/** Brackets that have no partner. @param {string} text @returns {number[]} */
function unmatchedBrackets(text) {
  const open = [];
  const lone = [];
  for (const [at, letter] of brackets(text, 0, text.length)) {
    if (letter === '(') open.push(at);
    else if (open.pop() === undefined) lone.push(at);
  }
  return [...lone, ...open];
}

/** @param {string} text @param {number} start @param {number} end @returns {Generator<[number, string]>} */
function* brackets(text, start, end) {
  for (let at = start; at < end; at += 1) {
    const letter = text[at];
    if ((letter === '(' || letter === ')') && !isEscaped(text, at)) yield [at, letter];
  }
}

/**
 * @param {string} text
 * @param {{ start: number, end: number, weight: number, depth: number }} range
 * @param {Marks} marks
 * @param {number} level
 */
function markGroups(text, { start, end, weight, depth }, marks, level) {
  marks.weight.fill(weight, start, end);
  marks.depth.fill(Math.min(depth, 255), start, end);
  for (const group of outermostGroups(text, start, end)) {
    const { weight: own, inner } = groupAt(text, group.start, group.end, weight);
    for (const at of [group.start, group.end - 1]) {
      if (marks.kind[at] !== CODE.unmatched) marks.kind[at] = CODE.bracket;
      marks.depth[at] = Math.min(depth + 1, 255);
      marks.weight[at] = own;
    }
    marks.kind.fill(CODE.weight, inner, group.end - 1);
    marks.weight.fill(own, inner, group.end - 1);
    marks.depth.fill(Math.min(depth + 1, 255), inner, group.end - 1);
    if (level < DEEPEST) markGroups(text, { start: group.start + 1, end: inner, weight: own, depth: depth + 1 }, marks, level + 1);
  }
}

/**
 * The outermost groups of a stretch. As the server has it, a bracket that is never closed still makes a group of the rest
 * where that ends with a bracket.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {{ start: number, end: number }[]}
 */
function outermostGroups(text, start, end) {
  const groups = [];
  let depth = 0;
  let from = start;
  let after = start;
  for (const [at, letter] of brackets(text, start, end)) {
    if (letter === '(') {
      if (depth === 0) from = at;
      depth += 1;
    } else {
      depth -= 1;
      if (depth !== 0) continue;
      groups.push({ start: from, end: at + 1 });
      after = at + 1;
    }
  }
  const rest = depth > 0 ? Math.max(from, after) : after;
  const closes = end - rest >= 2 && text[rest] === '(' && text[end - 1] === ')';
  if (closes && !isEscaped(text, rest) && !isEscaped(text, end - 1)) groups.push({ start: rest, end });
  return groups;
}

/**
 * @param {string} text
 * @param {number} start of its bracket
 * @param {number} end after its bracket
 * @param {number} around the weight around it
 * @returns {Group}
 */
function groupAt(text, start, end, around) {
  const content = text.slice(start + 1, end - 1);
  const colon = content.lastIndexOf(':');
  const number = content.slice(colon + 1);
  if (colon > 0 && NUMBER.test(number)) {
    const weight = Number(number.replaceAll('_', ''));
    if (Number.isFinite(weight)) return { start, end, weight, explicit: true, inner: start + 1 + colon };
  }
  return { start, end, weight: around * EMPHASIS, explicit: false, inner: end - 1 };
}

/** @param {string} text @param {Marks} marks */
function markBraces(text, marks) {
  /** @type {number[][]} */
  const open = [];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (!'{|}'.includes(letter ?? ' ') || isEscaped(text, at)) continue;
    if (letter === '{') open.push([at]);
    else if (letter === '|') open.at(-1)?.push(at);
    else {
      const places = open.pop();
      if (places) for (const place of [...places, at]) marks.kind[place] = CODE.brace;
      else marks.kind[at] = CODE.unmatched;
    }
  }
  for (const [at] of open) if (at !== undefined) marks.kind[at] = CODE.unmatched;
}

/** @param {string} text @param {Marks} marks */
function markEmbeddings(text, marks) {
  for (const { index } of text.matchAll(/embedding:/g)) {
    const begins = index === 0 || /\s/.test(text[index - 1] ?? '') || marks.kind[index - 1] === CODE.bracket;
    let end = index + 'embedding:'.length;
    const first = end;
    while (end < text.length && marks.kind[end] === CODE.text && !/\s/.test(text[end] ?? '')) end += 1;
    while (end > first && text[end - 1] === ',') end -= 1;
    if (begins && end > first) marks.kind.fill(CODE.embedding, index, end);
  }
}

/** @param {Marks} marks @returns {Span[]} */
function spansOf({ kind, depth, weight }) {
  /** @type {Span[]} */
  const spans = [];
  for (let start = 0; start < kind.length; ) {
    let end = start + 1;
    while (end < kind.length && kind[end] === kind[start] && depth[end] === depth[start] && weight[end] === weight[start]) end += 1;
    spans.push({ start, end, kind: KINDS[kind[start] ?? 0] ?? 'text', depth: depth[start] ?? 0, weight: weight[start] ?? 1 });
    start = end;
  }
  return spans;
}

/**
 * The innermost group in brackets around a stretch of the text.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @returns {{ group: Group | null, around: number }} and the weight around that group, or around the stretch if there is none
 */
export function groupAround(text, start, end) {
  let range = { start: 0, end: text.length };
  let around = 1;
  /** @type {{ group: Group | null, around: number }} */
  let found = { group: null, around };
  for (let level = 0; level <= DEEPEST; level += 1) {
    const inside = outermostGroups(text, range.start, range.end).find((each) => each.start <= start && end <= each.end);
    if (!inside) break;
    const group = groupAt(text, inside.start, inside.end, around);
    found = { group, around };
    around = group.weight;
    if (start <= group.start || end > group.inner) break;
    range = { start: group.start + 1, end: group.inner };
  }
  return found;
}
