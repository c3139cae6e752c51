/** What the user has set: kept in this browser for the start, and told to whoever keeps it on the server. */

import { signal } from '../core/signal.js';
import { PREFERENCES } from './preference-table.js';

/** @import { Preference, Preferences } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @typedef {Pick<Storage, 'getItem' | 'setItem'>} Store */

export const PREFIX = 'safelight.setting.';
/** When a setting was last changed by the user: the newest of several browsers holds. */
const TIME_PREFIX = 'safelight.set-at.';

/**
 * @param {Store} storage
 * @returns {Preferences}
 */
export function createPreferences(storage) {
  /** @type {Map<string, Signal<Json>>} */
  const values = new Map();
  const all = /** @type {Signal<readonly Preference[]>} */ (signal([]));
  /** @type {Set<(id: string) => void>} */
  const listeners = new Set();
  let adopting = /** @type {number | null} */ (null);

  /** @param {Preference} preference */
  function define(preference) {
    if (values.has(preference.id)) throw new Error(`There is a setting ${preference.id} already.`);
    const value = signal(read(storage, preference));
    value.subscribe((chosen) => {
      keep(storage, PREFIX + preference.id, JSON.stringify(chosen));
      keep(storage, TIME_PREFIX + preference.id, String(adopting ?? Date.now()));
      if (adopting === null) for (const listener of listeners) listener(preference.id);
    });
    values.set(preference.id, value);
    all.set([...all.peek(), preference]);
    return () => {
      values.delete(preference.id);
      all.set(all.peek().filter((other) => other !== preference));
    };
  }

  for (const preference of PREFERENCES) define(preference);
  return {
    all,
    define,
    of(id) {
      const value = values.get(id);
      if (!value) throw new Error(`There is no setting ${id}.`);
      return value;
    },
    setAt: (id) => Number(storage.getItem(TIME_PREFIX + id) ?? 0),
    adopt(id, value, time) {
      const preference = all.peek().find((each) => each.id === id);
      if (!preference || !fits(value, preference)) return;
      adopting = time;
      try {
        values.get(id)?.set(value);
        keep(storage, TIME_PREFIX + id, String(time));
      } finally {
        adopting = null;
      }
    },
    onSet(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** A full storage keeps nothing, and the setting holds until the page is closed. @param {Store} storage @param {string} key @param {string} text */
function keep(storage, key, text) {
  try {
    storage.setItem(key, text);
  } catch {
    return;
  }
}

/** @param {Json} value @param {Preference} preference */
function fits(value, { choices, default: otherwise, kind }) {
  if (value === null || typeof value !== typeof otherwise || Array.isArray(value)) return false;
  if (kind === 'number' && !Number.isFinite(value)) return false;
  return !choices || choices.includes(String(value));
}

/** @param {Store} storage @param {Preference} preference @returns {Json} */
function read(storage, preference) {
  const value = stored(storage, preference.id);
  return fits(value, preference) ? value : preference.default;
}

/**
 * What this browser has kept of a setting, null if nothing.
 * @param {Store} storage
 * @param {string} id
 * @returns {Json}
 */
export function stored(storage, id) {
  try {
    return JSON.parse(storage.getItem(PREFIX + id) ?? 'null');
  } catch {
    return null;
  }
}
