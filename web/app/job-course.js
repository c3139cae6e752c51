/**
 * What the nodes of the running job have done. A job has more nodes than its document: those of subgraphs, drawn
 * (`outer:inner`) or made by a node while it runs. All that they do is seen on a node that the document has.
 */

/** @import { NodeRun } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { NodeOutput, NodeProgress } from '../types/net.d.ts' */

/** @typedef {Pick<NodeRun, 'state' | 'value' | 'total' | 'seconds'>} Doing */

export class JobCourse {
  #has;
  /** Where nodes are shown, by their ids, if not on themselves. @type {Map<NodeId, NodeId>} */
  #displays = new Map();
  /** What happens on each node of the document. @type {Map<NodeId, Activity>} */
  #activities = new Map();
  /** What its nodes have given to be seen. @type {Map<NodeId, Map<NodeId, NodeOutput>>} */
  #outputs = new Map();
  /** How much of each node of the prompt is done, 0 to 1. @type {Map<NodeId, number>} */
  #parts = new Map();
  /** The sum of the parts. It never becomes less: a node that begins again has done what it has done. */
  done = 0;

  /** @param {(id: NodeId) => boolean} has whether the document has a node */
  constructor(has) {
    this.#has = has;
  }

  /** How many nodes of the prompt have begun. */
  get begun() {
    return this.#parts.size;
  }

  /**
   * The node of the document on which another is seen.
   * @param {NodeId} id
   * @param {NodeId} [display] as the server says it; remembered
   */
  place(id, display) {
    if (display !== undefined && display !== id) this.#displays.set(id, display);
    const shown = this.#displays.get(id) ?? id;
    return this.#has(shown) ? shown : (shown.split(':')[0] ?? shown);
  }

  /**
   * @param {NodeId} id
   * @param {NodeProgress} progress
   * @returns {Doing} what the node does on which it is seen
   */
  advance(id, progress) {
    const { display_node_id: display, real_node_id: real = id, state, value, max } = progress;
    const part = state === 'finished' ? 1 : max > 0 ? value / max : 0;
    // Nobody knows how many nodes a node will make, so they are not counted.
    if (real === id) this.#count(id, part);
    const place = this.place(id, display);
    const activity = this.#activities.get(place) ?? new Activity();
    this.#activities.set(place, activity);
    if (state === 'pending') return { state: 'waiting', value: 0, total: 0, seconds: null };
    return state === 'running' ? activity.run(id, progress) : activity.end(id, progress, real === id);
  }

  /** @param {NodeId} id @param {number} part */
  #count(id, part) {
    const before = this.#parts.get(id) ?? 0;
    this.#parts.set(id, Math.max(part, before));
    this.done += Math.max(0, part - before);
  }

  /**
   * @param {NodeId} id
   * @param {NodeId | undefined} display
   * @param {NodeOutput} output
   * @returns {NodeOutput} all that there is to see on the node on which it is seen
   */
  show(id, display, output) {
    const place = this.place(id, display);
    const outputs = this.#outputs.get(place) ?? new Map();
    this.#outputs.set(place, outputs.set(id, output));
    const all = [...outputs.values()];
    return { images: all.flatMap(({ images }) => images ?? []), text: all.flatMap(({ text }) => text ?? []) };
  }
}

/**
 * What happens on one node of the document. It runs while any of what is seen on it does; so one that has made others
 * runs until its own end, and its time is theirs.
 */
class Activity {
  /** The last to have said something comes last. @type {Map<NodeId, NodeProgress>} */
  #running = new Map();
  /** The seconds of nodes of the prompt that have ended. @type {Map<NodeId, number>} */
  #ended = new Map();
  #seconds = 0;
  /** Those of them whose result was made anew. @type {Set<NodeId>} */
  #fresh = new Set();
  #failed = false;

  /** @param {NodeId} id @param {NodeProgress} progress @returns {Doing} */
  run(id, progress) {
    this.#running.delete(id);
    this.#running.set(id, progress);
    return running(progress);
  }

  /**
   * @param {NodeId} id
   * @param {NodeProgress} progress
   * @param {boolean} own whether it is a node of the prompt
   * @returns {Doing}
   */
  end(id, { state, cached = false, seconds = 0 }, own) {
    this.#running.delete(id);
    this.#failed ||= state === 'error';
    if (own) {
      this.#seconds += seconds - (this.#ended.get(id) ?? 0);
      this.#ended.set(id, seconds);
      if (cached) this.#fresh.delete(id);
      else this.#fresh.add(id);
    }
    const last = [...this.#running.values()].at(-1);
    if (last) return running(last);
    const reused = this.#ended.size > 0 && this.#fresh.size === 0;
    const shown = this.#failed ? 'error' : reused ? 'cached' : 'done';
    return { state: shown, value: 0, total: 0, seconds: this.#seconds > 0 ? this.#seconds : null };
  }
}

/** A single step says nothing of how far a node is. @param {NodeProgress} progress @returns {Doing} */
function running({ value, max }) {
  const steps = max > 1 ? { value, total: max } : { value: 0, total: 0 };
  return { state: 'running', ...steps, seconds: null };
}
