/** The jobs that run, wait or have ended, as the server lists them. */

import { batch, signal } from '../core/signal.js';
import { ignoreUnreachable } from '../net/server-error.js';
import { isFailure } from './problems.js';

/** @import { QueueControl } from '../types/app.d.ts' */
/** @import { PictureRef, QueueItem } from '../types/editor.d.ts' */
/** @import { HistoryEntry, QueueEntry } from '../types/net.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Client } from '../net/client.js' */

const REMEMBERED = 40;

/** @implements {QueueControl} */
export class QueueList {
  #client;
  /** @type {Signal<readonly QueueItem[]>} */
  #items = signal([]);
  #paused = signal(false);
  /** Newest first; null until it was asked for. @type {QueueItem[] | null} */
  #ended = null;
  /** @type {Map<string, number>} */
  #sizes = new Map();
  /** @type {Promise<void> | null} */
  #refreshing = null;
  #again = false;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
    this.items = /** @type {ReadonlySignal<readonly QueueItem[]>} */ (this.#items);
    this.paused = /** @type {ReadonlySignal<boolean>} */ (this.#paused);
  }

  /** @param {string} id */
  size(id) {
    return this.#sizes.get(id) ?? null;
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
    const { queue_running: running, queue_pending: pending, paused } = await this.#client.queued();
    const open = [
      ...running.map((entry) => openItem(entry, 'running')),
      ...pending.map((entry) => openItem(entry, 'pending')).sort((a, b) => a.number - b.number),
    ];
    this.#sizes = new Map([...running, ...pending].map(([, id, prompt]) => [id, Object.keys(prompt).length]));
    await this.#followEnded(new Set(open.map(({ id }) => id)));
    batch(() => {
      this.#paused.set(paused);
      this.#items.set([...open, ...(this.#ended ?? [])]);
    });
  }

  /** Jobs that were open and no longer are have ended: read how. @param {ReadonlySet<string>} open */
  async #followEnded(open) {
    if (this.#ended === null) {
      this.#ended = Object.entries(await this.#client.history(REMEMBERED))
        .map(endedItem)
        .reverse();
      return;
    }
    const known = new Set(this.#ended.map(({ id }) => id));
    const gone = this.#items.peek().filter(({ id }) => !open.has(id) && !known.has(id));
    for (const { id } of gone) {
      const entry = await this.#client.finished(id);
      if (entry) this.#ended = [endedItem([id, entry]), ...this.#ended].slice(0, REMEMBERED);
    }
  }

  /** @param {string} id @returns {Promise<Json | null>} */
  async workflow(id) {
    const { queue_running: running, queue_pending: pending } = await this.#client.queued();
    const entry = [...running, ...pending].find(([, each]) => each === id) ?? (await this.#client.finished(id))?.prompt;
    if (!entry) return null;
    const [, , prompt, extra] = entry;
    const information = extra['extra_pnginfo'];
    const workflow = typeof information === 'object' && information !== null && 'workflow' in information;
    return workflow ? (information['workflow'] ?? prompt) : prompt;
  }

  /** @param {QueueItem} item a running one is stopped, a waiting one cancelled, an ended one forgotten */
  async remove({ id, state }) {
    if (state === 'running') await this.#client.interrupt(id);
    else if (state === 'pending') await this.#client.cancel([id]);
    else {
      await this.#client.forget([id]);
      this.#ended = (this.#ended ?? []).filter((each) => each.id !== id);
    }
    await this.refresh();
  }

  /** @param {'waiting' | 'ended'} which */
  async clear(which) {
    if (which === 'waiting') await this.#client.cancelAll();
    else {
      await this.#client.forgetAll();
      this.#ended = [];
    }
    await this.refresh();
  }

  /** @param {boolean} paused */
  async pause(paused) {
    await this.#client.pause(paused);
    await this.refresh();
  }
}

/** @param {QueueEntry} entry @param {'running' | 'pending'} state @returns {QueueItem} */
const openItem = ([number, id], state) => ({ id, number, state, pictures: [], error: null });

/** @param {[string, HistoryEntry]} entry @returns {QueueItem} */
function endedItem([id, { prompt, outputs, status }]) {
  const interrupted = status.messages.some(([type]) => type === 'execution_interrupted');
  const failed = status.messages.find(([type, data]) => type === 'execution_error' && isFailure(data))?.[1];
  const state = status.status_str === 'success' ? 'success' : interrupted ? 'interrupted' : 'error';
  const error = state === 'error' ? String(failed?.['exception_message'] ?? '') : null;
  return { id, number: prompt[0], state, pictures: picturesOf(outputs), error };
}

/** @param {HistoryEntry['outputs']} outputs @returns {PictureRef[]} saved ones before previews */
function picturesOf(outputs) {
  const all = Object.values(outputs).flatMap((output) => output?.images ?? []);
  return all.sort((a, b) => Number(a.type !== 'output') - Number(b.type !== 'output'));
}
