/** Find in the graph: a bar over the canvas with everything that a text is found in, each a step of the view. */

import { everyNode } from '../core/every-node.js';
import { findNodes } from '../core/find.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Hit } from '../core/find.js' */

const MOST_LISTED = 200;

/** @param {Application} editor */
export async function openFind(editor) {
  await loadStyle('palette');
  const open = document.querySelector('.find .find-input');
  if (open instanceof HTMLInputElement) {
    open.focus();
    open.select();
    return;
  }
  const bar = new FindBar(editor);
  document.getElementById('canvas')?.append(bar.element);
  bar.input.focus();
}

class FindBar {
  #editor;
  /** @type {readonly Hit[]} */
  #hits = [];
  #at = -1;
  #count = h('span', { class: 'find-count', role: 'status' });
  #list;
  #end;
  #pending = false;

  /** @param {Application} editor */
  constructor(editor) {
    const { t } = editor;
    this.#editor = editor;
    this.#list = h('div', { class: 'find-hits', role: 'list', 'aria-label': t('find.hits') });
    this.input = h('input', {
      class: 'find-input',
      type: 'text',
      placeholder: t('find.placeholder'),
      'aria-label': t('find.placeholder'),
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: () => this.#search(true),
      onkeydown: (event) => this.#onKey(event),
    });
    const step = (/** @type {string} */ picture, /** @type {1 | -1} */ by, /** @type {string} */ label) =>
      h('button', { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, onclick: () => this.#go(by) }, icon(picture));
    this.element = h(
      'div',
      { class: 'find floating', role: 'search', 'aria-label': t('command.view.find') },
      h(
        'div',
        { class: 'find-head' },
        icon('search'),
        this.input,
        this.#count,
        step('chevron-up', -1, t('find.previous')),
        step('chevron-down', 1, t('find.next')),
        h('button', { class: 'icon-button small', type: 'button', 'aria-label': t('ui.close'), onclick: () => this.close() }, icon('close')),
      ),
      this.#list,
    );
    // What is pressed here is not meant for the canvas below.
    for (const kind of ['pointerdown', 'dblclick', 'wheel', 'contextmenu']) {
      this.element.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      event.stopPropagation();
    });
    this.#end = editor.document.onChange(() => this.#later());
    this.#search(false);
  }

  close() {
    this.#end();
    this.element.remove();
    document.getElementById('canvas')?.focus({ preventScroll: true });
  }

  /** Many changes of the document are one search. */
  #later() {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      if (this.element.isConnected) this.#search(false);
    });
  }

  /** @param {boolean} lead whether the view follows to the first */
  #search(lead) {
    const before = this.#hits[this.#at];
    this.#hits = findAll(this.#editor, this.input.value);
    this.#at = before ? this.#hits.findIndex((hit) => hit.place === before.place) : -1;
    if (lead && this.#hits.length > 0) this.#show(0);
    this.#draw();
  }

  /** @param {1 | -1} by */
  #go(by) {
    const count = this.#hits.length;
    if (count === 0) return;
    this.#show((Math.max(this.#at, by > 0 ? -1 : 0) + by + count) % count);
    this.#draw();
  }

  /** @param {number} index */
  #show(index) {
    this.#at = index;
    const hit = this.#hits[index];
    if (hit) this.#editor.reveal([hit.place]);
  }

  #draw() {
    const { t } = this.#editor;
    const count = this.#hits.length;
    const asked = this.input.value.trim() !== '';
    this.#count.textContent = asked ? t('find.count', { at: this.#at + 1, count }) : '';
    if (asked && count === 0) this.#count.textContent = t('find.none');
    const rows = this.#hits.slice(0, MOST_LISTED).map((hit, index) =>
      h(
        'div',
        { role: 'listitem' },
        h(
          'button',
          {
            class: 'find-hit',
            type: 'button',
            'aria-current': index === this.#at,
            onclick: () => {
              this.#show(index);
              this.#draw();
            },
          },
          h('span', { class: 'find-title' }, hit.title),
          h('span', { class: 'find-where' }, [hit.text || `#${hit.place}`, hit.within].filter(Boolean).join(' · ')),
        ),
      ),
    );
    const more = count > MOST_LISTED ? h('p', { class: 'search-none' }, t('find.more', { count: count - MOST_LISTED })) : null;
    fill(this.#list, rows, more);
    this.#list.hidden = count === 0;
    this.#list.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter') this.#go(event.shiftKey ? -1 : 1);
    else if (event.key === 'ArrowDown') this.#go(1);
    else if (event.key === 'ArrowUp') this.#go(-1);
    else return;
    event.preventDefault();
  }
}

/** @param {Application} editor @param {string} query */
function findAll(editor, query) {
  const { document } = editor;
  const describe = (/** @type {Readonly<GraphNode>} */ node) => {
    const spec = editor.spec(node);
    return {
      title: editor.nodeTitle(node),
      names: spec ? [...editor.typeNames(spec), spec.title] : [],
      values: Object.entries(node.values).map(([name, value]) => /** @type {const} */ ([editor.inputLabel(node.type, name), value])),
    };
  };
  return findNodes(query, everyNode(document.contents()), describe);
}
