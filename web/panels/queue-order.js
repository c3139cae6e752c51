/** Giving waiting jobs another place: by dragging, and by keys. */

import { h } from '../ui/dom.js';

/** @import { Application, QueueControl } from '../types/app.d.ts' */
/** @import { VirtualList } from '../ui/virtual-list.js' */

/** Near the edges a drag scrolls, by so many pixels a frame. */
const EDGE = 36;
const SPEED = 9;

/**
 * @param {Application} editor
 * @param {VirtualList} list of the waiting jobs
 * @param {HTMLElement} scroller
 * @param {number} height of a row
 */
export function followDrags(editor, list, scroller, height) {
  list.element.addEventListener('pointerdown', (event) => {
    const grip = event.target instanceof Element && event.target.closest('.job-grip');
    const row = grip && grip.closest('.job');
    if (row instanceof HTMLElement && event.button === 0) new Drag(editor, list, scroller, height, row, event);
  });
}

class Drag {
  #editor;
  #list;
  #scroller;
  #height;
  #row;
  #line = h('div', { class: 'drop-line' });
  #target;
  #y;
  #frame = 0;
  #abort = new AbortController();

  /**
   * @param {Application} editor
   * @param {VirtualList} list
   * @param {HTMLElement} scroller
   * @param {number} height
   * @param {HTMLElement} row
   * @param {PointerEvent} event
   */
  constructor(editor, list, scroller, height, row, event) {
    this.#editor = editor;
    this.#list = list;
    this.#scroller = scroller;
    this.#height = height;
    this.#row = row;
    this.#target = Number(row.dataset['index']);
    this.#y = event.clientY;
    event.preventDefault();
    row.classList.add('dragged');
    list.element.append(this.#line);
    list.element.setPointerCapture(event.pointerId);
    const { signal } = this.#abort;
    list.element.addEventListener('pointermove', (move) => this.#move(move), { signal });
    list.element.addEventListener('pointerup', () => this.#end(true), { signal });
    list.element.addEventListener('pointercancel', () => this.#end(false), { signal });
    addEventListener('keydown', (key) => this.#onKey(key), { signal, capture: true });
    this.#step();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#y = event.clientY;
    this.#place();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.#end(false);
  }

  /** Where it would go: before the row of that index. */
  #place() {
    const top = this.#list.element.getBoundingClientRect().top;
    const count = this.#editor.queue.counts.peek().waiting;
    this.#target = Math.max(0, Math.min(count, Math.round((this.#y - top) / this.#height)));
    this.#line.style.top = `${this.#target * this.#height}px`;
  }

  #step() {
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    if (this.#y < top + EDGE) this.#scroller.scrollTop -= SPEED;
    else if (this.#y > bottom - EDGE) this.#scroller.scrollTop += SPEED;
    this.#place();
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  /** @param {boolean} done false when it was given up */
  #end(done) {
    cancelAnimationFrame(this.#frame);
    this.#abort.abort();
    this.#line.remove();
    this.#row.classList.remove('dragged');
    const from = Number(this.#row.dataset['index']);
    if (done && this.#target !== from && this.#target !== from + 1) void moveTo(this.#editor, this.#row.dataset['job'] ?? '', this.#target);
  }
}

/** @param {Application} editor @param {string} id @param {number} index it goes before the job of that place */
async function moveTo({ attempt, queue }, id, index) {
  const next = queue.waiting.at(index);
  const previous = queue.waiting.at(index - 1);
  if (next) await attempt(() => queue.move(id, { before: next.id }));
  else if (previous) await attempt(() => queue.move(id, { after: previous.id }));
}

/**
 * What a key means for a waiting job.
 * @param {Application} editor
 * @param {string} id
 * @param {number} index
 * @param {KeyboardEvent} event
 * @returns {Promise<void> | null} null for other keys
 */
export function moveByKey({ attempt, queue }, id, index, event) {
  const place = event.altKey ? placeOf(queue, index, event.key) : null;
  return place && attempt(() => queue.move(id, place));
}

/**
 * @param {QueueControl} queue
 * @param {number} index
 * @param {string} key
 * @returns {Parameters<QueueControl['move']>[1] | null}
 */
function placeOf(queue, index, key) {
  if (key === 'Home' || key === 'End') return { to: key === 'Home' ? 'front' : 'back' };
  const previous = queue.waiting.at(index - 1);
  const next = queue.waiting.at(index + 1);
  if (key === 'ArrowUp') return previous && { before: previous.id };
  return key === 'ArrowDown' ? next && { after: next.id } : null;
}
