/** The search for a node: opened on the canvas, by Tab, or by dropping a link where nothing is. */

import { addNodes, compose, link } from '../core/edits.js';
import { createNode } from '../core/create.js';
import { firstInput, firstOutput, searchTypes } from '../core/search.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { placeAt } from '../ui/place.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { LinkEnd, Point } from '../types/editor.d.ts' */
/** @import { GraphNode, Link } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { LinkType } from '../core/search.js' */

const USES_KEY = 'safelight.uses';
const MOST_SHOWN = 60;
const TITLE_OFFSET = 16;

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {LinkEnd | null} from
 */
export function openSearch(editor, client, from) {
  const popup = new SearchPopup(editor, client, from);
  document.body.append(popup.element);
  placeAt(popup.element, client.x - 24, client.y - TITLE_OFFSET);
  popup.input.focus();
}

/**
 * The type of the link's end that a new node shall take.
 * @param {Application} editor
 * @param {LinkEnd | null} from
 * @returns {LinkType | null}
 */
function linkType(editor, from) {
  if (!from) return null;
  if ('output' in from) return { output: editor.outputType(from.node, from.output) };
  const node = editor.document.nodes.get(from.node);
  const input = node && editor.inputs(node).find(({ name }) => name === from.input);
  return { input: input?.type ?? '*' };
}

class SearchPopup {
  #editor;
  #client;
  #from;
  #link;
  #uses = readUses();
  /** @type {readonly NodeSpec[]} */
  #found = [];
  #active = 0;
  #closed = false;

  /** @param {Application} editor @param {Point} client @param {LinkEnd | null} from */
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
    this.about = h('p', { class: 'search-about' });
    this.input = h('input', {
      class: 'search-input',
      type: 'text',
      role: 'combobox',
      placeholder: t('search.placeholder'),
      'aria-label': t('search.placeholder'),
      'aria-controls': 'search-results',
      'aria-expanded': 'true',
      'aria-autocomplete': 'list',
      autocomplete: 'off',
      spellcheck: 'false',
      oninput: () => this.#search(),
      onkeydown: (event) => this.#onKey(event),
    });
    const type = this.#link && ('output' in this.#link ? this.#link.output : this.#link.input);
    this.element = h(
      'div',
      { class: 'search', role: 'dialog', 'aria-label': t('search.title') },
      h(
        'div',
        { class: 'search-head' },
        icon('search'),
        this.input,
        type ? h('span', { class: 'search-type' }, type) : null,
      ),
      this.list,
      this.about,
    );
    this.element.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.element.contains(event.relatedTarget))) this.close();
    });
    this.#search();
  }

  close() {
    // Removing the element takes the focus away, which closes it too.
    if (this.#closed) return;
    this.#closed = true;
    this.element.remove();
  }

  #search() {
    const { specs, typeNames } = this.#editor;
    const candidates = [...specs.peek().values()].map((spec) => ({ spec, names: typeNames(spec) }));
    const options = { link: this.#link, uses: this.#uses };
    this.#found = searchTypes(this.input.value, candidates, options).slice(0, MOST_SHOWN);
    this.#active = 0;
    if (this.#found.length === 0) fill(this.list, h('p', { class: 'search-none' }, this.#editor.t('search.none')));
    else
      fill(
        this.list,
        this.#found.map((spec, index) => this.#option(spec, index)),
      );
    this.#mark();
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
      title === spec.type ? null : h('span', { class: 'search-id' }, spec.type),
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
    this.about.textContent = spec ? firstSentence(this.#editor.typeDescription(spec)) : '';
    this.about.hidden = this.about.textContent === '';
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
    const node = placed(editor, spec, this.#client, this.#from);
    const wire = this.#from && this.#link ? wireTo(editor, node, spec, this.#from, this.#link) : null;
    editor.perform(compose('edit.add', [addNodes([node]), ...(wire ? [link(wire)] : [])]));
    editor.selection.set([node.id]);
    this.#uses.set(spec.type, (this.#uses.get(spec.type) ?? 0) + 1);
    localStorage.setItem(USES_KEY, JSON.stringify([...this.#uses]));
  }
}

/**
 * The new node where the link was dropped: its near side at the pointer.
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {Point} client
 * @param {LinkEnd | null} from
 */
function placed(editor, spec, client, from) {
  const point = editor.view?.toDocument(client) ?? client;
  const node = createNode(spec, editor.document.freshNodeId(), point);
  const left = from && 'input' in from ? node.width : from ? 0 : Math.round(node.width / 2);
  return { ...node, x: node.x - left };
}

/**
 * @param {Application} editor
 * @param {GraphNode} node
 * @param {NodeSpec} spec
 * @param {LinkEnd} from
 * @param {LinkType} type
 * @returns {Link | null}
 */
function wireTo(editor, node, spec, from, type) {
  const id = editor.document.freshLinkId();
  if ('output' in from && 'output' in type) {
    const input = firstInput(spec, type.output);
    return input && { id, from: from.node, output: from.output, to: node.id, input: input.name, type: type.output };
  }
  if (!('input' in from) || !('input' in type)) return null;
  const output = firstOutput(spec, type.input);
  const kind = spec.outputs[output]?.type;
  return kind === undefined ? null : { id, from: node.id, output, to: from.node, input: from.input, type: kind };
}

/** @param {string} text */
const firstSentence = (text) => text.split('\n\n')[0]?.trim() ?? '';

/** How often each type was added. @returns {Map<string, number>} */
function readUses() {
  try {
    return new Map(JSON.parse(localStorage.getItem(USES_KEY) ?? '[]'));
  } catch {
    return new Map();
  }
}
