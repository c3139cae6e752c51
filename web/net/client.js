/** The server's HTTP interface. Refusals become `ServerError`s that hold a sentence. */

import { parseExactly } from '../core/exact-integer.js';
import { isRecord } from '../core/json.js';
import { readRefusal, ServerError } from './server-error.js';

/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Completions } from '../types/widgets.d.ts' */
/** @import { CacheFigures, Pack, QueueAnswer, ServerProblem } from '../types/net.d.ts' */
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

  /**
   * With whole numbers of 64 bits as they are.
   * @param {string} path
   * @returns {Promise<Json>}
   */
  async #readExactly(path) {
    return parseExactly(await (await this.#request(path, { cache: 'no-store' })).text());
  }

  /** @param {string} path @param {object} body */
  #post(path, body) {
    return this.#request(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /**
   * Ask anything else of the server, for modules that know a part of its interface.
   * @param {string} path
   * @param {{ method?: string, body?: object, headers?: Record<string, string> }} [question]
   * @returns {Promise<Response>} an answer that is no refusal
   */
  ask(path, { method = 'GET', body, headers = {} } = {}) {
    if (body === undefined) return this.#request(path, { method, headers, cache: 'no-store' });
    const json = { ...headers, 'Content-Type': 'application/json' };
    return this.#request(path, { method, headers: json, body: JSON.stringify(body) });
  }

  /** @returns {Promise<Record<string, ObjectInfo>>} */
  async objectInfo() {
    return /** @type {Record<string, ObjectInfo>} */ (/** @type {unknown} */ (await this.#read('object_info')));
  }

  /**
   * @param {Json} document the workflow, as a file
   * @param {{ prompt_id?: string, front?: boolean, targets?: string[], name?: string }} [options] `targets`: only what these nodes need;
   *   `name`: what lists call the job
   * @returns {Promise<QueueAnswer>}
   */
  async queue(document, options = {}) {
    const body = { document, client_id: this.id, ...options };
    return (await this.#post('prompt', body)).json();
  }

  /**
   * @param {Json} document
   * @returns {Promise<Json>} the workflow in the API format
   */
  async compile(document) {
    return (await (await this.#post('compile', { document })).json()).prompt;
  }

  /**
   * @param {Json} document
   * @param {readonly Json[]} nodes
   * @param {string} name
   * @returns {Promise<Json>} the workflow with these nodes in a new subgraph
   */
  async extractSubgraph(document, nodes, name) {
    return documentOf(await this.#post('subgraphs/extract', { document, nodes, name }));
  }

  /** @param {Json} document @param {Json} node @returns {Promise<Json>} the workflow with what is in an instance in its place */
  async inlineSubgraph(document, node) {
    return documentOf(await this.#post('subgraphs/inline', { document, node }));
  }

  /** @param {Json} document @returns {Promise<Json>} the workflow with subgraphs in place of group nodes */
  async convertGroupNodes(document) {
    return documentOf(await this.#post('subgraphs/convert', { document }));
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

  /**
   * @param {File} file a picture for the input folder
   * @param {string} [subfolder]
   * @returns {Promise<PictureRef>}
   */
  async uploadImage(file, subfolder = '') {
    const body = new FormData();
    body.append('image', file);
    body.append('subfolder', subfolder);
    return this.upload('image', body);
  }

  /** @param {'image' | 'mask'} kind @param {FormData} form as the server's route wants it @returns {Promise<PictureRef>} */
  async upload(kind, form) {
    const answer = await (await this.#request(`upload/${kind}`, { method: 'POST', body: form })).json();
    return { filename: answer.name, subfolder: answer.subfolder, type: answer.type };
  }

  /** @param {string} kind a kind of models, or `input` @returns {Promise<Record<string, string>>} versions of pictures by name */
  async thumbnails(kind) {
    return /** @type {Record<string, string>} */ (await this.#read(`thumbnails/${encodeURIComponent(kind)}`));
  }

  /** @param {string} kind @param {string} name @param {string} version @param {number} size */
  thumbnailUrl(kind, name, version, size) {
    const path = [kind, ...name.split('/')].map(encodeURIComponent).join('/');
    return `${this.#origin}/api/thumbnails/${path}?size=${size}&v=${version}`;
  }

  /**
   * @param {readonly string[]} queries the first that finds any holds
   * @param {readonly string[]} kinds
   * @returns {Promise<Completions>}
   */
  async completions(queries, kinds) {
    const query = new URLSearchParams([...queries.map((each) => ['q', each]), ['kinds', kinds.join(',')]]);
    return (await this.#request(`completions?${query}`, { cache: 'no-store' })).json();
  }

  /** @param {string} kind @returns {Promise<string[]>} */
  async modelNames(kind) {
    return /** @type {string[]} */ (await this.#read(`models/${encodeURIComponent(kind)}`));
  }

  /**
   * @param {File} file for the input folder
   * @param {string} subfolder
   * @returns {Promise<PictureRef>}
   */
  async uploadFile(file, subfolder) {
    const body = new FormData();
    body.append('file', file);
    body.append('subfolder', subfolder);
    const answer = await (await this.#request('upload/file', { method: 'POST', body })).json();
    return { filename: answer.name, subfolder: answer.subfolder, type: answer.type };
  }

  /** @returns {Promise<ServerProblem[]>} */
  async problems() {
    return (await this.#request('problems', { cache: 'no-store' })).json();
  }

  /** @returns {Promise<Record<string, Json>>} what is set on the server */
  async settings() {
    return /** @type {Record<string, Json>} */ (await this.#read('settings'));
  }

  /** @param {Record<string, Json>} changes */
  async changeSettings(changes) {
    await this.#post('settings', changes);
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

  /** @param {string} pack @param {string} name */
  template(pack, name) {
    return this.#readExactly(`workflow_templates/${encodeURIComponent(pack)}/${encodeURIComponent(name)}.json`);
  }

  /**
   * @param {Record<string, string>} texts of a picture, by keyword
   * @returns {Promise<{ workflow: Json, notices: string[] }>} a workflow that makes it, and what could not be taken over
   */
  async workflowOfTexts(texts) {
    return (await this.#post('infotext/workflow', { texts })).json();
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

/** @param {Response} answer */
async function documentOf(answer) {
  const read = parseExactly(await answer.text());
  return isRecord(read) ? (read['document'] ?? null) : null;
}
