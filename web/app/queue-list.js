/** The jobs that run, wait or have ended, as the server lists them; of long lists only what is in sight is read. */

import { PagedList } from '../core/paged-list.js';
import { batch, signal } from '../core/signal.js';
import { labelJob, listJobs, moveJob, readJob, runAgain } from '../net/jobs.js';
import { ignoreUnreachable } from '../net/server-error.js';
import { jobOf, newId, ownerOf } from './tab-ids.js';

/** @import { QueueControl } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */
/** @import { JobEntry, JobList, JobStatus } from '../types/run.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Client } from '../net/client.js' */

/** More do not run at once. */
const MOST_RUNNING = 50;

/** @type {Record<JobStatus, QueueItem['state']>} */
const STATES = {
  pending: 'pending',
  in_progress: 'running',
  completed: 'success',
  failed: 'error',
  cancelled: 'interrupted',
};

/** @implements {QueueControl} */
export class QueueList {
  #client;
  /** @type {Signal<readonly QueueItem[]>} */
  #items = signal([]);
  /** @type {Signal<readonly QueueItem[]>} */
  #running = signal([]);
  #counts = signal({ running: 0, waiting: 0, ended: 0 });
  #paused = signal(false);
  /** @type {Map<string, number>} */
  #sizes = new Map();
  /** By how much the server's clock is ahead of ours. */
  #ahead = 0;
  /** @type {Promise<void> | null} */
  #refreshing = null;
  #again = false;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
    this.items = /** @type {ReadonlySignal<readonly QueueItem[]>} */ (this.#items);
    this.running = /** @type {ReadonlySignal<readonly QueueItem[]>} */ (this.#running);
    this.counts = /** @type {QueueControl['counts']} */ (this.#counts);
    this.paused = /** @type {ReadonlySignal<boolean>} */ (this.#paused);
    this.waiting = new PagedList((offset, count) => this.#page('waiting', offset, count));
    this.ended = new PagedList((offset, count) => this.#page('ended', offset, count));
  }

  /** @param {'waiting' | 'ended'} group @param {number} offset @param {number} count */
  async #page(group, offset, count) {
    const { jobs, pagination } = await listJobs(this.#client, group, offset, count);
    return { items: jobs.map((job) => this.#item(job)), total: pagination.total };
  }

  /** @param {string} id */
  size(id) {
    return this.#sizes.get(id) ?? null;
  }

  /** The server's clock, in milliseconds since the epoch. */
  now() {
    return Date.now() + this.#ahead;
  }

  /** Ask the server; calls that come while it is being asked are answered together, once. */
  refresh() {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = this.#ask().finally(() => {
      this.#refreshing = null;
      if (this.#again) {
        this.#again = false;
        this.refresh().catch(ignoreUnreachable);
      }
    });
    return this.#refreshing;
  }

  async #ask() {
    const [list] = await Promise.all([
      listJobs(this.#client, 'running', 0, MOST_RUNNING),
      this.waiting.refresh(),
      this.ended.refresh(),
    ]);
    batch(() => this.#take(list));
  }

  /** @param {JobList} list */
  #take({ jobs, counts, paused, now }) {
    this.#ahead = now - Date.now();
    this.#sizes = new Map(jobs.map(({ id, nodes }) => [id, nodes ?? 0]));
    const running = jobs.map((job) => this.#item(job));
    this.#running.set(running);
    this.#counts.set({ running: running.length, waiting: counts.pending, ended: counts.ended });
    this.#paused.set(paused);
    this.#items.set([...running, ...this.waiting.loaded(), ...this.ended.loaded()]);
  }

  /** @param {JobEntry} entry @returns {QueueItem} */
  #item(entry) {
    return {
      id: entry.id,
      number: entry.number,
      state: STATES[entry.status],
      pictures: entry.pictures,
      error: entry.execution_error,
      name: entry.name,
      tags: entry.tags,
      priority: entry.priority,
      own: entry.client_id === this.#client.id,
      accepted: entry.create_time,
      started: entry.execution_start_time,
      ended: entry.execution_end_time,
    };
  }

  /** @param {string} id @returns {Promise<Json | null>} */
  async workflow(id) {
    const { prompt, extra_data: extra } = (await readJob(this.#client, id)).workflow;
    const information = extra['extra_pnginfo'];
    const workflow = typeof information === 'object' && information !== null && 'workflow' in information;
    return workflow ? (information['workflow'] ?? prompt) : prompt;
  }

  /** @param {QueueItem} item a running one is stopped, a waiting one cancelled, an ended one forgotten */
  async remove({ id, state }) {
    if (state === 'running') await this.#client.interrupt(id);
    else if (state === 'pending') await this.#client.cancel([id]);
    else await this.#client.forget([id]);
    await this.refresh();
  }

  /** @param {'waiting' | 'ended'} which */
  async clear(which) {
    if (which === 'waiting') await this.#client.cancelAll();
    else await this.#client.forgetAll();
    await this.refresh();
  }

  /** @param {boolean} paused */
  async pause(paused) {
    await this.#client.pause(paused);
    await this.refresh();
  }

  /** @param {string} id @param {Parameters<QueueControl['move']>[1]} place */
  async move(id, place) {
    await moveJob(this.#client, id, place);
    await this.refresh();
  }

  /** @param {string} id @param {Parameters<QueueControl['label']>[1]} labels */
  async label(id, labels) {
    await labelJob(this.#client, id, labels);
    await this.refresh();
  }

  /** @param {string} id @param {'same' | 'new'} seeds */
  async again(id, seeds) {
    // It is of the same tab; one that no tab has queued is shown on no document.
    const job = jobOf(ownerOf(id) ?? newId());
    const { prompt_id: made } = await runAgain(this.#client, id, seeds, job);
    await this.refresh();
    return made;
  }
}
