/** What widgets ask of the server and of this browser: thumbnails, completions, what was chosen before, last seeds. */

import { computed, signal } from '../core/signal.js';

/** @import { Client } from '../net/client.js' */
/** @import { Preferences } from '../types/app.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { ThumbnailOf, WidgetServices } from '../types/widgets.d.ts' */

const SEEDS_KEY = 'safelight.seeds';
const GRID_KEY = 'safelight.choices.grid';
const RECENT_PREFIX = 'safelight.recent.';
const MOST_SEEDS = 20;
const MOST_RECENT = 12;
/** Names of files are asked for again after this time. */
const FRESH_MS = 15_000;

/**
 * @param {Client} client
 * @param {Preferences} preferences
 * @param {{ local: Storage, session: Storage }} storage
 * @param {() => string} tab the id of the one that is shown: each has its own nodes
 * @returns {WidgetServices}
 */
export function createWidgetServices(client, preferences, { local, session }, tab) {
  const seeds = /** @type {Record<string, Json[]>} */ (read(session, SEEDS_KEY, {}));
  /** @type {Map<string, { until: number, names: Promise<ReadonlySet<string>> }>} */
  const known = new Map();
  const grid = signal(read(local, GRID_KEY, false) === true);
  grid.subscribe((wanted) => write(local, GRID_KEY, wanted));
  return {
    grid,
    seeds: (node, input) => seeds[`${tab()}/${node}/${input}`] ?? [],
    rememberSeeds(values) {
      for (const [place, value] of values) {
        const key = `${tab()}/${place}`;
        const before = (seeds[key] ?? []).filter((other) => !Object.is(other, value));
        seeds[key] = [value, ...before].slice(0, MOST_SEEDS);
      }
      write(session, SEEDS_KEY, seeds);
    },
    recent: (list) => textsOf(read(local, RECENT_PREFIX + list, [])),
    remember(list, value) {
      const before = textsOf(read(local, RECENT_PREFIX + list, [])).filter((other) => other !== value);
      write(local, RECENT_PREFIX + list, [value, ...before].slice(0, MOST_RECENT));
    },
    thumbnails: async (kind) => thumbnailsOf(client, kind, await client.thumbnails(kind)),
    complete: (queries, kinds) => client.completions(queries, kinds),
    names(kind) {
      const before = known.get(kind);
      if (before && before.until > performance.now()) return before.names;
      const names = client.modelNames(kind).then((all) => new Set(all.map(withoutEnding)));
      known.set(kind, { until: performance.now() + FRESH_MS, names });
      return names;
    },
    completes: () => preferences.of('prompt.completion').peek() === true,
    highlights: computed(() => preferences.of('prompt.highlighting').get() === true),
  };
}

/**
 * @param {Client} client
 * @param {string} kind
 * @param {Readonly<Record<string, string>>} versions of the pictures that there are
 * @returns {ThumbnailOf}
 */
const thumbnailsOf = (client, kind, versions) => (name, size) => {
  const version = Object.hasOwn(versions, name) ? versions[name] : undefined;
  return version === undefined ? null : client.thumbnailUrl(kind, name, version, size);
};

/** @param {string} name */
const withoutEnding = (name) => name.replace(/\.[^./]+$/, '');

/** @param {Json} value */
const textsOf = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);

/** @param {Storage} storage @param {string} key @param {Json} otherwise @returns {Json} */
function read(storage, key, otherwise) {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {Storage} storage @param {string} key @param {Json} value */
function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // A full storage forgets; nothing depends on it.
  }
}
