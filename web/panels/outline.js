/** The graph as a tree: nodes in the order of the work, with their inputs and outputs. All of it by keyboard. */

import { shownInputs } from '../canvas/layout.js';
import { moveNodes, removeNodes, unlink } from '../core/edits.js';
import { outlineRows } from '../core/outline.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { askLink, editValue, renameNode } from './outline-actions.js';
import { rowContent } from './outline-row.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */
/** @import { Row } from '../core/outline.js' */

const ROW = 30;
/** Rows beyond what is seen that are there already. */
const SPARE = 8;
const STEP = 20;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountOutline(host, editor) {
  void loadStyle('outline');
  const outline = new Outline(host, editor);
  return () => outline.destroy();
}

class Outline {
  #editor;
  #host;
  #tree;
  /** @type {Set<NodeId>} */
  #open = new Set();
  /** @type {readonly Row[]} */
  #rows = [];
  /** The row that has the tree's place in the order of Tab. */
  #active = '';
  #changes = signal(0);
  #pending = false;
  /** @type {(() => void)[]} */
  #ends;

  /** @param {HTMLElement} host @param {Application} editor */
  constructor(host, editor) {
    const { t } = editor;
    this.#editor = editor;
    this.#host = host;
    this.#tree = h('div', {
      class: 'outline',
      role: 'tree',
      'aria-label': t('panel.outline'),
      'aria-multiselectable': true,
      'aria-describedby': 'outline-help',
      onkeydown: (event) => this.#onKey(event),
      onfocusin: (event) => this.#onFocus(event),
    });
    fill(host, h('p', { class: 'outline-help', id: 'outline-help' }, t('outline.help')), this.#tree);
    const sizes = new ResizeObserver(() => this.#draw());
    sizes.observe(host);
    const onScroll = () => this.#draw();
    host.addEventListener('scroll', onScroll);
    const later = () => this.#later();
    this.#ends = [
      () => sizes.disconnect(),
      () => host.removeEventListener('scroll', onScroll),
      editor.document.onChange(later),
      editor.selection.ids.subscribe(later),
      editor.specs.subscribe(later),
      effect(() => {
        this.#changes.get();
        this.#update();
      }),
    ];
  }

  destroy() {
    for (const end of this.#ends) end();
  }

  /** Many changes are one update. */
  #later() {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      if (this.#tree.isConnected) this.#changes.set(this.#changes.peek() + 1);
    });
  }

  #update() {
    const before = this.#index();
    const { document, outputs } = this.#editor;
    this.#rows = outlineRows({ document, outputs, inputs: (node) => shownInputs(this.#editor, node) }, this.#open);
    if (this.#index() < 0) this.#active = this.#rows[Math.max(0, Math.min(before, this.#rows.length - 1))]?.key ?? '';
    this.#tree.style.height = `${this.#rows.length * ROW}px`;
    this.#draw();
  }

  #index() {
    return this.#rows.findIndex((row) => row.key === this.#active);
  }

  /** Only rows that are seen are elements, and the one that has the focus. */
  #draw() {
    const focused = this.#tree.contains(document.activeElement);
    const top = Math.max(0, this.#host.scrollTop - this.#tree.offsetTop + this.#host.offsetTop);
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(this.#rows.length, first + Math.ceil(this.#host.clientHeight / ROW) + 2 * SPARE);
    const active = this.#index();
    const shown = this.#rows.slice(first, last).map((row, index) => this.#element(row, first + index));
    const row = this.#rows[active];
    if (row && (active < first || active >= last)) shown.push(this.#element(row, active));
    fill(this.#tree, shown, this.#rows.length === 0 ? h('p', { class: 'side-empty' }, this.#editor.t('outline.empty')) : null);
    if (focused) this.#activeElement()?.focus({ preventScroll: true });
  }

  /** @returns {HTMLElement | null} */
  #activeElement() {
    return this.#tree.querySelector('[tabindex="0"]');
  }

  /** @param {Row} row @param {number} index */
  #element(row, index) {
    const { selection } = this.#editor;
    const node = row.kind === 'node';
    return h(
      'div',
      {
        class: `outline-row level-${row.level}`,
        role: 'treeitem',
        'data-row': row.key,
        tabindex: row.key === this.#active ? 0 : -1,
        style: { top: `${index * ROW}px` },
        'aria-level': row.level,
        'aria-posinset': row.at + 1,
        'aria-setsize': row.count,
        'aria-expanded': node ? row.open : null,
        'aria-selected': node ? selection.ids.peek().has(row.node) : null,
        onclick: (event) => this.#onClick(row, event),
        ondblclick: () => this.#enter(row),
        oncontextmenu: (event) => {
          event.preventDefault();
          this.#menu(row, { x: event.clientX, y: event.clientY });
        },
      },
      rowContent(this.#editor, row),
    );
  }

  /** @param {FocusEvent} event */
  #onFocus({ target }) {
    const row = target instanceof HTMLElement ? target.dataset['row'] : undefined;
    if (row === undefined || row === this.#active) return;
    this.#activeElement()?.setAttribute('tabindex', '-1');
    this.#active = row;
    /** @type {HTMLElement} */ (target).tabIndex = 0;
  }

  /** @param {Row} row @param {MouseEvent} event */
  #onClick(row, event) {
    const chevron = event.target instanceof Element && event.target.closest('.outline-chevron');
    this.#go(row.key);
    if (row.kind === 'node' && chevron) this.#toggle(row.node);
    else if (row.kind !== 'node') return;
    else if (event.ctrlKey || event.metaKey || event.shiftKey) this.#editor.selection.toggle(row.node);
    else this.#editor.selection.set([row.node]);
  }

  /** @param {NodeId} id */
  #toggle(id) {
    if (!this.#open.delete(id)) this.#open.add(id);
    this.#update();
  }

  /** Moves the focus to a row. @param {string} key */
  #go(key) {
    this.#active = key;
    const index = this.#index();
    if (index < 0) return;
    const top = this.#tree.offsetTop - this.#host.offsetTop + index * ROW;
    const { scrollTop, clientHeight } = this.#host;
    if (top < scrollTop) this.#host.scrollTop = top - ROW;
    else if (top + ROW > scrollTop + clientHeight) this.#host.scrollTop = top + 2 * ROW - clientHeight;
    this.#draw();
    this.#activeElement()?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const row = this.#rows[this.#index()];
    if (!row || event.isComposing) return;
    if (!this.#moves(event, row) && !this.#acts(event, row)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event @param {Row} row @returns {boolean} whether the key moved something */
  #moves({ key, altKey, shiftKey, ctrlKey, metaKey }, row) {
    if (ctrlKey || metaKey) return false;
    if (altKey) return key in ARROWS && this.#moveNodes(row.node, ARROWS[/** @type {keyof typeof ARROWS} */ (key)], shiftKey);
    const index = this.#index();
    const page = Math.max(1, Math.floor(this.#host.clientHeight / ROW) - 2);
    /** @type {Record<string, number>} */
    const places = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const place = places[key];
    if (place !== undefined) {
      this.#go(this.#rows[Math.max(0, Math.min(this.#rows.length - 1, place))]?.key ?? '');
      return true;
    }
    if (key === 'ArrowRight') {
      if (row.kind === 'node' && !row.open) this.#toggle(row.node);
      else if (row.kind === 'node') this.#go(this.#rows[index + 1]?.key ?? row.key);
      return true;
    }
    if (key !== 'ArrowLeft') return false;
    if (row.kind === 'node' && row.open) this.#toggle(row.node);
    else this.#go(row.node);
    return true;
  }

  /** @param {NodeId} id @param {readonly number[]} direction @param {boolean} far */
  #moveNodes(id, [dx = 0, dy = 0], far) {
    const { document, selection, perform } = this.#editor;
    const chosen = selection.ids.peek().has(id) ? [...selection.ids.peek()] : [id];
    const step = far ? STEP * 5 : STEP;
    const places = chosen.flatMap((each) => {
      const node = document.nodes.get(each);
      return node ? [/** @type {const} */ ([each, { x: node.x + dx * step, y: node.y + dy * step }])] : [];
    });
    perform(moveNodes(new Map(places), `outline ${chosen.join()}`));
    return true;
  }

  /** @param {KeyboardEvent} event @param {Row} row @returns {boolean} whether the key did something */
  #acts({ key, shiftKey, altKey, ctrlKey, metaKey }, row) {
    if (altKey || ctrlKey || metaKey) return false;
    if (key === 'ContextMenu' || (key === 'F10' && shiftKey)) this.#menu(row, null);
    else if (key === 'Enter' && shiftKey && row.kind === 'node') this.#editor.enterSubgraph(row.node);
    else if (key === 'Enter') this.#enter(row);
    else if (key === ' ' && row.kind === 'node') this.#editor.selection.toggle(row.node);
    else if (key === 'F2') this.#edit(row);
    else if (key === 'Delete' || key === 'Backspace') this.#remove(row);
    else return key.length === 1 && key !== '?' && this.#typeAhead(key);
    return true;
  }

  /** The next node whose title begins with a letter. @param {string} letter */
  #typeAhead(letter) {
    const { document, nodeTitle } = this.#editor;
    const start = this.#index() + 1;
    const turned = [...this.#rows.slice(start), ...this.#rows.slice(0, start)];
    const found = turned.find((row) => {
      const node = row.kind === 'node' && document.nodes.get(row.node);
      return node && nodeTitle(node).toLowerCase().startsWith(letter.toLowerCase());
    });
    if (found) this.#go(found.key);
    return true;
  }

  /** What the row is for: show a node, link a socket, change a value. @param {Row} row */
  #enter(row) {
    const editor = this.#editor;
    if (row.kind === 'node') editor.show([row.node]);
    else if (row.kind === 'input' && row.input.widget && !editor.document.linkInto(row.node, row.input.name)) this.#edit(row);
    else askLink(editor, row);
  }

  /** @param {Row} row */
  #edit(row) {
    if (row.kind === 'node') void this.#editor.attempt(() => this.#rename(row.node, row.key));
    else if (row.kind === 'input' && row.input.widget) this.#editValue(row.node, row.input, row.key);
    else askLink(this.#editor, row);
  }

  /** The row may be another element when the dialog closes. @param {NodeId} id @param {string} key */
  async #rename(id, key) {
    await renameNode(this.#editor, id);
    this.#go(key);
  }

  /** The row is another element by then. @param {NodeId} id @param {InputSpec} input @param {string} key */
  #editValue(id, input, key) {
    void this.#editor.attempt(() => editValue(this.#editor, id, input, () => this.#go(key)));
  }

  /** @param {Row} row */
  #remove(row) {
    const { document, perform, selection, announce, t } = this.#editor;
    if (row.kind === 'node') {
      const chosen = selection.ids.peek();
      const ids = chosen.has(row.node) ? [...chosen] : [row.node];
      perform(removeNodes(ids));
      announce(t('announce.removed', { count: ids.length }));
      return;
    }
    const links = row.kind === 'input' ? [document.linkInto(row.node, row.input.name)] : document.linksFrom(row.node, row.output);
    for (const each of links) if (each) perform(unlink(each.id));
    announce(t('announce.unlinked'));
  }

  /** @param {Row} row @param {{ x: number, y: number } | null} point */
  #menu(row, point) {
    if (row.kind !== 'node') return askLink(this.#editor, row);
    const { selection, openMenu } = this.#editor;
    if (!selection.ids.peek().has(row.node)) selection.set([row.node]);
    const box = this.#activeElement()?.getBoundingClientRect();
    openMenu(point ?? { x: (box?.left ?? 0) + 40, y: box?.bottom ?? 0 }, { kind: 'node', id: row.node });
  }
}
