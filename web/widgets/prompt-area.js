/** A native text area; for prompts with colours behind it, weights by key, completion, and what is wrong told below. */

import { h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { PromptPaint } from './prompt-paint.js';
import { analyse } from './prompt-syntax.js';

/** @import {Editor} from '../types/editor.d.ts' */
/** @import {Span} from './prompt-syntax.js' */

/**
 * @typedef {object} PromptArea
 * @property {HTMLElement} element
 * @property {HTMLTextAreaElement} box
 * @property {(text: string) => void} set
 * @property {() => void} refresh paint again, as what is known of files has changed
 * @property {() => void} destroy
 */

/**
 * @param {Editor} editor
 * @param {{ label: string, placeholder: string, alternatives: boolean, readsTags: boolean }} options `alternatives`: whether `{a|b}` is
 *   one of both; `readsTags`: whether the node reads `<lora:…>`
 * @returns {PromptArea}
 */
export function mountPromptArea(editor, { label, placeholder, alternatives, readsTags }) {
  const box = h('textarea', { class: 'prompt-box', 'aria-label': label, placeholder, spellcheck: 'false' });
  const paint = new PromptPaint();
  const note = h('div', { class: 'prompt-note', role: 'status', hidden: true });
  const element = h('div', { class: 'prompt-area' }, h('div', { class: 'prompt-layers' }, paint.element, box), note);
  const known = { embeddings: /** @type {ReadonlySet<string> | null} */ (null), loras: /** @type {ReadonlySet<string> | null} */ (null) };

  const refresh = () => {
    const text = box.value;
    const spans = analyse(text, { alternatives });
    const isMissing = (/** @type {Span} */ span) => isMissingIn(text.slice(span.start, span.end), span.kind, known);
    const coloured = editor.widgets.highlights.peek();
    element.classList.toggle('plain', !coloured);
    paint.paint(text, coloured ? spans : wholeSpan(text), isMissing);
    tell(note, problemOf(editor, text, spans, isMissing, readsTags));
    learn(spans);
  };
  const learn = (/** @type {readonly Span[]} */ spans) => {
    for (const [kind, list] of /** @type {const} */ ([['embedding', 'embeddings'], ['lora', 'loras']])) {
      if (known[list] !== null || !spans.some((span) => span.kind === kind)) continue;
      known[list] = new Set();
      void editor.widgets.names(list).then(
        (names) => {
          known[list] = names;
          refresh();
        },
        // Whether they are there is not known then, so that none is called missing.
        () => {},
      );
    }
  };
  box.addEventListener('input', refresh);
  box.addEventListener('scroll', () => paint.scrollTo(box.scrollTop), { passive: true });
  const endColours = editor.widgets.highlights.subscribe(refresh);
  const endHelp = helpTyping(editor, box, paint);
  return {
    element,
    box,
    refresh,
    set(text) {
      // Writing the same text would move the caret.
      if (box.value === text) return;
      box.value = text;
      refresh();
    },
    destroy() {
      endColours();
      endHelp();
    },
  };
}

/** @param {string} text @returns {Span[]} */
const wholeSpan = (text) => (text === '' ? [] : [{ start: 0, end: text.length, kind: 'text', depth: 0, weight: 1 }]);

/**
 * @param {string} word
 * @param {string} kind
 * @param {{ embeddings: ReadonlySet<string> | null, loras: ReadonlySet<string> | null }} known
 */
function isMissingIn(word, kind, { embeddings, loras }) {
  const list = kind === 'embedding' ? embeddings : loras;
  if (!list || list.size === 0) return false;
  const name = (/:([^:>]+)/.exec(word)?.[1] ?? '').replace(/\.(?:safetensors|pt|bin)$/, '');
  return !list.has(name) && ![...list].some((each) => each.endsWith(`/${name}`) && kind === 'lora');
}

/**
 * The first thing that is wrong with a prompt.
 *
 * @param {Editor} editor
 * @param {string} text
 * @param {readonly Span[]} spans
 * @param {(span: Span) => boolean} isMissing
 * @param {boolean} readsTags
 * @returns {string | null}
 */
function problemOf({ t }, text, spans, isMissing, readsTags) {
  for (const span of spans) {
    const word = text.slice(span.start, span.end);
    if (span.kind === 'unmatched') return t('widget.prompt.unmatched', { sign: word[0] ?? '' });
    if (span.kind === 'embedding' && isMissing(span)) return t('widget.prompt.no_embedding', { name: word.slice('embedding:'.length) });
  }
  return !readsTags && spans.some((span) => span.kind === 'lora') ? t('widget.prompt.lora_text') : null;
}

/** @param {HTMLElement} note @param {string | null} text */
function tell(note, text) {
  note.hidden = text === null;
  if (note.textContent !== (text ?? '')) note.textContent = text ?? '';
}

/**
 * What only helps while one types is loaded when the area is used for the first time.
 *
 * @param {Editor} editor
 * @param {HTMLTextAreaElement} box
 * @param {PromptPaint} paint
 * @returns {() => void} ends it
 */
function helpTyping(editor, box, paint) {
  let ended = false;
  let end = () => {};
  const begin = async () => {
    const modules = Promise.all([import('./completion.js'), import('./prompt-keys.js'), loadStyle('completion')]);
    const [{ followTyping }, { followWeightKeys }] = await modules;
    if (ended) return;
    const endTyping = followTyping(editor, box, (at) => paint.rectAt(at));
    const endKeys = followWeightKeys(box);
    end = () => {
      endTyping();
      endKeys();
    };
  };
  box.addEventListener('focus', () => void editor.attempt(begin), { once: true });
  return () => {
    ended = true;
    end();
  };
}
