/** Undo and redo. */

import { batch, computed, signal } from './signal.js';

/** @import { Edit } from '../types/document.d.ts' */
/** @import { ReadonlySignal } from '../types/signal.d.ts' */
/** @import { GraphDocument } from './document.js' */

/**
 * `edit` takes the step back (in the past) or makes it again (in the future); `state` numbers what the document was
 * after the step.
 * @typedef {{ edit: Edit, state: number }} Step
 */

const LIMIT = 1000;

export class History {
  #document;
  /** @type {Step[]} */
  #past = [];
  /** @type {Step[]} */
  #future = [];
  #base = 0;
  #lastState = 0;
  #state = signal(0);
  #saved = signal(0);

  /** @param {GraphDocument} document */
  constructor(document) {
    this.#document = document;
    /** True while the document differs from what was last saved. @type {ReadonlySignal<boolean>} */
    this.dirty = computed(() => this.#state.get() !== this.#saved.get());
    /** The label of what undo would take back. @type {ReadonlySignal<string | null>} */
    this.undoLabel = computed(() => this.#topLabel(this.#past));
    /** The label of what redo would make again. @type {ReadonlySignal<string | null>} */
    this.redoLabel = computed(() => this.#topLabel(this.#future));
  }

  /** @param {readonly Step[]} steps */
  #topLabel(steps) {
    this.#state.get();
    return steps.at(-1)?.edit.label ?? null;
  }

  /** @param {Edit} edit */
  perform(edit) {
    const inverse = this.#document.transact(() => edit.apply(this.#document));
    const last = this.#past.at(-1);
    const same = edit.mergeKey !== undefined && last?.edit.mergeKey === edit.mergeKey;
    const merges = last && same && this.#future.length === 0;
    // The first of a run of merged edits knows what was there before all of them.
    if (merges) this.#past.pop();
    this.#future = [];
    this.#lastState += 1;
    this.#past.push({ edit: merges ? last.edit : inverse, state: this.#lastState });
    if (this.#past.length > LIMIT) this.#base = this.#past.shift()?.state ?? this.#base;
    this.#show();
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** @param {Step[]} from @param {Step[]} to */
  #step(from, to) {
    const step = from.pop();
    if (!step) return;
    const inverse = this.#document.transact(() => step.edit.apply(this.#document));
    to.push({ edit: inverse, state: step.state });
    this.#show();
  }

  /** What the document is now is what is saved. */
  markSaved() {
    this.#saved.set(this.#state.peek());
  }

  /**
   * Forget every step: the document has just been opened.
   * @param {boolean} saved whether it is as its file has it
   */
  clear(saved) {
    this.#past = [];
    this.#future = [];
    this.#lastState += 1;
    this.#base = this.#lastState;
    batch(() => {
      this.#show();
      this.#saved.set(saved ? this.#base : -1);
    });
  }

  #show() {
    this.#state.set(this.#past.at(-1)?.state ?? this.#base);
  }
}
