/** The list of a choice: search as you type, arrows, Enter. */

import { fill, h } from '../ui/dom.js';
import { placeBelow } from '../ui/place.js';

/**
 * @typedef {object} ChoiceList
 * @property {HTMLElement} anchor
 * @property {string} label
 * @property {readonly string[]} choices
 * @property {string} value
 * @property {(key: string, values?: Record<string, string | number>) => string} t
 * @property {(value: string) => void} choose
 */

/** Shorter lists are read at a glance. */
const SEARCHED = 9;
/** So many are shown; more are found by typing. */
const SHOWN = 200;

/**
 * Open the list below its field.
 *
 * @param {ChoiceList} list
 * @returns {() => void} closes it
 */
export function openChoices(list) {
  const before = document.activeElement;
  const abort = new AbortController();
  const options = h('div', { class: 'choice-options', role: 'listbox', 'aria-label': list.label, id: 'choice-options' });
  const search = h('input', {
    class: 'choice-search',
    type: 'text',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: list.t('widget.choice.search'),
    'aria-label': list.t('widget.choice.search'),
    'aria-expanded': true,
    'aria-controls': 'choice-options',
  });
  search.classList.toggle('visually-hidden', list.choices.length < SEARCHED);
  const element = h('div', { class: 'menu choice-list' }, search, options);
  const close = () => {
    if (abort.signal.aborted) return;
    abort.abort();
    element.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  const choose = (/** @type {string} */ value) => {
    close();
    list.choose(value);
  };
  const show = () => {
    fillOptions(options, list, search.value, choose);
    mark(options, search, options.querySelector('[aria-selected="true"]') ?? options.firstElementChild);
  };
  search.addEventListener('input', show);
  search.addEventListener('keydown', (event) => onKey(event, options, search, close));
  const outside = (/** @type {Event} */ event) => {
    if (!(event.target instanceof Node && element.contains(event.target))) close();
  };
  addEventListener('pointerdown', outside, { capture: true, signal: abort.signal });
  addEventListener('wheel', outside, { capture: true, passive: true, signal: abort.signal });
  addEventListener('resize', close, { signal: abort.signal });
  document.body.append(element);
  element.style.minWidth = `${list.anchor.getBoundingClientRect().width}px`;
  show();
  placeBelow(element, list.anchor.getBoundingClientRect());
  search.focus({ preventScroll: true });
  return close;
}

/**
 * @param {HTMLElement} options
 * @param {ChoiceList} list
 * @param {string} query
 * @param {(value: string) => void} choose
 */
function fillOptions(options, list, query, choose) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = list.choices.filter((choice) => words.every((word) => choice.toLowerCase().includes(word)));
  const shown = found.slice(0, SHOWN);
  const rest = found.length - shown.length;
  const items = shown.map((choice, index) =>
    h(
      'div',
      {
        class: 'choice-option',
        role: 'option',
        id: `choice-option-${index}`,
        'aria-selected': choice === list.value,
        onclick: () => choose(choice),
      },
      choice,
    ),
  );
  const note = found.length === 0 ? list.t('widget.choice.nothing') : rest > 0 ? list.t('widget.choice.more', { count: rest }) : null;
  fill(options, items, note === null ? null : h('div', { class: 'choice-note' }, note));
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} options
 * @param {HTMLInputElement} search
 * @param {() => void} close
 */
function onKey(event, options, search, close) {
  event.stopPropagation();
  if (event.isComposing) return;
  const marked = options.querySelector('.marked');
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    const next = event.key === 'ArrowDown' ? marked?.nextElementSibling : marked?.previousElementSibling;
    if (next?.matches('.choice-option')) mark(options, search, next);
  } else if (event.key === 'Enter') {
    event.preventDefault();
    if (marked instanceof HTMLElement) marked.click();
  } else if (event.key === 'Escape' || event.key === 'Tab') {
    event.preventDefault();
    close();
  }
}

/**
 * @param {HTMLElement} options
 * @param {HTMLInputElement} search
 * @param {Element | null} option
 */
function mark(options, search, option) {
  options.querySelector('.marked')?.classList.remove('marked');
  if (!option?.matches('.choice-option')) return search.removeAttribute('aria-activedescendant');
  option.classList.add('marked');
  option.scrollIntoView({ block: 'nearest' });
  search.setAttribute('aria-activedescendant', option.id);
}
