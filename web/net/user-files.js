/** The user's files on the server: workflows with their versions, drafts, templates. */

import { parseExactly } from '../core/exact-integer.js';

/** @import { FoundDraft, Template, Version } from '../types/files.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Client } from './client.js' */

/** @typedef {{ path: string, size: number, modified: number, etag: string }} FileInfo */

export class UserFiles {
  #client;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  /** @param {string} folder @returns {Promise<FileInfo[]>} everything in it; their paths begin below it */
  async list(folder) {
    const query = 'recurse=true&full_info=true&optional=true';
    return (await this.#client.ask(`userdata?dir=${encodeURIComponent(folder)}&${query}`)).json();
  }

  /** @param {string} path @returns {Promise<{ content: Json, etag: string | null }>} */
  async read(path) {
    const answer = await this.#client.ask(`userdata/${encodeURIComponent(path)}`);
    const etag = answer.headers.get('ETag')?.replace(/^W\/|"/g, '') ?? null;
    return { content: parseExactly(await answer.text()), etag };
  }

  /**
   * @param {string} path
   * @param {object} content
   * @param {{ overwrite?: boolean, match?: string | null, automatic?: boolean }} [options] `match`: the file as it is
   *   known; one that has changed is not written over
   * @returns {Promise<FileInfo>}
   * @throws {ServerError} with status 409 when there is a file and none must be, 412 when it has changed
   */
  async write(path, content, { overwrite = true, match = null, automatic = false } = {}) {
    const query = `overwrite=${overwrite}&automatic=${automatic}&full_info=true`;
    /** @type {Record<string, string>} */
    const headers = match === null ? {} : { 'If-Match': `"${match}"` };
    const question = { method: 'POST', body: content, headers };
    return (await this.#client.ask(`userdata/${encodeURIComponent(path)}?${query}`, question)).json();
  }

  /** @param {string} path a file that need not be there */
  async remove(path) {
    await this.#client.ask(`userdata/${encodeURIComponent(path)}?optional=true`, { method: 'DELETE' });
  }

  /** @param {string} path @returns {Promise<string>} where it is now */
  async throwAway(path) {
    return (await this.#client.ask(`userdata/${encodeURIComponent(path)}?trash=true`, { method: 'DELETE' })).json();
  }

  /** @param {string} from @param {string} to @returns {Promise<FileInfo>} @throws {ServerError} 409 */
  async move(from, to) {
    const path = `userdata/${encodeURIComponent(from)}/move/${encodeURIComponent(to)}?overwrite=false&full_info=true`;
    return (await this.#client.ask(path, { method: 'POST' })).json();
  }

  /** @param {string} path @returns {Promise<Version[]>} newest first */
  async versions(path) {
    return (await this.#client.ask(`versions/${encodeURIComponent(path)}`)).json();
  }

  /** @param {string} path @param {string} id @returns {Promise<Json>} */
  async version(path, id) {
    return parseExactly(await (await this.#client.ask(this.#version(path, id))).text());
  }

  /** @param {string} path @param {object} document @param {string} name */
  async keepVersion(path, document, name) {
    await this.#client.ask(`versions/${encodeURIComponent(path)}`, { method: 'POST', body: { document, name } });
  }

  /** @param {string} path @param {string} id @param {string | null} name */
  async nameVersion(path, id, name) {
    await this.#client.ask(this.#version(path, id), { method: 'PATCH', body: { name } });
  }

  /** @param {string} path @param {string} id */
  async forgetVersion(path, id) {
    await this.#client.ask(this.#version(path, id), { method: 'DELETE' });
  }

  /** @param {string} path @param {string} id */
  #version(path, id) {
    return `versions/${encodeURIComponent(path)}/${encodeURIComponent(id)}`;
  }

  /** @returns {Promise<(FoundDraft & { dirty: boolean, window: string | null, open: boolean })[]>} */
  async drafts() {
    return (await this.#client.ask('drafts')).json();
  }

  /** @returns {Promise<Template[]>} */
  async templates() {
    return (await this.#client.ask('templates')).json();
  }
}
