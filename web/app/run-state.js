/** What is known of the running job and of each node's last run, from the server's frames. */

import { batch, computed, signal } from '../core/signal.js';
import { ignoreUnreachable } from '../net/server-error.js';
import { JobCourse } from './job-course.js';
import { isFailure, problemOfFailure } from './problems.js';

/** @import { QueueControl, RunControl } from '../types/app.d.ts' */
/** @import { NodeProblem, NodeRun, PictureRef } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Frame, Frames, NodeProgress, PreviewFrame } from '../types/net.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */

/** @type {NodeRun} */
const NOTHING = Object.freeze({
  state: 'idle',
  value: 0,
  total: 0,
  preview: null,
  pictures: [],
  texts: [],
  warnings: [],
  skipped: [],
  seconds: null,
  problems: [],
});

/** @implements {RunControl} */
export class RunStates {
  #queue;
  #has;
  /** @type {Map<NodeId, Signal<NodeRun>>} */
  #nodes = new Map();
  /** Jobs of documents that are no longer open. @type {Set<string>} */
  #foreign = new Set();
  /** @type {Signal<string | null>} */
  #job = signal(null);
  #course;
  /** How many nodes of the job are done. */
  #done = signal(0);
  /** The node that began last. @type {NodeId | null} */
  #running = null;
  /** @type {Signal<'connecting' | 'open' | 'lost'>} */
  #connection = signal('connecting');
  /** @type {Signal<ReadonlyMap<NodeId, readonly NodeProblem[]>>} */
  #problems = signal(new Map());
  /** @type {Signal<NodeProblem | null>} */
  failure = signal(null);

  /**
   * @param {QueueControl} queue
   * @param {(id: NodeId) => boolean} [has] whether the document has a node
   */
  constructor(queue, has = () => false) {
    this.#queue = queue;
    this.#has = has;
    this.#course = new JobCourse(has);
    this.connection = /** @type {ReadonlySignal<'connecting' | 'open' | 'lost'>} */ (this.#connection);
    this.queue = queue.items;
    this.running = computed(() => this.#job.get() !== null);
    this.problems = /** @type {ReadonlySignal<ReadonlyMap<NodeId, readonly NodeProblem[]>>} */ (this.#problems);
    this.progress = computed(() => this.#wholeProgress());
  }

  #wholeProgress() {
    const job = this.#job.get();
    if (job === null) return null;
    return this.#done.get() / Math.max(this.#queue.size(job) ?? 0, this.#course.begun, 1);
  }

  /** @param {NodeId} id @returns {Signal<NodeRun>} */
  node(id) {
    let run = this.#nodes.get(id);
    if (!run) this.#nodes.set(id, (run = signal(NOTHING)));
    return run;
  }

  /** @param {NodeId} id @param {Partial<NodeRun>} patch */
  #patch(id, patch) {
    const run = this.node(id);
    run.set({ ...run.peek(), ...patch });
  }

  /** @param {'connecting' | 'open' | 'lost'} connection */
  setConnection(connection) {
    if (connection === 'lost') this.#end();
    this.#connection.set(connection);
  }

  reset() {
    const job = this.#job.peek();
    for (const item of this.#queue.items.peek()) this.#foreign.add(item.id);
    if (job !== null) this.#foreign.add(job);
    batch(() => {
      this.#problems.set(new Map());
      this.failure.set(null);
      for (const run of this.#nodes.values()) {
        forgetPreview(run.peek());
        run.set(NOTHING);
      }
    });
  }

  /** @returns {[NodeId, readonly PictureRef[]][]} */
  savedPictures() {
    return [...this.#nodes].flatMap(([id, run]) => {
      const pictures = run.peek().pictures.filter(({ type }) => type === 'output');
      return pictures.length > 0 ? [/** @type {[NodeId, PictureRef[]]} */ ([id, pictures])] : [];
    });
  }

  /** @param {readonly [NodeId, readonly PictureRef[]][]} saved */
  restorePictures(saved) {
    for (const [id, pictures] of saved) this.#patch(id, { pictures });
  }

  /** @param {ReadonlyMap<NodeId, readonly NodeProblem[]>} problems replaces all */
  setProblems(problems) {
    /** @type {Map<NodeId, readonly NodeProblem[]>} */
    const placed = new Map();
    for (const [id, found] of problems) {
      const place = this.#course.place(id);
      placed.set(place, [...(placed.get(place) ?? []), ...found]);
    }
    batch(() => {
      for (const id of this.#problems.peek().keys()) if (!placed.has(id)) this.#clearProblems(id);
      for (const [id, found] of placed) this.#patch(id, { problems: found, state: 'error' });
      this.#problems.set(placed);
    });
  }

  /** @param {NodeId} id */
  #clearProblems(id) {
    const { state } = this.node(id).peek();
    this.#patch(id, { problems: [], state: state === 'error' ? 'idle' : state });
  }

  /** A node that runs has nothing wrong with it so far. @param {NodeId} id */
  #forgive(id) {
    if (!this.#problems.peek().has(id)) return;
    const problems = new Map(this.#problems.peek());
    problems.delete(id);
    this.setProblems(problems);
  }

  /** @param {PreviewFrame} preview */
  onPreview({ node, prompt, picture }) {
    const named = node ?? this.#running;
    if (named === null || (prompt !== null && this.#foreign.has(prompt))) return;
    const id = this.#course.place(named);
    const before = this.node(id).peek();
    this.#patch(id, { preview: URL.createObjectURL(picture) });
    forgetPreview(before);
  }

  /** @param {Frame} frame */
  onFrame(frame) {
    if (frame.type === 'status') return void this.#queue.refresh().catch(ignoreUnreachable);
    const job = 'data' in frame && 'prompt_id' in frame.data ? frame.data.prompt_id : null;
    if (job === null) return;
    batch(() => {
      if (frame.type === 'execution_start') this.#start(job);
      if (frame.type === 'executing' && frame.data.node === null) this.#end();
      else if (frame.type === 'executing' && this.#job.peek() === null) this.#job.set(job);
      if (!this.#foreign.has(job)) this.#followNodes(frame);
    });
  }

  /** @param {string} job */
  #start(job) {
    this.#job.set(job);
    this.#course = new JobCourse(this.#has);
    this.#done.set(0);
    if (this.#foreign.has(job)) return;
    this.failure.set(null);
    for (const run of this.#nodes.values()) {
      // What is wrong with a node stays until the node runs: this job may not need it.
      const state = run.peek().problems.length > 0 ? 'error' : 'idle';
      run.set({ ...run.peek(), state, value: 0, total: 0, warnings: [], skipped: [], seconds: null });
    }
  }

  #end() {
    this.#running = null;
    this.#job.set(null);
    for (const run of this.#nodes.values()) {
      const { state, preview } = run.peek();
      if (state !== 'running' && state !== 'waiting' && preview === null) continue;
      forgetPreview(run.peek());
      run.set({ ...run.peek(), preview: null, state: state === 'running' || state === 'waiting' ? 'idle' : state });
    }
  }

  /** @param {Frame} frame */
  #followNodes(frame) {
    switch (frame.type) {
      case 'execution_cached':
        for (const id of frame.data.nodes) this.#advance(id, { value: 1, max: 1, state: 'finished', cached: true });
        break;
      case 'executing':
        if (frame.data.node === null) this.#running = null;
        else this.#begin(frame.data.node, frame.data.display_node);
        break;
      case 'progress_state':
        for (const [id, progress] of Object.entries(frame.data.nodes)) this.#advance(id, progress);
        break;
      case 'executed':
        this.#show(frame.data);
        break;
      case 'execution_warning':
        this.#warn(frame.data.node, frame.data.text);
        break;
      case 'execution_error':
        this.#fail(frame.data);
        break;
    }
  }

  /** @param {NodeId} id @param {NodeId | undefined} display */
  #begin(id, display) {
    this.#running = id;
    const place = this.#course.place(id, display);
    this.#forgive(place);
    this.#patch(place, { state: 'running' });
  }

  /** @param {NodeId} id @param {NodeProgress} progress */
  #advance(id, progress) {
    const doing = this.#course.advance(id, progress);
    const place = this.#course.place(id);
    if (progress.state === 'finished') this.#forgive(place);
    this.#done.set(this.#course.done);
    this.#patch(place, doing);
  }

  /** @param {Frames['executed']} data */
  #show({ node, display_node: display, output }) {
    if (!output) return;
    const { images = [], text = [] } = this.#course.show(node, display, output);
    const place = this.#course.place(node);
    forgetPreview(this.node(place).peek());
    this.#patch(place, { preview: null, pictures: images, texts: text.map(String) });
  }

  /** @param {NodeId} id @param {string} text */
  #warn(id, text) {
    const place = this.#course.place(id);
    this.#patch(place, { warnings: [...this.node(place).peek().warnings, text] });
  }

  /** @param {Frames['execution_error']} data */
  #fail(data) {
    const { node_id: id, exception_message: message } = data;
    const problem = problemOfFailure(data);
    if (id === null) this.failure.set(problem);
    else if (!isFailure(data)) this.#skip(id, message);
    else this.setProblems(new Map([...this.#problems.peek(), [this.#course.place(id), [problem]]]));
  }

  /** @param {NodeId} id @param {string} reason */
  #skip(id, reason) {
    const place = this.#course.place(id);
    const { skipped } = this.node(place).peek();
    if (!skipped.includes(reason)) this.#patch(place, { skipped: [...skipped, reason] });
  }
}

/** @param {NodeRun} run */
function forgetPreview(run) {
  if (run.preview !== null) URL.revokeObjectURL(run.preview);
}
