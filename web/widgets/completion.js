/**
 * Completion of the word that is typed: in a prompt embeddings, LoRAs, and the tags of files that the user has; in other
 * texts what is handed over.
 */

import { fill, h } from '../ui/dom.js';
import { placeBelow } from '../ui/place.js';
import { completed, queriesOf, typedAt, writtenAs } from './completion-words.js';
import { replaceText } from './replace-text.js';

/** @import {Editor} from '../types/editor.d.ts' */
/** @import {Completion, Words} from '../types/widgets.d.ts' */

/** Letters that follow each other faster are asked for together. */
const PAUSE_MS = 50;

/**
 * @param {Editor} editor
 * @param {HTMLTextAreaElement} box
 * @param {(at: number) => DOMRect} rectAt where a place of the text is on the page
 * @param {Words} [words]
 * @returns {() => void} ends it
 */
export function followTyping(editor, box, rectAt, words = promptWords(editor)) {
  const popup = new CompletionPopup(editor, box, rectAt, words);
  const begin = () => {
    if (words.atOnce && box.value === '') popup.onWord();
  };
  const abort = new AbortController();
  const options = { signal: abort.signal };
  box.setAttribute('aria-autocomplete', 'list');
  box.addEventListener('input', (event) => popup.onInput(/** @type {InputEvent} */ (event)), options);
  // Browsers differ in whether an input follows the end of a composition.
  box.addEventListener('compositionend', () => popup.onWord(), options);
  box.addEventListener('keydown', (event) => popup.onKey(event), { ...options, capture: true });
  box.addEventListener('focus', begin, options);
  box.addEventListener('blur', () => popup.close(), options);
  box.addEventListener('scroll', () => popup.close(), options);
  box.addEventListener('pointerdown', () => popup.close(), options);
  begin();
  return () => {
    abort.abort();
    popup.close();
  };
}

/** @param {Editor} editor @returns {Words} */
function promptWords(editor) {
  return {
    wanted: () => editor.widgets.completes(),
    atOnce: false,
    async find(text, caret) {
      const typed = typedAt(text, caret);
      if (!typed) return null;
      const files = typed.kinds.includes('tag') === false;
      const { query, completions } = await editor.widgets.complete(files ? [typed.letters] : queriesOf(typed.letters), typed.kinds);
      if (query === null) return null;
      return { start: files ? typed.start : caret - lengthOf(text.slice(0, caret), query), completions };
    },
    completed,
    written: writtenAs,
  };
}

class CompletionPopup {
  #editor;
  #box;
  #rectAt;
  #words;
  #list;
  /** @type {readonly Completion[]} */
  #found = [];
  #marked = -1;
  #start = 0;
  #timer = 0;
  /** Counts what was asked, so that a late answer is not shown. */
  #asked = 0;

  /** @param {Editor} editor @param {HTMLTextAreaElement} box @param {(at: number) => DOMRect} rectAt @param {Words} words */
  constructor(editor, box, rectAt, words) {
    this.#editor = editor;
    this.#box = box;
    this.#rectAt = rectAt;
    this.#words = words;
    this.#list = h('div', { class: 'menu completions', role: 'listbox', id: 'completions', 'aria-label': editor.t('widget.prompt.completions') });
    // The field keeps the focus.
    this.#list.addEventListener('pointerdown', (event) => event.preventDefault());
  }

  /** @param {InputEvent} event */
  onInput(event) {
    clearTimeout(this.#timer);
    const typing = /^(insertText|insertCompositionText|insertFromComposition|deleteContentBackward)/.test(event.inputType);
    if (!typing || event.isComposing) return this.close();
    this.onWord();
  }

  /** Something was typed. */
  onWord() {
    clearTimeout(this.#timer);
    if (!this.#words.wanted()) return this.close();
    this.#timer = setTimeout(() => void this.#ask(), PAUSE_MS);
  }

  async #ask() {
    const box = this.#box;
    const { value, selectionStart: caret } = box;
    if (box.selectionStart !== box.selectionEnd) return this.close();
    const asked = (this.#asked += 1);
    const found = await this.#words.find(value, caret).catch(() => null);
    const stale = asked !== this.#asked || box.value !== value || box.selectionStart !== caret || document.activeElement !== box;
    if (stale) return;
    if (found === null || found.completions.length === 0) return this.close();
    this.#start = found.start;
    this.#show(found.completions, value.slice(found.start, caret));
  }

  /** @param {readonly Completion[]} found @param {string} typed */
  #show(found, typed) {
    this.#found = found;
    fill(this.#list, found.map((completion, index) => this.#option(completion, index)));
    if (!this.#list.isConnected) {
      // A modal dialog would cover what lies in the page below it.
      (this.#box.closest('dialog') ?? document.body).append(this.#list);
    }
    // What is typed already is taken by going on, and nothing is taken unasked where nothing is typed.
    this.#mark(typed === '' || (found[0] && this.#words.written(found[0]).toLowerCase() === typed.toLowerCase()) ? -1 : 0);
    this.#box.setAttribute('aria-controls', 'completions');
    placeBelow(this.#list, this.#rectAt(this.#start));
  }

  /** @param {Completion} completion @param {number} index */
  #option(completion, index) {
    const { kind, name, alias, category = 0 } = completion;
    return h(
      'div',
      {
        class: `completion kind-${kind} category-${category}`,
        role: 'option',
        id: `completion-${index}`,
        onclick: () => this.#take(index),
        onpointermove: () => this.#mark(index),
      },
      h('span', { class: 'completion-name' }, kind === 'tag' ? name.replaceAll('_', ' ') : name),
      alias === undefined ? null : h('span', { class: 'completion-alias' }, `← ${alias}`),
      h('span', { class: 'completion-count' }, this.#remark(completion)),
    );
  }

  /** @param {Completion} completion */
  #remark({ kind, count = 0 }) {
    const { locale, t } = this.#editor;
    if (kind === 'value') return '';
    return kind === 'tag' ? countText(count, locale.peek()) : t(`widget.prompt.${kind}`);
  }

  /** @param {number} index */
  #mark(index) {
    this.#marked = index;
    this.#list.querySelector('.marked')?.classList.remove('marked');
    const option = this.#list.children[index];
    for (const each of this.#list.children) each.setAttribute('aria-selected', String(each === option));
    option?.classList.add('marked');
    option?.scrollIntoView({ block: 'nearest' });
    if (option) this.#box.setAttribute('aria-activedescendant', option.id);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.#list.isConnected || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return this.close();
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (steps !== undefined) this.#mark(next(this.#marked, steps, this.#found.length));
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && this.#marked >= 0) this.#take(this.#marked);
    else if (event.key === 'Escape') this.close();
    else if (['ArrowLeft', 'ArrowRight', 'Home', 'End', 'Enter', 'Tab'].includes(event.key)) return this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} index */
  #take(index) {
    const completion = this.#found[index];
    const { value, selectionStart } = this.#box;
    this.close();
    if (completion) replaceText(this.#box, this.#words.completed(value, this.#start, selectionStart, completion));
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#list.remove();
    this.#box.removeAttribute('aria-activedescendant');
    this.#box.removeAttribute('aria-controls');
  }
}

/** Arrows go round; pages stop at the ends. @param {number} from @param {number} steps @param {number} count */
function next(from, steps, count) {
  if (Math.abs(steps) === 1) return (from + steps + count + (from < 0 && steps < 0 ? 1 : 0)) % count;
  return Math.max(0, Math.min(count - 1, from + steps));
}

/**
 * The length of a query's words as they are typed, which may have more spaces between them.
 * @param {string} before
 * @param {string} query
 */
function lengthOf(before, query) {
  const words = query.split(' ').map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`${words.join('\\s+')}\\s*$`).exec(before)?.[0].length ?? query.length;
}

/** @param {number} count @param {string} locale */
function countText(count, locale) {
  if (count === 0) return '';
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}
