/** Settings on the server, so that another browser has them: the newest change of any browser holds. */

import { ignoreUnreachable } from '../net/server-error.js';
import { PREFIX, stored } from './preferences.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** Before their ids among the server's settings. */
const SERVER_PREFIX = 'editor.';
const DELAY_MS = 400;

/**
 * @param {Application} editor
 * @returns {{ first: Promise<void>, end: () => void }} `first`: what other browsers have set is here, if the server is
 */
export function syncPreferences({ client, preferences, run }) {
  /** @type {Set<string>} */
  const changed = new Set();
  let timer = 0;

  const push = () => {
    timer = 0;
    const entries = [...changed].map((id) => [SERVER_PREFIX + id, { value: valueOf(id), time: preferences.setAt(id) }]);
    changed.clear();
    // A server that is away gets them when it is back.
    if (entries.length > 0) client.changeSettings(Object.fromEntries(entries)).catch(ignoreUnreachable);
  };
  const toPush = (/** @type {string} */ id) => {
    changed.add(id);
    timer ||= setTimeout(push, DELAY_MS);
  };
  /** @param {string} id */
  const valueOf = (id) => preferences.of(id).peek();

  async function reconcile() {
    const settings = await client.settings();
    for (const { id } of preferences.all.peek()) {
      const kept = record(settings[SERVER_PREFIX + id]);
      const time = Number(kept['time'] ?? 0);
      const here = preferences.setAt(id);
      if (time > here && kept['value'] !== undefined) preferences.adopt(id, kept['value'], time);
      else if (here > time) toPush(id);
    }
  }
  const again = () => reconcile().catch(ignoreUnreachable);
  const whenSeen = () => void (document.visibilityState === 'visible' && again());
  const fromOtherTab = (/** @type {StorageEvent} */ { key }) => {
    if (!key?.startsWith(PREFIX)) return;
    const id = key.slice(PREFIX.length);
    preferences.adopt(id, stored(localStorage, id), preferences.setAt(id) || Date.now());
  };

  const ends = [
    preferences.onSet(toPush),
    // Settings of packs come later than ours.
    preferences.all.subscribe(again),
    run.connection.subscribe((state) => void (state === 'open' && again())),
  ];
  document.addEventListener('visibilitychange', whenSeen);
  addEventListener('pagehide', push);
  addEventListener('storage', fromOtherTab);
  const end = () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', whenSeen);
    removeEventListener('pagehide', push);
    removeEventListener('storage', fromOtherTab);
    for (const each of ends) each();
  };
  return { first: again(), end };
}

/** @param {Json | undefined} value @returns {{ [key: string]: Json }} */
const record = (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});
