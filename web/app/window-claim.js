/** The id of this window, by which it finds its tabs again and no other window takes them. */

import { newId } from './tab-ids.js';

/** @import { WindowRecord } from '../types/files.d.ts' */
/** @import { DraftStore } from './draft-store.js' */

const KEY = 'safelight.window';
const LOCK = 'safelight.window.';

/**
 * The id stays over a reload; a duplicated window gets its own; a new window takes over the tabs of the window that was
 * closed last.
 * @param {DraftStore} store
 * @returns {Promise<WindowRecord>}
 */
export async function claimWindow(store) {
  const windows = await store.windows();
  const mine = sessionStorage.getItem(KEY);
  for (const id of new Set([mine, ...windows.map((window) => window.id)])) {
    if (id === null || !(await lock(id))) continue;
    sessionStorage.setItem(KEY, id);
    return windows.find((window) => window.id === id) ?? { id, tabs: [], active: '', time: 0 };
  }
  const id = newId();
  await lock(id);
  sessionStorage.setItem(KEY, id);
  return { id, tabs: [], active: '', time: 0 };
}

/**
 * Hold a window's id for as long as the window lives. Where the page's connection is not secure there are no locks,
 * and a window keeps only the id that it had.
 * @param {string} id
 * @returns {Promise<boolean>} false when another window holds it
 */
async function lock(id) {
  if (!navigator.locks) return sessionStorage.getItem(KEY) === id;
  return new Promise((resolve) => {
    void navigator.locks.request(LOCK + id, { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held === null ? undefined : new Promise(() => {});
    });
  });
}

/** @returns {Promise<ReadonlySet<string>>} the ids of this browser's windows that are open, as far as it tells */
export async function openWindows() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.flatMap(({ name }) => (name?.startsWith(LOCK) ? [name.slice(LOCK.length)] : [])));
}
