/** New tabs: empty ones, and those of drafts. */

import { signal } from '../core/signal.js';
import { newId } from './tab-ids.js';

/** @import { Draft, Outcome, Tab } from '../types/files.d.ts' */

/** @param {string} id @returns {Tab} */
export function emptyTab(id) {
  return {
    id,
    name: signal(''),
    storedAs: signal(/** @type {string | null} */ (null)),
    dirty: signal(false),
    running: signal(false),
    outcome: signal(/** @type {Outcome} */ (null)),
    etag: null,
    pristine: false,
    parked: null,
    draft: null,
    run: null,
    follower: null,
  };
}

/** @returns {Tab} an empty workflow */
export const fresh = () => ({ ...emptyTab(newId()), pristine: true });

/** @param {Draft} draft @returns {Tab} */
export function tabOf(draft) {
  const tab = { ...emptyTab(draft.id), draft, etag: draft.etag, pristine: draft.pristine };
  tab.name.set(draft.name);
  tab.storedAs.set(draft.storedAs);
  tab.dirty.set(draft.dirty);
  return tab;
}
