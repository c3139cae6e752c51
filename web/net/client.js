/** The server's HTTP interface. Refusals become `ServerError`s that hold a sentence. */

import { readRefusal, ServerError } from './server-error.js';

/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { CacheFigures, HistoryEntry, Pack, QueueAnswer, Queues, ServerProblem, StoredFile } from '../types/net.d.ts' */
/** @import { Json, ObjectInfo } from '../types/spec.d.ts' */

export class Client {
  #origin;

  /**
   * @param {string} id tells this window's jobs from those of others
   * @param {string} origin
   */
  constructor(id, origin) {
    this.id = id;
    this.#origin = origin;
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   * @returns {Promise<Response>} an answer that is no refusal
   */
  async #request(path, init) {
    let response;
    try {
      response = await fetch(`${this.#origin}/api/${path}`, init);
    } catch (error) {
      throw new ServerError(String(error), 0);
    }
    if (!response.ok) throw await readRefusal(response);
    return response;
  }

  /**
   * @param {string} path
   * @returns {Promise<Json>}
   */
  async #read(path) {
    return (await this.#request(path, { cache: 'no-store' })).json();
  }

  /** @param {string} path @param {object} body */
  #post(path, body) {
    return this.#request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** @returns {Promise<Record<string, ObjectInfo>>} */
  async objectInfo() {
    return /** @type {Record<string, ObjectInfo>} */ (/** @type {unknown} */ (await this.#read('object_info')));
  }

  /**
   * @param {Json} document the workflow, as a file
   * @param {{ front?: boolean, targets?: string[] }} [options] `targets`: only what these nodes need
   * @returns {Promise<QueueAnswer>}
   */
  async queue(document, { front = false, targets } = {}) {
    const body = { document, client_id: this.id, ...(front ? { front } : {}), ...(targets ? { targets } : {}) };
    return (await this.#post('prompt', body)).json();
  }

  /**
   * @param {Json} document
   * @returns {Promise<Json>} the workflow in the API format
   */
  async compile(document) {
    return (await (await this.#post('compile', { document })).json()).prompt;
  }

  /** @returns {Promise<Queues>} the jobs that run and wait */
  async queued() {
    return (await this.#request('queue', { cache: 'no-store' })).json();
  }

  /** @param {number} most @returns {Promise<Record<string, HistoryEntry>>} the newest jobs, oldest first */
  async history(most) {
    return (await this.#request(`history?max_items=${most}`, { cache: 'no-store' })).json();
  }

  /** @param {string} id @returns {Promise<HistoryEntry | null>} */
  async finished(id) {
    const answer = await this.#request(`history/${encodeURIComponent(id)}`, { cache: 'no-store' });
    return (await answer.json())[id] ?? null;
  }

  /** @param {string | null} id the job to stop; null stops whatever runs */
  async interrupt(id) {
    await this.#post('interrupt', id === null ? {} : { prompt_id: id });
  }

  /** @param {string[]} ids of jobs that wait */
  async cancel(ids) {
    await this.#post('queue', { delete: ids });
  }

  async cancelAll() {
    await this.#post('queue', { clear: true });
  }

  /** @param {boolean} paused whether waiting jobs shall not begin */
  async pause(paused) {
    await this.#post('queue', { paused });
  }

  /** @returns {Promise<CacheFigures>} how many results are kept */
  async cache() {
    return (await this.#request('cache', { cache: 'no-store' })).json();
  }

  /** @param {'memory' | 'disk'} tier what to forget @returns {Promise<CacheFigures>} what is left */
  async clearCache(tier) {
    return (await this.#post('cache', { clear: tier })).json();
  }

  /** Forget all results and put the models away, after the job that runs. */
  async free() {
    await this.#post('free', { unload_models: true, free_memory: true });
  }

  /** @param {string[]} ids of jobs that have ended */
  async forget(ids) {
    await this.#post('history', { delete: ids });
  }

  async forgetAll() {
    await this.#post('history', { clear: true });
  }

  /** @param {File} file a picture for the input folder @returns {Promise<PictureRef>} */
  async uploadImage(file) {
    const body = new FormData();
    body.append('image', file);
    const answer = await (await this.#request('upload/image', { method: 'POST', body })).json();
    return { filename: answer.name, subfolder: answer.subfolder, type: answer.type };
  }

  /** @returns {Promise<ServerProblem[]>} */
  async problems() {
    return (await this.#request('problems', { cache: 'no-store' })).json();
  }

  /** @returns {Promise<Pack[]>} */
  async packs() {
    return (await this.#request('packs', { cache: 'no-store' })).json();
  }

  /** @param {boolean} restart @returns {Promise<{ done: boolean, packs: Pack[] }>} */
  async reloadPacks(restart) {
    return (await this.#post('packs/reload', { restart })).json();
  }

  /** @returns {Promise<Record<string, Json>>} the translations that packs bring, by language */
  async packTexts() {
    return /** @type {Record<string, Json>} */ (await this.#read('i18n'));
  }

  /** @param {string} folder @returns {Promise<StoredFile[]>} files of a folder of the user's data */
  async stored(folder) {
    try {
      const path = `userdata?dir=${encodeURIComponent(folder)}&recurse=true&full_info=true`;
      return await (await this.#request(path, { cache: 'no-store' })).json();
    } catch (error) {
      if (error instanceof ServerError && error.status === 404) return [];
      throw error;
    }
  }

  /** @param {string} path @returns {Promise<Json>} */
  readStored(path) {
    return this.#read(`userdata/${encodeURIComponent(path)}`);
  }

  /**
   * @param {string} path
   * @param {object} content what is kept as JSON
   * @param {boolean} overwrite
   * @throws {ServerError} with status 409 when the file is there and must not be overwritten
   */
  async store(path, content, overwrite) {
    await this.#post(`userdata/${encodeURIComponent(path)}?overwrite=${overwrite}`, content);
  }

  /** @returns {Promise<Record<string, string[]>>} names of templates by pack */
  async templates() {
    return /** @type {Record<string, string[]>} */ (await this.#read('workflow_templates'));
  }

  /** @param {string} pack @param {string} name */
  template(pack, name) {
    return this.#read(`workflow_templates/${encodeURIComponent(pack)}/${encodeURIComponent(name)}.json`);
  }

  /**
   * @param {PictureRef} picture
   * @param {boolean} preview a smaller file that looks the same in a node or a list
   */
  pictureUrl({ filename, subfolder, type }, preview) {
    const query = new URLSearchParams({ filename, subfolder, type, ...(preview ? { preview: 'webp;90' } : {}) });
    return `${this.#origin}/api/view?${query}`;
  }
}
