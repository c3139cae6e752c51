/** The search for a node: opened on the canvas, by Tab, by dropping a link where nothing is, or on a link. */

import { addFound, linkType } from '../app/adding.js';
import { searchTypes } from '../core/search.js';
import { readUses, weightOf, withUse, writeUses } from '../core/uses.js';
import { PRIMITIVE } from '../core/virtual.js';
import { isNameless, savedTypes, subgraphTypes } from '../app/subgraph-types.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { placeAt } from '../ui/place.js';
import { loadStyle } from '../ui/stylesheet.js';
import { previewNode } from './search-preview.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point, SearchFrom } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

const USES_KEY = 'safelight.uses';
const MOST_SHOWN = 80;
const TITLE_OFFSET = 16;

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {SearchFrom | null} from
 */
export async function openSearch(editor, client, from) {
  await loadStyle('search');
  const popup = new SearchPopup(editor, client, from);
  document.body.append(popup.element);
  placeAt(popup.element, client.x - 24, client.y - TITLE_OFFSET);
  popup.input.focus();
}

class SearchPopup {
  #editor;
  #client;
  #from;
  #link;
  #uses = readUses(localStorage.getItem(USES_KEY));
  /** @type {readonly NodeSpec[]} */
  #found = [];
  #active = 0;
  /** Subgraphs that the server keeps. @type {readonly NodeSpec[]} */
  #saved = [];
  #closed = false;

  /** @param {Application} editor @param {Point} client @param {SearchFrom | null} from */
  constructor(editor, client, from) {
    const { t } = editor;
    this.#editor = editor;
    this.#client = client;
    this.#from = from;
    this.#link = linkType(editor, from);
    this.list = h('div', {
      class: 'search-results',
      role: 'listbox',
      id: 'search-results',
      'aria-label': t('search.results'),
    });
    this.preview = h('div', { class: 'search-preview', id: 'search-preview' });
    this.input = h('input', {
      class: 'search-input',
      type: 'text',
      role: 'combobox',
      placeholder: t('search.placeholder'),
      'aria-label': t('search.placeholder'),
      'aria-controls': 'search-results',
      'aria-describedby': 'search-preview',
      'aria-expanded': 'true',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: () => this.#search(),
      onkeydown: (event) => this.#onKey(event),
    });
    this.element = h(
      'div',
      { class: 'search node-search floating', role: 'dialog', 'aria-label': t('search.title') },
      h('div', { class: 'search-head' }, icon('search'), this.input, this.#typeNote()),
      h('div', { class: 'search-body' }, this.list, this.preview),
      h('p', { class: 'search-hint' }, t('search.filters')),
    );
    this.element.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.element.contains(event.relatedTarget))) this.close();
    });
    this.#search();
    // Nobody knows what those take before they are read, so that none is offered for a link.
    if (!from) void this.#addSaved();
  }

  async #addSaved() {
    this.#saved = await savedTypes(this.#editor);
    if (this.#saved.length === 0 || this.#closed) return;
    const chosen = this.#found[this.#active]?.type;
    this.#search();
    this.#activate(Math.max(0, this.#found.findIndex(({ type }) => type === chosen)));
  }

  #typeNote() {
    const link = this.#link;
    if (!link) return null;
    const types = ['output' in link ? link.output : null, 'input' in link ? link.input : null];
    return h('span', { class: 'search-type' }, types.filter((type) => type !== null).join(' → '));
  }

  close() {
    // Removing the element takes the focus away, which closes it too.
    if (this.#closed) return;
    this.#closed = true;
    this.element.remove();
  }

  #search() {
    const { specs, typeNames, typeCategory } = this.#editor;
    const all = [...specs.peek().values(), ...subgraphTypes(this.#editor), ...this.#saved];
    // A widget's value can become a node of its own.
    if (this.#from && 'input' in this.#from && !('also' in this.#from) && this.#isWidget(this.#from)) all.push(PRIMITIVE);
    const candidates = all.map((spec) => ({ spec, names: typeNames(spec), category: typeCategory(spec) }));
    const present = new Set([...this.#editor.document.nodes.values()].map(({ type }) => type));
    // What the document has already is likelier to be wanted than what was never used.
    const uses = new Map(all.map(({ type }) => [type, weightOf(this.#uses, type) + (present.has(type) ? 0.2 : 0)]));
    this.#found = searchTypes(this.input.value, candidates, { link: this.#link, uses }).slice(0, MOST_SHOWN);
    this.#active = 0;
    if (this.#found.length === 0) fill(this.list, h('p', { class: 'search-none' }, this.#editor.t('search.none')));
    else
      fill(
        this.list,
        this.#found.map((spec, index) => this.#option(spec, index)),
      );
    this.#mark();
  }

  /** @param {{ node: string, input: string }} end */
  #isWidget({ node: id, input }) {
    const node = this.#editor.document.nodes.get(id);
    return node !== undefined && this.#editor.inputs(node).some(({ name, widget }) => name === input && widget);
  }

  /** @param {NodeSpec} spec @param {number} index */
  #option(spec, index) {
    const title = this.#editor.typeTitle(spec);
    return h(
      'div',
      {
        class: 'search-option',
        role: 'option',
        id: `search-option-${index}`,
        onpointermove: () => this.#activate(index),
        // Before the field would lose the focus, and the popup with it.
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => this.#choose(spec),
      },
      h('span', { class: 'search-title' }, title),
      title === spec.type || isNameless(spec) ? null : h('span', { class: 'search-id' }, spec.type),
      h('span', { class: 'search-category' }, this.#editor.typeCategory(spec)),
    );
  }

  /** @param {number} index */
  #activate(index) {
    if (index === this.#active) return;
    this.#active = index;
    this.#mark();
  }

  #mark() {
    const options = this.list.querySelectorAll('[role="option"]');
    options.forEach((option, index) => option.setAttribute('aria-selected', String(index === this.#active)));
    options[this.#active]?.scrollIntoView({ block: 'nearest' });
    const spec = this.#found[this.#active];
    this.preview.hidden = !spec;
    if (spec) fill(this.preview, previewNode(this.#editor, spec, this.#link));
    if (spec) this.input.setAttribute('aria-activedescendant', `search-option-${this.#active}`);
    else this.input.removeAttribute('aria-activedescendant');
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      const count = this.#found.length;
      const next = this.#active + steps[/** @type {keyof typeof steps} */ (event.key)];
      this.#activate(Math.max(0, Math.min(count - 1, next)));
    } else if (event.key === 'Enter') {
      const spec = this.#found[this.#active];
      if (spec) this.#choose(spec);
    } else if (event.key === 'Escape' || event.key === 'Tab') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {NodeSpec} spec */
  #choose(spec) {
    const editor = this.#editor;
    this.close();
    addFound(editor, spec, editor.view?.toDocument(this.#client) ?? this.#client, this.#from);
    localStorage.setItem(USES_KEY, writeUses(withUse(this.#uses, spec.type)));
  }
}
