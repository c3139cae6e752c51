/** The list of a choice: search as you type, folders, what was used last, pictures; by pointer and by keyboard. */

import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { placeBelow, placeBeside } from '../ui/place.js';
import { sectionsOf } from './choice-search.js';

/** @import {WidgetServices, ThumbnailOf} from '../types/widgets.d.ts' */
/** @import {Section} from './choice-search.js' */

/**
 * @typedef {object} ChoiceList
 * @property {HTMLElement} anchor
 * @property {string} label
 * @property {readonly string[]} choices
 * @property {string} value
 * @property {string} query what the search begins with
 * @property {string | null} files the folder whose files they are: a kind of models, or `input`
 * @property {string} memory under which name it is remembered what was chosen
 * @property {WidgetServices} widgets
 * @property {(key: string, values?: Record<string, string | number>) => string} t
 * @property {(value: string) => void} choose
 * @property {() => void} [onClose]
 */

/** Shorter lists need no search. */
const SEARCHED = 9;
/** So many are made at a time; more when they are scrolled to. */
const CHUNK = 120;
const REACH = 300;
const PAGE = 10;

/**
 * Open the list below its field.
 *
 * @param {ChoiceList} list
 * @returns {() => void} closes it
 */
export function openChoices(list) {
  const popup = new ChoicePopup(list);
  popup.open();
  return () => popup.close();
}

class ChoicePopup {
  #list;
  #before = document.activeElement;
  #abort = new AbortController();
  #options;
  #search;
  #head;
  #element;
  #preview = h('img', { class: 'choice-preview', alt: '', hidden: true });
  #gridButton;
  /** What is shown and what is not made yet. @type {{ section: Section, choice: string | null }[]} */
  #rows = [];
  #made = 0;
  /** @type {ThumbnailOf} */
  #thumbnail = () => null;
  #pictured = false;

  /** @param {ChoiceList} list */
  constructor(list) {
    this.#list = list;
    const { t, choices } = list;
    this.#options = h('div', { class: 'choice-options', role: 'listbox', 'aria-label': list.label, id: 'choice-options' });
    this.#search = h('input', {
      class: 'choice-search',
      type: 'text',
      value: list.query,
      role: 'combobox',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: t('widget.choice.search'),
      'aria-label': t('widget.choice.search'),
      'aria-expanded': true,
      'aria-autocomplete': 'list',
      'aria-controls': 'choice-options',
    });
    this.#gridButton = h(
      'button',
      { class: 'icon-button', type: 'button', hidden: true, 'aria-label': t('widget.choice.grid'), onclick: () => list.widgets.grid.set(!list.widgets.grid.peek()) },
      icon('grid'),
    );
    this.#gridButton.dataset['tip'] = t('widget.choice.grid');
    this.#head = h('div', { class: 'choice-head' }, this.#search, this.#gridButton);
    this.#head.classList.toggle('visually-hidden', choices.length < SEARCHED);
    this.#element = h('div', { class: 'menu choice-list' }, this.#head, this.#options);
  }

  open() {
    const { anchor, widgets, files } = this.#list;
    const { signal } = this.#abort;
    this.#search.addEventListener('input', () => this.#show());
    this.#element.addEventListener('keydown', (event) => this.#onKey(event));
    this.#options.addEventListener('scroll', () => this.#makeMore(), { passive: true });
    this.#element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.#element.contains(relatedTarget)) this.close();
    });
    const outside = (/** @type {Event} */ event) => {
      if (!(event.target instanceof Node && this.#element.contains(event.target))) this.close();
    };
    addEventListener('pointerdown', outside, { capture: true, signal });
    addEventListener('wheel', outside, { capture: true, passive: true, signal });
    addEventListener('resize', () => this.close(), { signal });
    const stopGrid = widgets.grid.subscribe(() => this.#show());
    signal.addEventListener('abort', stopGrid);
    this.#element.style.minWidth = `${Math.min(anchor.getBoundingClientRect().width, 480)}px`;
    // A modal dialog would cover what lies in the page below it.
    (anchor.closest('dialog') ?? document.body).append(this.#element, this.#preview);
    this.#show();
    this.#search.focus({ preventScroll: true });
    if (files !== null) void this.#loadPictures(files);
  }

  /** @param {string} files */
  async #loadPictures(files) {
    const thumbnail = await this.#list.widgets.thumbnails(files).catch(() => null);
    if (!thumbnail || this.#abort.signal.aborted) return;
    this.#thumbnail = thumbnail;
    this.#pictured = this.#list.choices.some((choice) => thumbnail(choice, 96) !== null);
    this.#gridButton.hidden = !this.#pictured;
    if (!this.#pictured) return;
    this.#head.classList.remove('visually-hidden');
    this.#show();
  }

  #place() {
    placeBelow(this.#element, this.#list.anchor.getBoundingClientRect());
  }

  close() {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    this.#element.remove();
    this.#preview.remove();
    const before = this.#before;
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    this.#list.onClose?.();
  }

  /** @param {string} value */
  #choose(value) {
    const { widgets, memory, choose } = this.#list;
    this.close();
    widgets.remember(memory, value);
    choose(value);
  }

  #show() {
    const { choices, value, files, widgets, memory, t } = this.#list;
    const query = this.#search.value;
    const asked = { query, value, recent: widgets.recent(memory), folders: files !== null };
    const sections = sectionsOf(choices, asked);
    const grid = this.#pictured && widgets.grid.peek();
    this.#element.classList.toggle('as-grid', grid);
    this.#element.classList.toggle('pictured', this.#pictured);
    this.#gridButton.setAttribute('aria-pressed', String(grid));
    this.#rows = sections.flatMap((section, index) => [
      ...(headingOf(section, t, value) !== null && (index > 0 || section.title !== null || section.kind !== 'folder')
        ? [{ section, choice: null }]
        : []),
      ...section.choices.map((choice) => ({ section, choice })),
    ]);
    this.#made = 0;
    fill(this.#options);
    if (sections.length === 0) this.#options.append(h('div', { class: 'choice-note' }, this.#emptyNote()));
    this.#makeChunk();
    const chosen = query === '' ? this.#options.querySelector('[aria-selected="true"]:not(.again)') : null;
    this.#mark(chosen ?? this.#options.querySelector('.choice-option'));
    this.#place();
  }

  #emptyNote() {
    const { choices, files, t } = this.#list;
    if (choices.length > 0) return t('widget.choice.nothing');
    if (files === null) return t('widget.choice.none');
    return t('widget.choice.put_files', { folder: files === 'input' ? 'input' : `models/${files}` });
  }

  #makeMore() {
    const { scrollTop, clientHeight, scrollHeight } = this.#options;
    if (scrollTop + clientHeight > scrollHeight - REACH) this.#makeChunk();
  }

  #makeChunk() {
    const { t, value } = this.#list;
    const rows = this.#rows.slice(this.#made, this.#made + CHUNK);
    const elements = rows.map(({ section, choice }, index) =>
      choice === null
        ? h('div', { class: `choice-heading of-${section.kind}` }, headingOf(section, t, value))
        : this.#option(choice, section, this.#made + index),
    );
    this.#options.append(...elements);
    this.#made += rows.length;
  }

  /** @param {string} choice @param {Section} section @param {number} index */
  #option(choice, section, index) {
    const { value, files } = this.#list;
    const inFolder = section.kind === 'folder' && section.title !== null;
    const shown = choice === '' ? this.#list.t('widget.choice.no_file') : inFolder ? choice.slice((section.title ?? '').length + 1) : choice;
    const [, folder = '', name = shown, ending = ''] = (files === null ? null : /^(.*\/)?(.*?)(\.\w+)?$/.exec(shown)) ?? [];
    const url = this.#pictured ? this.#thumbnail(choice, 96) : null;
    const picture = url === null ? null : h('img', { alt: '', loading: 'lazy', decoding: 'async', src: url });
    const again = section.kind === 'recent' ? ' again' : '';
    return h(
      'div',
      {
        class: `choice-option${again}`,
        role: 'option',
        id: `choice-option-${index}`,
        'aria-selected': choice === value,
        'data-choice': choice,
        onclick: () => this.#choose(choice),
        onpointermove: (event) => this.#mark(/** @type {Element} */ (event.currentTarget), false),
      },
      this.#pictured ? h('span', { class: 'choice-picture' }, picture) : null,
      h('span', { class: 'choice-name' }, folder ? h('span', { class: 'choice-faint' }, folder) : null, name, ending ? h('span', { class: 'choice-faint' }, ending) : null),
    );
  }

  /** @param {Element | null} option @param {boolean} [scroll] */
  #mark(option, scroll = true) {
    const before = this.#options.querySelector('.marked');
    if (before === option && option !== null) return;
    before?.classList.remove('marked');
    if (!(option instanceof HTMLElement)) return this.#search.removeAttribute('aria-activedescendant');
    option.classList.add('marked');
    if (scroll) option.scrollIntoView({ block: 'nearest' });
    this.#search.setAttribute('aria-activedescendant', option.id);
    const url = this.#thumbnail(option.dataset['choice'] ?? '', 256);
    this.#preview.hidden = url === null || this.#element.classList.contains('as-grid');
    if (url === null || this.#preview.hidden) return;
    this.#preview.src = url;
    placeBeside(this.#preview, this.#element.getBoundingClientRect());
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    event.stopPropagation();
    if (event.isComposing || (event.target instanceof HTMLButtonElement && event.key !== 'Escape')) return;
    const to = this.#goal(event.key);
    if (to !== undefined) this.#mark(to);
    else if (event.key === 'Enter') {
      const marked = this.#options.querySelector('.marked');
      if (marked instanceof HTMLElement) marked.click();
    } else if (event.key === 'Escape') this.close();
    else if (event.key === 'Tab' && this.#gridButton.hidden) this.close();
    else return;
    event.preventDefault();
  }

  /** The option that a key leads to, undefined where it is no such key. @param {string} key */
  #goal(key) {
    const empty = this.#search.value === '';
    if (key === 'End' && empty) while (this.#made < this.#rows.length) this.#makeChunk();
    const options = [...this.#options.querySelectorAll('.choice-option')];
    const at = options.findIndex((option) => option.classList.contains('marked'));
    const near = (/** @type {number} */ index) => options[Math.max(0, Math.min(options.length - 1, index))] ?? null;
    if (empty && (key === 'Home' || key === 'End')) return near(key === 'Home' ? 0 : options.length - 1);
    const direction = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }[key];
    if (!this.#element.classList.contains('as-grid')) return direction === undefined ? undefined : near(at + direction);
    if (empty && (key === 'ArrowLeft' || key === 'ArrowRight')) return near(at + (key === 'ArrowRight' ? 1 : -1));
    return direction === undefined ? undefined : (inNextRow(options, options[at], Math.sign(direction)) ?? near(at));
  }
}

/**
 * In a grid, the option of the row below (1) or above (-1) that is nearest to one.
 *
 * @param {readonly Element[]} options
 * @param {Element | undefined} from
 * @param {number} direction
 */
function inNextRow(options, from, direction) {
  if (!from) return options[0];
  const start = from.getBoundingClientRect();
  const far = options
    .map((option) => ({ option, rect: option.getBoundingClientRect() }))
    .map(({ option, rect }) => ({ option, down: (rect.top - start.top) * direction, aside: Math.abs(rect.left - start.left) }))
    .filter(({ down }) => down > 1);
  far.sort((a, b) => a.down - b.down || a.aside - b.aside);
  return far[0]?.option;
}

/**
 * @param {Section} section
 * @param {ChoiceList['t']} t
 * @param {string} value
 * @returns {string | null}
 */
function headingOf({ kind, title }, t, value) {
  if (kind === 'near') return t('widget.choice.near', { name: value });
  if (kind === 'recent') return t('widget.choice.recent');
  if (kind === 'found') return null;
  return title === null ? t('widget.choice.all') : `${title}/`;
}
