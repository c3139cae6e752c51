/** What is known of the runs of one document's nodes. Nodes are named by the ids that lead to them: `outer:inner`. */

import { figuresOf } from '../core/figures.js';

/** @import { NodeProblem, NodeRun, PictureRef } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { NodeOutput } from '../types/net.d.ts' */

/** @type {NodeRun} */
export const NOTHING = Object.freeze({
  state: 'idle',
  value: 0,
  total: 0,
  preview: null,
  pictures: [],
  texts: [],
  said: [],
  figures: null,
  orders: null,
  warnings: [],
  skipped: [],
  seconds: null,
  pace: null,
  ahead: null,
  heat: null,
  problems: [],
});

/** What a node shows stays until it shows something else. @type {Partial<NodeRun>} */
export const FRESH = { value: 0, total: 0, orders: null, warnings: [], skipped: [], seconds: null, pace: null, ahead: null, heat: null };

export class RunBoard {
  /** @type {Map<NodeId, NodeRun>} */
  runs = new Map();
  /** What is wrong with nodes of the document's root. @type {ReadonlyMap<NodeId, readonly NodeProblem[]>} */
  problems = new Map();
  /** @type {NodeProblem | null} */
  failure = null;
  /** The nodes that jobs that have not ended will come to, in their order. @type {Map<string, readonly NodeId[]>} */
  planned = new Map();
  /** How long nodes took when they last ran. @type {Map<NodeId, number>} */
  seconds = new Map();

  /** @param {NodeId} place @returns {NodeRun} */
  run(place) {
    return this.runs.get(place) ?? NOTHING;
  }

  /**
   * @param {NodeId} place
   * @param {Partial<NodeRun>} patch
   * @returns {NodeRun}
   */
  patch(place, patch) {
    const run = { ...this.run(place), ...patch };
    this.runs.set(place, run);
    return run;
  }

  /** How long nodes took, by their places, as parts of the longest time. @returns {[NodeId, number][]} */
  heats() {
    const took = [...this.runs].filter(([, { state, seconds }]) => state === 'done' && seconds !== null);
    const most = took.reduce((longest, [, { seconds }]) => Math.max(longest, seconds ?? 0), 0);
    return most === 0 ? [] : took.map(([place, { seconds }]) => [place, (seconds ?? 0) / most]);
  }

  /** @returns {[NodeId, readonly PictureRef[]][]} */
  savedPictures() {
    return [...this.runs].flatMap(([place, run]) => {
      const pictures = run.pictures.filter(({ type }) => type === 'output');
      return pictures.length > 0 ? [/** @type {[NodeId, PictureRef[]]} */ ([place, pictures])] : [];
    });
  }

  clear() {
    for (const run of this.runs.values()) forgetPreview(run);
    this.runs.clear();
    this.planned.clear();
    this.seconds.clear();
    this.problems = new Map();
    this.failure = null;
  }
}

/**
 * @param {NodeRun} before
 * @param {NodeOutput} output
 * @param {NodeRun['orders']} orders
 * @returns {Partial<NodeRun>} what is seen on a node from now on; what has not changed stays the same object
 */
export function shownOn(before, output, orders) {
  const { images = [], text = [], said = [] } = output;
  const texts = text.map(String);
  const same = (/** @type {unknown} */ a, /** @type {unknown} */ b) => JSON.stringify(a) === JSON.stringify(b);
  return {
    preview: null,
    pictures: same(images, before.pictures) ? before.pictures : images,
    texts: same(texts, before.texts) ? before.texts : texts,
    said: said.map(String),
    figures: figuresOf(output),
    orders: same(orders, before.orders) ? before.orders : orders,
  };
}

/** @param {NodeRun} run */
export function forgetPreview(run) {
  if (run.preview !== null) URL.revokeObjectURL(run.preview);
}
