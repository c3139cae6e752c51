/** The queue: what runs, what waits, what has ended with its pictures. */

import { clock } from '../core/durations.js';
import { restOfQueue } from '../core/queue-estimate.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { VirtualList } from '../ui/virtual-list.js';
import { openJobMenu } from './job-menu.js';
import { endedRow, runningRow, waitingRow } from './job-row.js';
import { followDrags, moveByKey } from './queue-order.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */
/** @import { PagedList } from '../core/paged-list.js' */

const WAITING_HEIGHT = 54;
const ENDED_HEIGHT = 72;
const TICK_MS = 1000;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountQueue(host, editor) {
  const panel = new QueuePanel(host, editor);
  void loadStyle('queue').then(() => panel.update());
  void editor.attempt(() => editor.queue.refresh());
  return () => panel.destroy();
}

class QueuePanel {
  #editor;
  #scroller;
  #waiting;
  #ended;
  #running = h('div', { class: 'jobs', role: 'list' });
  #rest = h('p', { class: 'queue-rest' });
  #announcer = h('div', { class: 'visually-hidden', 'aria-live': 'polite' });
  /** @type {(() => void)[]} */
  #ends = [];
  /** @type {(() => void)[]} */
  #ticks = [];
  /** The job whose row keeps the focus when the list changes. @type {string | null} */
  #focused = null;

  /** @param {HTMLElement} host @param {Application} editor */
  constructor(host, editor) {
    this.#editor = editor;
    this.#scroller = host;
    const { queue, t } = editor;
    this.#waiting = this.#list(queue.waiting, WAITING_HEIGHT, t('queue.waiting'), (item, index) => waitingRow(editor, item, index));
    this.#ended = this.#list(queue.ended, ENDED_HEIGHT, t('queue.ended'), (item) => endedRow(editor, item));
    this.#running.setAttribute('aria-label', t('queue.state.running'));
    fill(host, this.#openSection(), this.#endedSection(), this.#announcer);
    host.classList.add('queue-panel');
    followDrags(editor, this.#waiting, host, WAITING_HEIGHT);
    host.addEventListener('keydown', this.#onKey);
    host.addEventListener('focusin', this.#onFocus);
    const timer = setInterval(() => this.#tick(), TICK_MS);
    this.#ends.push(
      effect(() => this.#showRunning()),
      effect(() => {
        queue.waiting.version.get();
        queue.ended.version.get();
        queue.counts.get();
        this.update();
      }),
      () => clearInterval(timer),
    );
  }

  destroy() {
    for (const end of this.#ends) end();
    this.#waiting.destroy();
    this.#ended.destroy();
    this.#scroller.removeEventListener('keydown', this.#onKey);
    this.#scroller.removeEventListener('focusin', this.#onFocus);
    this.#scroller.classList.remove('queue-panel');
  }

  update() {
    const { queue } = this.#editor;
    this.#waiting.update();
    this.#ended.update();
    this.#keepFocus();
    for (const [list, count] of /** @type {const} */ ([[this.#waiting, queue.counts.peek().waiting], [this.#ended, queue.ended.total.peek() ?? 0]])) {
      list.element.hidden = count === 0;
    }
  }

  /**
   * @param {PagedList<QueueItem>} items
   * @param {number} height
   * @param {string} label
   * @param {(item: QueueItem, index: number) => HTMLElement} row
   */
  #list(items, height, label, row) {
    return new VirtualList(
      this.#scroller,
      {
        count: () => items.total.peek() ?? 0,
        shape: () => ({ columns: 1, height }),
        key: (index) => keyOf(items.at(index), index),
        cell: (index) => {
          const item = items.at(index);
          return item ? row(item, index) : h('div', { class: 'job unread', role: 'listitem' });
        },
        onSight: (first, last) => void this.#editor.attempt(() => items.want(first, last)),
      },
      { label },
    );
  }

  #openSection() {
    const { attempt, queue, t } = this.#editor;
    const pause = h('button', { class: 'text-button', type: 'button', onclick: () => void attempt(() => queue.pause(!queue.paused.peek())) });
    const clear = h('button', { class: 'text-button', type: 'button', onclick: () => void attempt(() => queue.clear('waiting')) }, t('queue.clear.waiting'));
    const paused = h('p', { class: 'queue-paused' }, icon('clock'), t('queue.paused'));
    const empty = h('p', { class: 'side-empty' }, t('queue.open.empty'));
    this.#ends.push(
      effect(() => {
        const { running, waiting } = queue.counts.get();
        pause.textContent = t(queue.paused.get() ? 'queue.resume' : 'queue.pause');
        paused.hidden = !queue.paused.get();
        clear.hidden = waiting === 0;
        empty.hidden = running + waiting > 0;
        this.#running.hidden = running === 0;
      }),
    );
    return section(t('queue.open'), [pause, clear], [paused, empty, this.#running, this.#rest, this.#waiting.element]);
  }

  #endedSection() {
    const { attempt, queue, t } = this.#editor;
    const clear = h('button', { class: 'text-button', type: 'button', onclick: () => void attempt(() => queue.clear('ended')) }, t('queue.clear.ended'));
    const gallery = h('button', { class: 'text-button', type: 'button', onclick: () => this.#editor.execute('view.gallery') }, t('queue.gallery'));
    const empty = h('p', { class: 'side-empty' }, t('queue.ended.empty'));
    this.#ends.push(
      effect(() => {
        const count = queue.ended.total.get() ?? 0;
        clear.hidden = gallery.hidden = count === 0;
        empty.hidden = count > 0;
      }),
    );
    return section(t('queue.ended'), [gallery, clear], [empty, this.#ended.element]);
  }

  #showRunning() {
    const rows = this.#editor.queue.running.get().map((item) => runningRow(this.#editor, item));
    this.#ticks = rows.map(({ showTimes }) => showTimes);
    fill(this.#running, rows.map(({ element }) => element));
    this.#keepFocus();
    this.#showRest();
  }

  #tick() {
    for (const tick of this.#ticks) tick();
    this.#showRest();
  }

  #showRest() {
    const { queue, run, t } = this.#editor;
    const { running, waiting } = queue.counts.peek();
    const ended = queue.ended.loaded().filter(({ state }) => state === 'success');
    const durations = ended.slice(0, 9).map((item) => ((item.ended ?? 0) - (item.started ?? 0)) / 1000);
    const rest = waiting === 0 || queue.paused.peek() ? null : restOfQueue(run.rest(), running, waiting, durations);
    const count = t(waiting === 1 ? 'queue.waiting.one' : 'queue.waiting.count', { count: waiting });
    this.#rest.textContent = rest === null ? count : `${count} · ${t('queue.all-left', { time: clock(rest) })}`;
    this.#rest.hidden = waiting === 0;
  }

  #onFocus = (/** @type {FocusEvent} */ event) => {
    const row = event.target instanceof Element && event.target.closest('.job');
    this.#focused = row instanceof HTMLElement ? (row.dataset['job'] ?? null) : null;
  };

  /** A row that was made anew takes the focus of the one that it stands for. */
  #keepFocus() {
    const id = this.#focused;
    if (id === null || (document.activeElement !== document.body && document.activeElement?.isConnected)) return this.#offerFocus();
    const row = this.#scroller.querySelector(`[data-job="${CSS.escape(id)}"]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
    this.#offerFocus();
  }

  /** One row of all can be reached with Tab. */
  #offerFocus() {
    const rows = this.#rows();
    const current = rows.find((row) => row.dataset['job'] === this.#focused) ?? rows[0];
    for (const row of rows) row.tabIndex = row === current ? 0 : -1;
  }

  #rows() {
    return /** @type {HTMLElement[]} */ ([...this.#scroller.querySelectorAll('.job[data-job]')]);
  }

  #onKey = (/** @type {KeyboardEvent} */ event) => {
    const row = event.target;
    if (!(row instanceof HTMLElement) || !row.classList.contains('job') || event.isComposing) return;
    const id = row.dataset['job'] ?? '';
    const item = this.#itemOf(id);
    if (!item) return;
    if (this.#act(event, row, item)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** @param {KeyboardEvent} event @param {HTMLElement} row @param {QueueItem} item @returns {boolean} whether the key means something */
  #act(event, row, item) {
    const moved = item.state === 'pending' ? moveByKey(this.#editor, item.id, Number(row.dataset['index']), event) : null;
    if (moved) {
      void moved.then(() => this.#tellPlace(item));
      return true;
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const rows = this.#rows();
      rows[rows.indexOf(row) + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
    } else if (event.key === 'Enter' || event.key === ' ') openJobMenu(this.#editor, item, row);
    else if (event.key === 'Delete') void this.#editor.attempt(() => this.#editor.queue.remove(item));
    else return false;
    return true;
  }

  /** @param {QueueItem} item */
  #tellPlace({ id, name }) {
    const { queue, t } = this.#editor;
    const place = queue.waiting.loaded().findIndex((item) => item.id === id) + 1;
    if (place > 0) this.#announcer.textContent = t('queue.waiting.about', { name: name || t('files.untitled'), place });
  }

  /** @param {string} id */
  #itemOf(id) {
    return this.#editor.queue.items.peek().find((item) => item.id === id) ?? null;
  }
}

/** @param {QueueItem | null} item @param {number} index */
function keyOf(item, index) {
  if (!item) return `unread ${index}`;
  const place = item.state === 'pending' ? index : '';
  return [item.id, item.state, place, item.name, item.tags.join(), item.priority, item.pictures.length].join('|');
}

/**
 * @param {string} label
 * @param {readonly HTMLElement[]} buttons
 * @param {readonly HTMLElement[]} content
 */
function section(label, buttons, content) {
  return h(
    'section',
    { class: 'side-section', 'aria-label': label },
    h('div', { class: 'side-section-head' }, h('h3', null, label), h('div', null, buttons)),
    content,
  );
}
