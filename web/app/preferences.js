/** What the user has set, kept in this browser. */

import { signal } from '../core/signal.js';
import { PREFERENCES } from './preference-table.js';

/** @import { Preference, Preferences } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const PREFIX = 'safelight.setting.';

/**
 * @param {Pick<Storage, 'getItem' | 'setItem'>} storage
 * @returns {Preferences}
 */
export function createPreferences(storage) {
  /** @type {Map<string, Signal<Json>>} */
  const values = new Map();
  const all = /** @type {Signal<readonly Preference[]>} */ (signal([]));

  /** @param {Preference} preference */
  function define(preference) {
    if (values.has(preference.id)) throw new Error(`There is a setting ${preference.id} already.`);
    const value = signal(read(storage, preference));
    value.subscribe((chosen) => storage.setItem(PREFIX + preference.id, JSON.stringify(chosen)));
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
  };
}

/** @param {Pick<Storage, 'getItem'>} storage @param {Preference} preference @returns {Json} */
function read(storage, preference) {
  const { id, choices, default: otherwise } = preference;
  try {
    const value = JSON.parse(storage.getItem(PREFIX + id) ?? 'null');
    const fits = typeof value === typeof otherwise && (!choices || choices.includes(value));
    return fits ? value : otherwise;
  } catch {
    return otherwise;
  }
}
