/** The gallery: all pictures that jobs have made, newest first. */

import { copyPicture, openWorkflowOf, savePicture, useAsInput } from '../app/use-result.js';
import { PagedList } from '../core/paged-list.js';
import { effect } from '../core/signal.js';
import { deleteResults, listResults } from '../net/jobs.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { VirtualList } from '../ui/virtual-list.js';
import { askDelete } from './gallery-delete.js';
import { dragPicture } from './gallery-drag.js';
import { galleryFilters } from './gallery-filters.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Result, ResultFilter } from '../types/run.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

const CELL = 104;
const WIDE_CELL = 168;
const WIDE = 'wide';

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountGallery(host, editor) {
  const gallery = new Gallery(host, editor);
  void loadStyle('gallery').then(() => gallery.update());
  return () => gallery.destroy();
}

/** @param {Result} result */
const keyOf = ({ job, node, subfolder, filename, type }) => `${job} ${node} ${type}/${subfolder}/${filename}`;

class Gallery {
  #editor;
  #host;
  #scroller = h('div', { class: 'gallery-scroll' });
  #grid;
  #results;
  /** @type {ResultFilter} */
  #filter = { search: '', name: '', since: null, until: null, status: '', area: 'output' };
  /** What is chosen, by key. @type {Map<string, Result>} */
  #chosen = new Map();
  #actions = h('div', { class: 'gallery-actions', hidden: true });
  #count = h('span', { class: 'gallery-count', 'aria-live': 'polite' });
  #empty = h('p', { class: 'side-empty gallery-empty', hidden: true });
  #current = 0;
  #anchor = 0;
  /** @type {(() => void)[]} */
  #ends = [];

  /** @param {HTMLElement} host @param {Application} editor */
  constructor(host, editor) {
    const { t } = editor;
    this.#editor = editor;
    this.#host = host;
    this.#results = new PagedList((offset, count) => this.#read(offset, count));
    this.#grid = new VirtualList(
      this.#scroller,
      {
        count: () => this.#results.total.peek() ?? 0,
        shape: (width) => this.#shape(width),
        key: (index) => this.#keyAt(index),
        cell: (index) => this.#cell(index),
        onSight: (first, last) => void editor.attempt(() => this.#results.want(first, last)),
      },
      { label: t('panel.gallery'), role: 'listbox' },
    );
    this.#grid.element.setAttribute('aria-multiselectable', 'true');
    this.#scroller.append(this.#empty, this.#grid.element);
    host.classList.add('gallery');
    fill(host, this.#head(), this.#actions, this.#scroller);
    this.#grid.element.addEventListener('keydown', (event) => this.#onKey(event));
    this.#ends.push(
      effect(() => {
        this.#results.version.get();
        const total = this.#results.total.get();
        this.#count.textContent = total === null ? '' : t(total === 1 ? 'gallery.count.one' : 'gallery.count', { count: total });
        this.#empty.textContent = t(this.#isFiltered() ? 'gallery.none' : 'gallery.empty');
        this.#empty.hidden = total !== 0;
        this.update();
      }),
      // Jobs that have ended bring new pictures.
      editor.queue.counts.subscribe(() => void this.#results.refresh().catch(() => undefined)),
    );
    void editor.attempt(() => this.#results.refresh());
  }

  destroy() {
    for (const end of this.#ends) end();
    this.#grid.destroy();
    this.#host.classList.remove('gallery');
    this.#host.parentElement?.classList.remove(WIDE);
  }

  update() {
    this.#grid.update();
    this.#offerFocus();
  }

  /** @param {number} offset @param {number} count */
  async #read(offset, count) {
    const { results, pagination } = await listResults(this.#editor.client, this.#filter, offset, count);
    return { items: results, total: pagination.total };
  }

  get #isWide() {
    return this.#host.parentElement?.classList.contains(WIDE) ?? false;
  }

  /** @param {number} width */
  #shape(width) {
    const columns = Math.max(1, Math.floor(width / (this.#isWide ? WIDE_CELL : CELL)));
    return { columns, height: Math.floor(width / columns) };
  }

  #isFiltered() {
    const { search, name, since, until, status } = this.#filter;
    return search !== '' || name !== '' || status !== '' || since !== null || until !== null;
  }

  #head() {
    const { t } = this.#editor;
    const label = t('gallery.wide');
    const widen = () => {
      const isWide = this.#host.parentElement?.classList.toggle(WIDE) ?? false;
      wide.setAttribute('aria-pressed', String(isWide));
      this.update();
    };
    const wide = h(
      'button',
      { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, 'aria-pressed': 'false', onclick: widen },
      icon('expand'),
    );
    const filters = galleryFilters(this.#editor, this.#filter, (changes) => {
      this.#filter = { ...this.#filter, ...changes };
      this.#scroller.scrollTop = 0;
      void this.#editor.attempt(() => this.#results.reset());
    });
    return h('div', { class: 'gallery-head' }, filters, h('div', { class: 'gallery-info' }, this.#count, wide));
  }

  /** @param {number} index */
  #keyAt(index) {
    const result = this.#results.at(index);
    return result ? `${keyOf(result)} ${this.#chosen.has(keyOf(result))}` : `unread ${index}`;
  }

  /** @param {number} index */
  #cell(index) {
    const editor = this.#editor;
    const result = this.#results.at(index);
    if (!result) return h('div', { class: 'tile unread', role: 'option', 'aria-selected': 'false' });
    const chosen = this.#chosen.has(keyOf(result));
    const image = h('img', { src: editor.pictureUrl(result, true), alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' });
    const tile = h(
      'div',
      {
        class: chosen ? 'tile chosen' : 'tile',
        role: 'option',
        tabindex: -1,
        'aria-selected': chosen,
        'aria-label': `${result.filename}, ${result.name || editor.t('files.untitled')}`,
        'data-tip': `${result.name || editor.t('files.untitled')}\n${result.filename}`,
        draggable: 'true',
        onclick: (event) => this.#onClick(event, Number(tile.dataset['index'])),
        oncontextmenu: (event) => {
          event.preventDefault();
          this.#openMenu(Number(tile.dataset['index']), { x: event.clientX, y: event.clientY });
        },
        ondragstart: (event) => dragPicture(editor, event, result, image),
      },
      image,
      h('span', { class: 'tile-mark', 'aria-hidden': 'true' }, icon('check')),
    );
    image.onerror = () => {
      tile.classList.add('gone');
      tile.setAttribute('aria-label', editor.t('pictures.gone', { name: result.filename }));
    };
    return tile;
  }

  /** @param {MouseEvent} event @param {number} index */
  #onClick(event, index) {
    const onMark = event.target instanceof Element && event.target.closest('.tile-mark') !== null;
    this.#current = index;
    if (event.shiftKey) this.#chooseTo(index);
    else if (event.ctrlKey || event.metaKey || onMark) this.#toggle(index);
    else this.#open(index);
  }

  /** @param {number} index */
  #toggle(index) {
    const result = this.#results.at(index);
    if (!result) return;
    const key = keyOf(result);
    if (!this.#chosen.delete(key)) this.#chosen.set(key, result);
    this.#anchor = index;
    this.#showChosen();
  }

  /** @param {number} index */
  #chooseTo(index) {
    const [first, last] = [Math.min(index, this.#anchor), Math.max(index, this.#anchor)];
    for (let each = first; each <= last; each += 1) {
      const result = this.#results.at(each);
      if (result) this.#chosen.set(keyOf(result), result);
    }
    this.#showChosen();
  }

  #chooseNone() {
    this.#chosen.clear();
    this.#showChosen();
  }

  #showChosen() {
    const editor = this.#editor;
    const { t } = editor;
    const chosen = [...this.#chosen.values()];
    const text = (/** @type {string} */ label, /** @type {() => void} */ onclick) => h('button', { class: 'text-button', type: 'button', onclick }, label);
    this.#actions.hidden = chosen.length === 0;
    fill(
      this.#actions,
      h('span', null, t('gallery.chosen', { count: chosen.length })),
      chosen.length === 2 ? text(t('pictures.compare'), () => this.#compare(chosen)) : null,
      text(t('pictures.save'), () => chosen.forEach((each) => savePicture(editor, each))),
      text(t('pictures.delete'), () => void this.#delete(chosen)),
      text(t('gallery.choose-none'), () => this.#chooseNone()),
    );
    this.update();
  }

  /** @param {readonly Result[]} pair */
  #compare(pair) {
    void this.#editor.attempt(async () => (await import('./compare.js')).openCompare(this.#editor, pair));
  }

  /** @param {number} index */
  #open(index) {
    const results = this.#results;
    void this.#editor.attempt(async () => {
      const { openLightbox } = await import('./lightbox.js');
      const source = {
        count: () => results.total.peek() ?? 0,
        at: async (/** @type {number} */ wanted) => {
          if (!results.at(wanted)) await results.want(wanted, wanted);
          return results.at(wanted);
        },
        remove: (/** @type {PictureRef | Result} */ picture) => this.#delete('job' in picture ? [picture] : []),
        onShow: (/** @type {number} */ shown) => {
          this.#current = shown;
          this.#grid.reveal(shown);
        },
      };
      await openLightbox(this.#editor, source, index);
    });
  }

  /** @param {number} index @param {{ x: number, y: number } | HTMLElement} anchor */
  #openMenu(index, anchor) {
    const editor = this.#editor;
    const { attempt, t } = editor;
    const result = this.#results.at(index);
    if (!result) return;
    const run = (/** @type {() => void | Promise<void>} */ action) => () => void attempt(action);
    /** @type {MenuEntry[]} */
    const entries = [
      { label: t('pictures.enlarge'), icon: 'eye', run: () => this.#open(index) },
      { label: t('pictures.open-workflow'), icon: 'folder', run: run(() => openWorkflowOf(editor, result)) },
      { label: t('pictures.use'), icon: 'image', run: run(() => useAsInput(editor, result)) },
      { label: t('pictures.save'), icon: 'download', run: () => savePicture(editor, result) },
      { label: t('pictures.copy'), icon: 'copy', run: run(() => copyPicture(editor, result)) },
      'separator',
      { label: t('gallery.choose'), checked: this.#chosen.has(keyOf(result)), run: () => this.#toggle(index) },
      { label: t('gallery.same-job'), run: () => this.#chooseJob(result.job) },
      'separator',
      { label: t('pictures.delete'), icon: 'trash', danger: true, run: () => void this.#delete([result]) },
    ];
    openMenu(entries, anchor, { label: result.filename });
  }

  /** @param {string} job */
  #chooseJob(job) {
    for (const result of this.#results.loaded()) if (result.job === job) this.#chosen.set(keyOf(result), result);
    this.#showChosen();
  }

  /** @param {readonly Result[]} results @returns {Promise<boolean>} */
  async #delete(results) {
    const { attempt, client } = this.#editor;
    if (results.length === 0) return false;
    const answer = await askDelete(this.#editor, results.length);
    if (!answer) return false;
    await attempt(async () => {
      await deleteResults(client, results, answer.files);
      for (const result of results) this.#chosen.delete(keyOf(result));
      await this.#results.refresh();
    });
    this.#showChosen();
    return true;
  }

  #offerFocus() {
    const count = this.#results.total.peek() ?? 0;
    this.#current = Math.max(0, Math.min(this.#current, count - 1));
    for (const tile of this.#grid.element.children) {
      if (tile instanceof HTMLElement) tile.tabIndex = Number(tile.dataset['index']) === this.#current ? 0 : -1;
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const tile = event.target;
    if (!(tile instanceof HTMLElement) || !tile.classList.contains('tile') || event.isComposing) return;
    const index = Number(tile.dataset['index']);
    const { columns } = this.#grid;
    const steps = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns });
    const step = steps[event.key];
    if (step !== undefined) this.#focus(index + step, event.shiftKey);
    else if (event.key === 'Home' || event.key === 'End') this.#focus(event.key === 'Home' ? 0 : Infinity, event.shiftKey);
    else if (event.key === 'Enter') this.#open(index);
    else if (event.key === ' ') this.#toggle(index);
    else if (event.key === 'Delete') void this.#deleteAt(index);
    else if (event.key === 'Escape' && this.#chosen.size > 0) this.#chooseNone();
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) this.#openMenu(index, tile);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.#grid.cell(this.#current)?.focus();
  }

  /** @param {number} index */
  async #deleteAt(index) {
    const result = this.#results.at(index);
    await this.#delete(this.#chosen.size > 0 ? [...this.#chosen.values()] : result ? [result] : []);
  }

  /** @param {number} index @param {boolean} choosing */
  #focus(index, choosing) {
    this.#current = Math.max(0, Math.min(index, (this.#results.total.peek() ?? 1) - 1));
    if (choosing) this.#chooseTo(this.#current);
    this.#grid.reveal(this.#current);
    this.#offerFocus();
  }
}
