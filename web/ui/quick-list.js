/** A field with a list below it, from which one entry is chosen: by typing, by arrows, by pointer. */

import { fill, h } from './dom.js';
import { icon } from './icons.js';

/** @import { Child } from '../types/ui.d.ts' */

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };

/**
 * @template T
 * @typedef {object} QuickOptions
 * @property {string} label names it to screen readers
 * @property {string} placeholder
 * @property {string} none what is said when nothing is found
 * @property {(query: string) => readonly T[]} find
 * @property {(entry: T) => Child} row
 * @property {(entry: T) => void} choose
 * @property {(entry: T) => boolean} [disabled]
 */

/** @template T */
export class QuickList {
  element;
  #options;
  #input;
  #list;
  /** @type {readonly T[]} */
  #found = [];
  #active = 0;
  #before = document.activeElement;
  #closed = false;

  /** @param {QuickOptions<T>} options */
  constructor(options) {
    this.#options = options;
    this.#list = h('div', { class: 'search-results', role: 'listbox', id: 'quick-list', 'aria-label': options.label });
    this.#input = h('input', {
      class: 'search-input',
      type: 'text',
      role: 'combobox',
      placeholder: options.placeholder,
      'aria-label': options.placeholder,
      'aria-controls': 'quick-list',
      'aria-expanded': 'true',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: () => this.refresh(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.element = h(
      'div',
      { class: 'search palette', role: 'dialog', 'aria-label': options.label },
      h('div', { class: 'search-head' }, icon('search'), this.#input),
      this.#list,
    );
    this.element.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.element.contains(event.relatedTarget))) this.close(false);
    });
  }

  open() {
    document.body.append(this.element);
    this.refresh();
    this.#input.focus();
  }

  /** @param {boolean} [back] whether the focus goes back to where it was */
  close(back = true) {
    if (this.#closed) return;
    this.#closed = true;
    this.element.remove();
    if (!back) return;
    // Where nothing had the focus, it was about the canvas.
    const before = this.#before === document.body ? document.getElementById('canvas') : this.#before;
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  }

  /** Find again what is typed. */
  refresh() {
    const { find, row, disabled, none } = this.#options;
    this.#found = find(this.#input.value.trim());
    this.#active = 0;
    const options = this.#found.map((entry, index) =>
      h(
        'div',
        {
          class: 'search-option',
          role: 'option',
          id: `quick-option-${index}`,
          'aria-disabled': disabled?.(entry) ? true : null,
          onpointermove: () => this.#activate(index),
          // Before the field would lose the focus, and the list with it.
          onpointerdown: (event) => event.preventDefault(),
          onclick: () => this.#choose(index),
        },
        row(entry),
      ),
    );
    fill(this.#list, options.length > 0 ? options : h('p', { class: 'search-none', role: 'status' }, none));
    this.#list.scrollTop = 0;
    this.#mark();
  }

  /** @param {number} index */
  #activate(index) {
    if (index === this.#active) return;
    this.#active = index;
    this.#mark();
  }

  #mark() {
    const options = this.#list.querySelectorAll('[role="option"]');
    options.forEach((option, index) => option.setAttribute('aria-selected', String(index === this.#active)));
    options[this.#active]?.scrollIntoView({ block: 'nearest' });
    if (options.length > 0) this.#input.setAttribute('aria-activedescendant', `quick-option-${this.#active}`);
    else this.#input.removeAttribute('aria-activedescendant');
  }

  /** @param {number} index */
  #choose(index) {
    const entry = this.#found[index];
    if (entry === undefined || this.#options.disabled?.(entry)) return;
    this.close();
    this.#options.choose(entry);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing) return;
    const last = this.#found.length - 1;
    if (event.key in STEPS) {
      const next = this.#active + STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
      // One step past an end goes round; a page stops there.
      const round = event.key.startsWith('Arrow');
      this.#activate(next < 0 ? (round ? last : 0) : next > last ? (round ? 0 : last) : next);
    } else if (event.key === 'Enter') this.#choose(this.#active);
    else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
