/** The library's part of the server's interface. */

/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { KnownModel, ListedModel, ModelNote } from '../types/library.d.ts' */
/** @import { Client } from '../net/client.js' */

/** @param {string} name */
const path = (name) => name.split('/').map(encodeURIComponent).join('/');

export class LibraryClient {
  #client;

  /** @param {Client} client */
  constructor(client) {
    this.#client = client;
  }

  /** @returns {Promise<Record<string, number>>} how many models there are of each kind */
  async kinds() {
    return (await this.#client.ask('library')).json();
  }

  /** @param {string} kind @returns {Promise<ListedModel[]>} */
  async models(kind) {
    return (await this.#client.ask(`library/${kind}`)).json();
  }

  /** @param {string} kind @param {string} name @returns {Promise<KnownModel>} */
  async model(kind, name) {
    return (await this.#client.ask(`library/${kind}/${path(name)}`)).json();
  }

  /** @param {string} kind @param {string} name @param {Partial<ModelNote>} note */
  async note(kind, name, note) {
    await this.#client.ask(`library/${kind}/${path(name)}`, { method: 'PUT', body: note });
  }

  /** @param {string} kind @param {string} name @returns {Promise<string>} */
  async hash(kind, name) {
    return (await (await this.#client.ask(`library_hash/${kind}/${path(name)}`, { method: 'POST' })).json()).sha256;
  }

  /** The workflow that made a file, as text. @param {string} kind @param {string} name @returns {Promise<string>} */
  async workflow(kind, name) {
    const said = await (await this.#client.ask(`view_metadata/${kind}?filename=${encodeURIComponent(name)}`)).json();
    return said.workflow ?? said.prompt;
  }

  /** @param {string} kind @param {string} name @param {PictureRef} picture @returns {Promise<string | null>} its version */
  async chooseCover(kind, name, picture) {
    return (await (await this.#client.ask(`library_cover/${kind}/${path(name)}`, { method: 'POST', body: picture })).json()).cover;
  }

  /** @param {string} kind @param {string} name @param {string} version @param {96 | 256 | 512} size */
  coverUrl(kind, name, version, size) {
    return `/api/thumbnails/${kind}/${path(name)}?size=${size}&v=${encodeURIComponent(version)}`;
  }
}
