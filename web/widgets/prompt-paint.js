/** The colours of a prompt, painted behind its text area: only what changed is painted anew. */

import { h } from '../ui/dom.js';

/** @import {Span} from './prompt-syntax.js' */

/** @typedef {{ text: string, look: string }} Piece */

/** A step of colour for each so much weight. */
const PER_LEVEL = 0.15;
const LEVELS = 4;
const BRACKET_COLOURS = 3;

export class PromptPaint {
  element = h('div', { class: 'prompt-paint', 'aria-hidden': true });
  #inner = h('div', { class: 'prompt-painted' });
  /** @type {Piece[]} */
  #pieces = [];
  #tail = document.createTextNode('\n');

  constructor() {
    this.#inner.append(this.#tail);
    this.element.append(this.#inner);
  }

  /**
   * @param {string} text
   * @param {readonly Span[]} spans
   * @param {(span: Span) => boolean} missing of an embedding or LoRA that is not there
   */
  paint(text, spans, missing) {
    const pieces = spans.map((span) => ({ text: text.slice(span.start, span.end), look: lookOf(span, missing) }));
    const before = this.#pieces;
    let same = 0;
    while (same < pieces.length && same < before.length && isSame(pieces[same], before[same])) same += 1;
    let end = 0;
    const most = Math.min(pieces.length, before.length) - same;
    while (end < most && isSame(pieces[pieces.length - 1 - end], before[before.length - 1 - end])) end += 1;
    const nodes = this.#inner.childNodes;
    for (let count = before.length - end - same; count > 0; count -= 1) nodes[same]?.remove();
    const next = nodes[same] ?? this.#tail;
    for (const piece of pieces.slice(same, pieces.length - end)) this.#inner.insertBefore(element(piece), next);
    this.#pieces = pieces;
  }

  /** @param {number} top how far the text area is scrolled */
  scrollTo(top) {
    this.#inner.style.transform = top === 0 ? '' : `translateY(${-top}px)`;
  }

  /**
   * Where a place of the text is on the page.
   *
   * @param {number} at
   * @returns {DOMRect}
   */
  rectAt(at) {
    let rest = at;
    for (const node of this.#inner.childNodes) {
      const letters = node.firstChild ?? node;
      const length = node === this.#tail ? Infinity : (letters.textContent ?? '').length;
      if (rest <= length) {
        const range = document.createRange();
        range.setStart(letters, Math.min(rest, (letters.textContent ?? '').length));
        return range.getBoundingClientRect();
      }
      rest -= length;
    }
    return this.element.getBoundingClientRect();
  }
}

/** @param {Piece | undefined} one @param {Piece | undefined} other */
const isSame = (one, other) => one !== undefined && other !== undefined && one.text === other.text && one.look === other.look;

/** @param {Piece} piece */
const element = ({ text, look }) => h('span', look === '' ? null : { class: look }, text);

/**
 * @param {Span} span
 * @param {(span: Span) => boolean} missing
 * @returns {string} class names
 */
function lookOf(span, missing) {
  const { kind, depth, weight } = span;
  const looks = [];
  if (kind === 'bracket') looks.push(`in-bracket depth-${(depth - 1) % BRACKET_COLOURS}`);
  else if (kind !== 'text') looks.push(`in-${kind}`);
  if ((kind === 'embedding' || kind === 'lora') && missing(span)) looks.push('in-missing');
  const level = Math.max(-LEVELS, Math.min(LEVELS, Math.round((weight - 1) / PER_LEVEL) || Math.sign(weight - 1)));
  if (level !== 0) looks.push(level > 0 ? `more-${level}` : `less-${-level}`);
  return looks.join(' ');
}
