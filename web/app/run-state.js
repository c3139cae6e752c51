/** What is known of the running job and of each node's last run, from the server's frames. */

import { batch, computed, signal } from '../core/signal.js';
import { ignoreUnreachable } from '../net/server-error.js';
import { JobCourse } from './job-course.js';
import { isFailure, problemOfFailure } from './problems.js';
import { placeProblems } from './placed-problems.js';
import { forgetPreview, FRESH, RunBoard, shownOn } from './run-board.js';

/** @import { QueueControl, RunControl } from '../types/app.d.ts' */
/** @import { NodeProblem, NodeRun, PictureRef } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Frame, Frames, NodeProgress, PreviewFrame } from '../types/net.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { ProblemsByNode } from './placed-problems.js' */

/** What is known of the jobs of a document that is put away: their nodes' runs, and the job that runs. */
/** @typedef {{ board: RunBoard, own: { job: string, course: JobCourse, running: NodeId | null } | null }} RunSnapshot */

/** @implements {RunControl} */
export class RunStates {
  #queue;
  #has;
  #owns;
  #whose;
  /** What is seen of the board: runs by the ids that nodes have at the level that is shown. */
  /** @type {Map<NodeId, Signal<NodeRun>>} */
  #nodes = new Map();
  #board = new RunBoard();
  /** Called for each node of the shown level whose run has changed. @type {Set<(id: NodeId) => void>} */
  #watchers = new Set();
  /** Of the shown level, those that have had a run, and those that watchers have not heard of yet. @type {Set<NodeId>} */
  #told = new Set();
  /** @type {Set<NodeId>} */
  #untold = new Set();
  #changes = signal(0);
  /** The ids that lead to the level of the document that is shown, with a colon at the end. */
  #way = '';
  /** Jobs of documents that are no longer open. @type {Set<string>} */
  #foreign = new Set();
  /** @type {Signal<string | null>} */
  #job = signal(null);
  #course;
  /** How many nodes of the job are done. */
  #done = signal(0);
  /** The node that began last. @type {Signal<NodeId | null>} */
  #running = signal(null);
  /** @type {Signal<string | null>} */
  #preview = signal(null);
  /** @type {Signal<'connecting' | 'open' | 'lost'>} */
  #connection = signal('connecting');
  /** @type {Signal<ProblemsByNode>} */
  #problems = signal(new Map());
  /** @type {Signal<NodeProblem | null>} */
  failure = signal(null);

  /**
   * @param {Pick<QueueControl, 'items' | 'size' | 'refresh'>} queue
   * @param {(place: NodeId) => boolean} [has] whether the document has a node, named by the ids that lead to it
   * @param {(job: string) => boolean} [owns] whether a job is not one of another document
   * @param {(place: NodeId, message: string) => string} [whose] says of a message which node inside it is about
   */
  constructor(queue, has = () => false, owns = () => true, whose = (_, message) => message) {
    this.#whose = whose;
    this.#queue = queue;
    this.#has = has;
    this.#owns = owns;
    this.#course = this.#newCourse(this.#board.seconds);
    this.connection = /** @type {ReadonlySignal<'connecting' | 'open' | 'lost'>} */ (this.#connection);
    this.queue = queue.items;
    this.job = /** @type {ReadonlySignal<string | null>} */ (this.#job);
    this.running = computed(() => this.#job.get() !== null);
    this.problems = /** @type {ReadonlySignal<ProblemsByNode>} */ (this.#problems);
    this.progress = computed(() => this.#wholeProgress());
    this.#changes.subscribe(() => this.#tellWatchers());
    this.current = /** @type {ReadonlySignal<NodeId | null>} */ (this.#running);
    this.preview = /** @type {ReadonlySignal<string | null>} */ (this.#preview);
  }

  #wholeProgress() {
    const job = this.#job.get();
    if (job === null) return null;
    return this.#done.get() / Math.max(this.#queue.size(job) ?? 0, this.#course.begun, 1);
  }

  /** @param {Map<NodeId, number>} seconds */
  #newCourse(seconds) {
    return new JobCourse(this.#has, seconds);
  }

  rest() {
    return this.#job.peek() === null ? null : this.#course.rest;
  }

  /** @param {NodeId} id @returns {Signal<NodeRun>} */
  node(id) {
    let run = this.#nodes.get(id);
    if (!run) this.#nodes.set(id, (run = signal(this.#board.run(this.#way + id))));
    return run;
  }

  /** @param {NodeId} id @returns {NodeRun} */
  peek(id) {
    return this.#board.run(this.#way + id);
  }

  /** @param {(id: NodeId) => void} watcher */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #tellWatchers() {
    const ids = [...this.#untold];
    this.#untold.clear();
    for (const watcher of [...this.#watchers]) for (const id of ids) watcher(id);
  }

  /** @param {NodeId} place */
  #changed(place) {
    if (!place.startsWith(this.#way)) return;
    const id = place.slice(this.#way.length);
    this.#told.add(id);
    this.#untold.add(id);
    this.#nodes.get(id)?.set(this.#board.run(place));
    this.#changes.set(this.#changes.peek() + 1);
  }

  /** @param {NodeId} place @param {Partial<NodeRun>} patch */
  #patch(place, patch) {
    this.#board.patch(place, patch);
    this.#changed(place);
  }

  #showBoard() {
    batch(() => {
      const before = this.#told;
      this.#told = new Set();
      for (const id of before) this.#changed(this.#way + id);
      for (const place of this.#board.runs.keys()) this.#changed(place);
      for (const [id, run] of this.#nodes) run.set(this.#board.run(this.#way + id));
      this.#problems.set(this.#board.problems);
      this.failure.set(this.#board.failure);
    });
  }

  /** @param {readonly NodeId[]} path */
  showLevel(path) {
    const way = path.map((id) => `${id}:`).join('');
    if (way === this.#way) return;
    this.#way = way;
    this.#showBoard();
  }

  /** @returns {RunSnapshot} */
  take() {
    const job = this.#job.peek();
    const own = job !== null && this.#isOwn(job) ? { job, course: this.#course, running: this.#running.peek() } : null;
    return { board: this.#board, own };
  }

  /** @param {RunSnapshot | null} memory */
  put(memory) {
    batch(() => {
      this.#board = memory?.board ?? new RunBoard();
      this.#way = '';
      if (memory?.own) {
        this.#job.set(memory.own.job);
        this.#course = memory.own.course.seenOn(this.#has);
        this.#done.set(this.#course.done);
        this.#running.set(memory.own.running);
      }
      this.#showBoard();
    });
  }

  /** @param {string} job @param {readonly NodeId[]} planned */
  claim(job, planned) {
    this.#board.planned.set(job, planned);
  }

  /** @param {string} job */
  #isOwn(job) {
    return !this.#foreign.has(job) && this.#owns(job);
  }

  /** @param {'connecting' | 'open' | 'lost'} connection */
  setConnection(connection) {
    this.#connection.set(connection);
  }

  reset() {
    const job = this.#job.peek();
    for (const id of [...this.#board.planned.keys(), ...(job === null ? [] : [job])]) this.#foreign.add(id);
    this.#board.clear();
    this.#way = '';
    this.#showBoard();
  }

  /** @returns {[NodeId, readonly PictureRef[]][]} */
  savedPictures() {
    return this.#board.savedPictures();
  }

  /** @param {readonly [NodeId, readonly PictureRef[]][]} saved */
  restorePictures(saved) {
    for (const [place, pictures] of saved) this.#patch(place, { pictures });
  }

  /** @param {ProblemsByNode} problems replaces all */
  setProblems(problems) {
    this.#putProblems(this.#newCourse(new Map()), problems);
  }

  /** @param {JobCourse} course @param {ProblemsByNode} problems by nodes of a prompt */
  #putProblems(course, problems) {
    const { everywhere, innermost } = placeProblems(problems, (id) => course.places(id), this.#whose);
    batch(() => {
      for (const [place, run] of this.#board.runs) {
        if (run.problems.length > 0 && !everywhere.has(place)) this.#clearProblems(place, run);
      }
      for (const [place, found] of everywhere) this.#patch(place, { problems: found, state: 'error' });
      this.#board.problems = innermost;
      this.#problems.set(innermost);
    });
  }

  /** @param {NodeId} place @param {NodeRun} run */
  #clearProblems(place, { state }) {
    this.#patch(place, { problems: [], state: state === 'error' ? 'idle' : state });
  }

  /** A node that runs has nothing wrong with it so far. @param {readonly NodeId[]} places */
  #forgive(places) {
    const { problems } = this.#board;
    if (!places.some((place) => problems.has(place))) return;
    this.setProblems(new Map([...problems].filter(([place]) => !places.includes(place))));
  }

  /** @param {PreviewFrame} preview */
  onPreview({ node, prompt, picture }) {
    const named = node ?? this.#running.peek();
    const job = prompt ?? this.#job.peek();
    if (named === null || job === null || !this.#isOwn(job)) return;
    const url = URL.createObjectURL(picture);
    const places = this.#course.places(named);
    forgetPreview(this.#board.run(places[0]));
    for (const place of places) this.#patch(place, { preview: url });
    this.#preview.set(url);
  }

  /** @param {Frame} frame */
  onFrame(frame) {
    if (frame.type === 'status') return void this.#queue.refresh().catch(ignoreUnreachable);
    const job = 'data' in frame && 'prompt_id' in frame.data ? frame.data.prompt_id : null;
    if (job === null) return;
    batch(() => {
      if (frame.type === 'execution_start') this.#start(job);
      if (frame.type === 'executing' && frame.data.node === null) this.stopFollowing(job);
      else if (frame.type === 'executing' && this.#job.peek() !== job) this.#start(job);
      if (this.#isOwn(job)) this.#followNodes(frame);
      else if (this.#job.peek() === job) this.#followProgress(frame);
    });
  }

  /** Of a job of another document only how far it is. @param {Frame} frame */
  #followProgress(frame) {
    if (frame.type === 'progress_state') {
      for (const [id, progress] of Object.entries(frame.data.nodes)) this.#course.advance(id, progress);
    } else if (frame.type === 'execution_cached') {
      for (const id of frame.data.nodes) this.#course.skip(id);
    }
    this.#done.set(this.#course.done);
  }

  /** @param {string} job */
  #start(job) {
    const before = this.#job.peek();
    if (before !== null) this.stopFollowing(before);
    this.#job.set(job);
    this.#course = this.#newCourse(this.#board.seconds);
    this.#done.set(0);
    if (!this.#isOwn(job)) return;
    this.#fail(null);
    for (const [place, run] of this.#board.runs) {
      // What is wrong with a node stays until the node runs: this job may not need it.
      const state = run.problems.length > 0 ? 'error' : 'idle';
      this.#patch(place, { ...FRESH, state });
    }
    for (const [ahead, place] of (this.#board.planned.get(job) ?? []).entries()) {
      if (this.#board.run(place).problems.length === 0) this.#patch(place, { state: 'waiting', ahead });
    }
  }

  /** @param {NodeProblem | null} problem */
  #fail(problem) {
    this.#board.failure = problem;
    this.failure.set(problem);
  }

  /** @param {string} job */
  stopFollowing(job) {
    this.#board.planned.delete(job);
    if (this.#job.peek() !== job) return;
    batch(() => {
      this.#running.set(null);
      this.#preview.set(null);
      this.#job.set(null);
      for (const [place, run] of this.#board.runs) {
        const open = run.state === 'running' || run.state === 'waiting';
        if (!open && run.preview === null) continue;
        forgetPreview(run);
        this.#patch(place, { preview: null, pace: null, ahead: null, orders: null, ...(open ? { state: 'idle' } : {}) });
      }
      if (this.#isOwn(job)) for (const [place, heat] of this.#board.heats()) this.#patch(place, { heat });
    });
  }

  /** @param {Frame} frame */
  #followNodes(frame) {
    switch (frame.type) {
      case 'execution_cached':
        for (const id of frame.data.nodes) this.#do(this.#course.skip(id));
        break;
      case 'executing':
        if (frame.data.node === null) this.#running.set(null);
        else this.#begin(frame.data.node, frame.data.display_node);
        break;
      case 'progress_state':
        for (const [id, progress] of Object.entries(frame.data.nodes)) this.#advance(id, progress);
        break;
      case 'executed':
        this.#show(frame.data, null);
        break;
      case 'showing':
        this.#show(frame.data, { job: frame.data.prompt_id, node: frame.data.node, names: frame.data.orders });
        break;
      case 'execution_warning':
        this.#warn(frame.data.node, frame.data.text);
        break;
      case 'execution_error':
        this.#onError(frame.data);
        break;
    }
  }

  /** @param {NodeId} id @param {NodeId | undefined} display */
  #begin(id, display) {
    this.#running.set(id);
    const places = this.#course.places(id, display);
    this.#forgive(places);
    for (const place of places) this.#patch(place, { state: 'running', ahead: null });
  }

  /** @param {NodeId} id @param {NodeProgress} progress */
  #advance(id, progress) {
    const doing = this.#course.advance(id, progress);
    if (progress.state === 'finished') this.#forgive(this.#course.places(id));
    this.#do(doing);
  }

  /** @param {ReturnType<JobCourse['advance']>} doing */
  #do(doing) {
    this.#done.set(this.#course.done);
    for (const [place, patch] of doing) this.#patch(place, patch);
  }

  /** @param {Frames['executed']} data @param {NodeRun['orders']} orders */
  #show({ node, display_node: display, output }, orders) {
    if (!output) return;
    for (const [place, shown] of this.#course.show(node, display, output)) {
      const before = this.#board.run(place);
      forgetPreview(before);
      this.#patch(place, shownOn(before, shown, orders));
    }
  }

  /** @param {NodeId} id @param {string} text */
  #warn(id, text) {
    for (const place of this.#course.places(id)) {
      this.#patch(place, { warnings: [...this.#board.run(place).warnings, text] });
    }
  }

  /** @param {Frames['execution_error']} data */
  #onError(data) {
    const { node_id: id, exception_message: message } = data;
    const problem = problemOfFailure(data);
    if (id === null) return this.#fail(problem);
    if (isFailure(data)) {
      const others = [...this.#board.problems].filter(([place]) => place !== this.#course.place(id));
      return this.#putProblems(this.#course, new Map([...others, [id, [problem]]]));
    }
    for (const place of this.#course.places(id)) {
      const { skipped } = this.#board.run(place);
      if (!skipped.includes(message)) this.#patch(place, { skipped: [...skipped, message] });
    }
  }
}
