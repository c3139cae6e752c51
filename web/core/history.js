/** Undo and redo: one list for all levels of the document. Each step is taken back where it was made. */

import { batch, computed, signal } from './signal.js';

/** @import { Edit, NodeId } from '../types/document.d.ts' */
/** @import { ReadonlySignal } from '../types/signal.d.ts' */
/** @import { GraphDocument } from './document.js' */

/**
 * `edit` takes the step back (in the past) or makes it again (in the future); `state` numbers what the document was
 * after the step. `from` and `to` lead to the levels that were shown before and after it.
 * @typedef {{ edit: Edit, state: number, from: readonly NodeId[], to: readonly NodeId[] }} Step
 */

/**
 * Everything that a history knows of its document, while another document has its place.
 * @typedef {{ past: Step[], future: Step[], base: number, state: number, saved: number }} Taken
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
    const from = this.#document.path;
    const inverse = this.#document.transact(() => edit.apply(this.#document));
    const to = this.#document.path;
    const last = this.#past.at(-1);
    const same = edit.mergeKey !== undefined && last?.edit.mergeKey === edit.mergeKey && samePath(last.to, from);
    const merges = last && same && this.#future.length === 0;
    // The first of a run of merged edits knows what was there before all of them.
    if (merges) this.#past.pop();
    this.#future = [];
    this.#lastState += 1;
    this.#past.push({ edit: merges ? last.edit : inverse, state: this.#lastState, from: merges ? last.from : from, to });
    if (this.#past.length > LIMIT) this.#base = this.#past.shift()?.state ?? this.#base;
    this.#show();
  }

  undo() {
    const step = this.#past.pop();
    if (step) this.#future.push({ ...step, edit: this.#make(step.edit, step.to, step.from) });
    this.#show();
  }

  redo() {
    const step = this.#future.pop();
    if (step) this.#past.push({ ...step, edit: this.#make(step.edit, step.from, step.to) });
    this.#show();
  }

  /**
   * @param {Edit} edit
   * @param {readonly NodeId[]} level where it is to be made
   * @param {readonly NodeId[]} after what is to be shown then
   * @returns {Edit} its inverse
   */
  #make(edit, level, after) {
    const document = this.#document;
    return document.transact(() => {
      document.show(level);
      const inverse = edit.apply(document);
      document.show(after);
      return inverse;
    });
  }

  /** The number of what the document is now. */
  get state() {
    return this.#state.peek();
  }

  /** What the document is, or was, is what is saved. @param {number} [state] its number */
  markSaved(state = this.state) {
    this.#saved.set(state);
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

  /**
   * The steps of the document that is there, to be put back with it. Numbers of states are not given twice, so that
   * those of several documents can take turns.
   * @returns {Taken}
   */
  take() {
    const past = this.#past;
    const future = this.#future;
    return { past, future, base: this.#base, state: this.#state.peek(), saved: this.#saved.peek() };
  }

  /** The document has been replaced by one whose steps were taken. @param {Taken} taken */
  put({ past, future, base, saved }) {
    this.#past = past;
    this.#future = future;
    this.#base = base;
    batch(() => {
      this.#saved.set(saved);
      this.#show();
    });
  }

  #show() {
    this.#state.set(this.#past.at(-1)?.state ?? this.#base);
  }
}

/** @param {readonly NodeId[]} a @param {readonly NodeId[]} b */
const samePath = (a, b) => a.length === b.length && a.every((id, index) => id === b[index]);
