/** Queueing without a press of the button: after each change of the document, or again and again. */

import { meaningOf } from '../core/meaning.js';
import { isFailure } from './problems.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */

/** A change has settled when no other has followed for so long. */
const SETTLED_MS = 400;
/** Between two jobs of which the second follows the first by itself. */
const PAUSE_MS = 200;

/**
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followRunMode(editor) {
  const auto = new AutoQueue(editor);
  const ends = [
    editor.document.onChange(({ replaced }) => auto.onChange(replaced)),
    editor.runMode.subscribe(() => auto.onMode()),
    editor.queue.counts.subscribe(() => auto.onQueue()),
    editor.repeating.subscribe((repeating) => repeating || auto.stop()),
  ];
  const onFrame = (/** @type {Frame} */ frame) => auto.onFrame(frame);
  editor.frames.add(onFrame);
  return () => {
    editor.frames.delete(onFrame);
    for (const end of ends) end();
    auto.stop();
  };
}

class AutoQueue {
  #editor;
  /** What has been queued, or was there when the mode was chosen. */
  #known = '';
  #timer = 0;
  /** A change has settled, and waits for the queue. */
  #due = false;
  /** A job has ended, and the next one has not been queued. */
  #next = false;
  #submitting = false;

  /** @param {Application} editor */
  constructor(editor) {
    this.#editor = editor;
  }

  /** @param {boolean} replaced another document, or another version of it, is there */
  onChange(replaced) {
    const { repeating, runMode, tabs } = this.#editor;
    if (replaced && tabs.switching) {
      repeating.set(false);
      this.#remember();
    }
    if (runMode.peek() !== 'change' || this.#submitting || tabs.switching) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#settle(), SETTLED_MS);
  }

  onMode() {
    this.stop();
    this.#editor.repeating.set(false);
    this.#remember();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#due = false;
    this.#next = false;
  }

  #remember() {
    if (this.#editor.runMode.peek() === 'change') this.#known = meaningOf(this.#editor.document);
  }

  async #settle() {
    this.#due = true;
    await this.onQueue();
  }

  /** What waits will be run first: one job more than that is enough. */
  async onQueue() {
    await this.#repeat();
    await this.#followChange();
  }

  async #followChange() {
    const { document, queue, runMode } = this.#editor;
    if (!this.#due || this.#submitting || runMode.peek() !== 'change' || queue.counts.peek().waiting > 0) return;
    this.#due = false;
    if (meaningOf(document) === this.#known) return;
    await this.#submit();
    this.#remember();
  }

  /** @returns {Promise<boolean>} */
  async #submit() {
    this.#submitting = true;
    let queued = false;
    try {
      await this.#editor.attempt(async () => {
        queued = await this.#editor.submit({ quiet: true });
      });
    } finally {
      this.#submitting = false;
    }
    return queued;
  }

  /** @param {Frame} frame */
  onFrame(frame) {
    const { repeating } = this.#editor;
    if (!repeating.peek()) return;
    if (frame.type === 'execution_interrupted' || (frame.type === 'execution_error' && isFailure(frame.data))) {
      repeating.set(false);
    } else if (frame.type === 'execution_success') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#goOn(), PAUSE_MS);
    }
  }

  async #goOn() {
    this.#next = true;
    await this.#repeat();
  }

  /** The next job, unless it has to wait for the queue or for the answer about the last: those call again. */
  async #repeat() {
    const { queue, repeating } = this.#editor;
    while (this.#next && repeating.peek() && !this.#submitting && queue.counts.peek().waiting === 0) {
      this.#next = false;
      if (!(await this.#submit())) repeating.set(false);
    }
  }
}
