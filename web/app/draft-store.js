/** Where this browser keeps drafts and windows: a database, which takes large documents and outlives a crash. */

/** @import { Draft, WindowRecord } from '../types/files.d.ts' */

const NAME = 'safelight';
const VERSION = 1;

export class DraftStore {
  #database;

  constructor() {
    this.#database = openDatabase();
  }

  /** @param {string} id @returns {Promise<Draft | null>} */
  draft(id) {
    return this.#read('drafts', (store) => store.get(id), null);
  }

  /** @returns {Promise<Draft[]>} */
  drafts() {
    return this.#read('drafts', (store) => store.getAll(), []);
  }

  /** @returns {Promise<WindowRecord[]>} the window that was used last comes first */
  async windows() {
    const windows = /** @type {WindowRecord[]} */ (await this.#read('windows', (store) => store.getAll(), []));
    return windows.sort((a, b) => b.time - a.time);
  }

  /** @param {Draft} draft */
  keepDraft(draft) {
    return this.#write('drafts', (store) => store.put(draft));
  }

  /** @param {string} id */
  dropDraft(id) {
    return this.#write('drafts', (store) => store.delete(id));
  }

  /** @param {WindowRecord} window */
  keepWindow(window) {
    return this.#write('windows', (store) => store.put(window));
  }

  /** @param {string} id */
  dropWindow(id) {
    return this.#write('windows', (store) => store.delete(id));
  }

  /**
   * @template T
   * @param {string} name
   * @param {(store: IDBObjectStore) => IDBRequest} ask
   * @param {T} otherwise
   * @returns {Promise<T>}
   */
  async #read(name, ask, otherwise) {
    const database = await this.#database;
    if (!database) return otherwise;
    return new Promise((resolve) => {
      const request = ask(database.transaction(name).objectStore(name));
      request.onsuccess = () => resolve(request.result ?? otherwise);
      request.onerror = () => resolve(otherwise);
    });
  }

  /**
   * Committed without waiting for an answer: a page that is being closed hears none.
   * @param {string} name
   * @param {(store: IDBObjectStore) => IDBRequest} change
   * @returns {Promise<boolean>} whether it is there
   */
  async #write(name, change) {
    const database = await this.#database;
    if (!database) return false;
    return new Promise((resolve) => {
      const transaction = database.transaction(name, 'readwrite', { durability: 'strict' });
      change(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(true);
      transaction.onerror = transaction.onabort = () => resolve(false);
      transaction.commit();
    });
  }
}

/** @returns {Promise<IDBDatabase | null>} null where the browser keeps nothing */
function openDatabase() {
  return new Promise((resolve) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const name of ['drafts', 'windows']) request.result.createObjectStore(name, { keyPath: 'id' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  });
}
