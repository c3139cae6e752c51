/**
 * What the nodes of the running job have done. A job has more nodes than its document: those of subgraphs, drawn
 * (`outer:inner`) or made by a node while it runs. What they do is seen on the nodes of the document that they belong
 * to: on the instance of a subgraph, and inside of it on the node itself.
 */

import { JobClock } from '../core/job-clock.js';

/** @import { NodeRun } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { NodeOutput, NodeProgress } from '../types/net.d.ts' */

/** @typedef {Pick<NodeRun, 'state' | 'value' | 'total' | 'seconds' | 'pace' | 'ahead'>} Doing */

export class JobCourse {
  #has;
  #now;
  #clock;
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

  /**
   * @param {(place: NodeId) => boolean} has whether the document has a node, named by the ids that lead to it
   * @param {Map<NodeId, number>} [seconds] how long nodes took when they last ran; kept up to date
   * @param {() => number} [now] milliseconds of a clock that only goes on
   */
  constructor(has, seconds = new Map(), now = () => performance.now()) {
    this.#has = has;
    this.#now = now;
    this.#clock = new JobClock(seconds);
  }

  /** @param {(place: NodeId) => boolean} has of the document on which it is seen from now on */
  seenOn(has) {
    this.#has = has;
    return this;
  }

  /** How many nodes of the prompt have begun. */
  get begun() {
    return this.#parts.size;
  }

  /** Seconds until the end, null while nobody can know. */
  get rest() {
    return this.#clock.rest(this.#now() / 1000);
  }

  /**
   * The nodes of the document on which another is seen, from the outermost to the innermost.
   * @param {NodeId} id
   * @param {NodeId} [display] as the server says it; remembered
   * @returns {[NodeId, ...NodeId[]]}
   */
  places(id, display) {
    if (display !== undefined && display !== id) this.#displays.set(id, display);
    const shown = this.#displays.get(id) ?? id;
    const parts = shown.split(':');
    const ways = parts.map((_, index) => parts.slice(0, index + 1).join(':'));
    const [first, ...inner] = ways.filter((way) => this.#has(way));
    return first === undefined ? [parts[0] ?? shown] : [first, ...inner];
  }

  /** The outermost node on which another is seen. @param {NodeId} id @param {NodeId} [display] */
  place(id, display) {
    return this.places(id, display)[0];
  }

  /**
   * @param {NodeId} id
   * @param {NodeProgress} progress
   * @returns {[NodeId, Doing][]} what the nodes do on which it is seen
   */
  advance(id, progress) {
    const { display_node_id: display, real_node_id: real = id, state, value, max } = progress;
    const part = state === 'finished' ? 1 : max > 0 ? value / max : 0;
    // Nobody knows how many nodes a node will make, so they are not counted.
    if (real === id) this.#count(id, part);
    const pace = this.#clock.follow(id, progress, this.#now() / 1000);
    return this.places(id, display).map((place) => {
      const activity = this.#activities.get(place) ?? new Activity();
      this.#activities.set(place, activity);
      if (state === 'pending') return [place, { ...RESTING, state: 'waiting' }];
      const step = { ...progress, pace };
      return [place, state === 'running' ? activity.run(id, step) : activity.end(id, step, real === id)];
    });
  }

  /** A result that was there. @param {NodeId} id */
  skip(id) {
    this.#clock.skip(id);
    return this.advance(id, { value: 1, max: 1, state: 'finished', cached: true });
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
   * @returns {[NodeId, NodeOutput][]} all that there is to see on the nodes on which it is seen
   */
  show(id, display, output) {
    return this.places(id, display).map((place) => {
      const outputs = this.#outputs.get(place) ?? new Map();
      this.#outputs.set(place, outputs.set(id, output));
      return [place, joined([...outputs.values()])];
    });
  }
}

/** @type {Doing} */
const RESTING = Object.freeze({ state: 'idle', value: 0, total: 0, seconds: null, pace: null, ahead: null });

/** @typedef {NodeProgress & { pace: number | null }} Step */

/** What several nodes show, kind by kind. @param {readonly NodeOutput[]} outputs @returns {NodeOutput} */
function joined(outputs) {
  const all = /** @type {Required<NodeOutput>} */ ({ images: [], text: [], a_images: [], b_images: [], plots: [], tables: [], said: [] });
  for (const { images = [], text = [], a_images: first = [], b_images: second = [], plots = [], tables = [], said = [] } of outputs) {
    all.images.push(...images);
    all.text.push(...text);
    all.a_images.push(...first);
    all.b_images.push(...second);
    all.plots.push(...plots);
    all.tables.push(...tables);
    all.said.push(...said);
  }
  return all;
}

/**
 * What happens on one node of the document. It runs while any of what is seen on it does; so one that has made others
 * runs until its own end, and its time is theirs.
 */
class Activity {
  /** The last to have said something comes last. @type {Map<NodeId, Step>} */
  #running = new Map();
  /** The seconds of nodes of the prompt that have ended. @type {Map<NodeId, number>} */
  #ended = new Map();
  #seconds = 0;
  /** Those of them whose result was made anew. @type {Set<NodeId>} */
  #fresh = new Set();
  #failed = false;

  /** @param {NodeId} id @param {Step} step @returns {Doing} */
  run(id, step) {
    this.#running.delete(id);
    this.#running.set(id, step);
    return running(step);
  }

  /**
   * @param {NodeId} id
   * @param {Step} step
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
    return { ...RESTING, state: shown, seconds: this.#seconds > 0 ? this.#seconds : null };
  }
}

/** A single step says nothing of how far a node is. @param {Step} step @returns {Doing} */
function running({ value, max, pace }) {
  const steps = max > 1 ? { value, total: max } : { value: 0, total: 0 };
  return { ...RESTING, state: 'running', ...steps, pace };
}
