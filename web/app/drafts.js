/**
 * Drafts: the open documents as they are, kept apart from saved files, so that a reload, a crash of the browser or of the
 * server, or a closed window loses nothing. Each tab has its own; no tab writes another's.
 */

import { signal } from '../core/signal.js';
import { openWindows } from './window-claim.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Draft, DraftControl, FoundDraft, SaveState, Tab, WindowRecord } from '../types/files.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { UserFiles } from '../net/user-files.js' */
/** @import { DraftStore } from './draft-store.js' */

const LOCAL_DELAY_MS = 300;
/** Of the time that a large document takes to be written, so many times as long passes before it is written again. */
const PATIENCE = 15;
const SERVER_DELAY_MS = 2000;
const FIRST_RETRY_MS = 4000;
const LONGEST_RETRY_MS = 60_000;
/** Bytes that browsers send after a page is gone, of all its requests together. */
const MOST_AT_LAST = 60_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const KEPT_DAYS = 60;
const KEPT_WINDOWS = 12;

/** @param {string} id */
const pathOf = (id) => `drafts/${id}.json`;

/** @implements {DraftControl} */
export class Drafts {
  #editor;
  #store;
  #remote;
  #window;
  /** What the server does not have yet; null stands for a draft that is to go. @type {Map<string, Draft | null>} */
  #pending = new Map();
  #localTimer = 0;
  #remoteTimer = 0;
  #delay = LOCAL_DELAY_MS;
  #retry = FIRST_RETRY_MS;
  #sending = false;
  /** The tabs of this window whose drafts are there. @type {Set<string>} */
  #written = new Set();
  /** @type {Signal<SaveState>} */
  #state = signal('kept');
  /** @type {Signal<readonly FoundDraft[]>} */
  #found = signal([]);

  /** @param {Application} editor @param {DraftStore} store @param {UserFiles} remote @param {string} window */
  constructor(editor, store, remote, window) {
    this.#editor = editor;
    this.#store = store;
    this.#remote = remote;
    this.#window = window;
    this.state = /** @type {ReadonlySignal<SaveState>} */ (this.#state);
    this.found = /** @type {ReadonlySignal<readonly FoundDraft[]>} */ (this.#found);
  }

  /**
   * Open the tabs that the window had.
   * @param {WindowRecord} record
   * @returns {Promise<boolean>} false when there are none
   */
  async restore({ tabs, active }) {
    const drafts = [];
    for (const id of tabs.length > 0 ? tabs : await this.#remoteTabs()) {
      const draft = (await this.#store.draft(id)) ?? (await this.#readRemote(id));
      if (draft) drafts.push(draft);
    }
    for (const { id } of drafts) this.#written.add(id);
    this.#editor.tabs.restore(drafts, active);
    return drafts.length > 0;
  }

  /** The server knows a window's tabs where the browser has forgotten them. @returns {Promise<string[]>} */
  async #remoteTabs() {
    const drafts = await this.#remote.drafts().catch(() => []);
    return drafts.filter(({ window, closed }) => window === this.#window && !closed).map(({ id }) => id);
  }

  /** @param {string} id @returns {Promise<Draft | null>} */
  async #readRemote(id) {
    const file = await this.#remote.read(pathOf(id)).catch(() => null);
    return file ? draftOf(id, file.content) : null;
  }

  /** Keep drafts up to date from now on. @returns {() => void} ends it */
  follow() {
    const { document, name, storedAs, dirty, tabs, run } = this.#editor;
    const changed = () => this.#changed();
    const leave = () => void this.flush();
    const end = () => {
      void this.flush();
      this.#sendLast();
    };
    const ends = [
      document.onChange(changed),
      name.subscribe(changed),
      storedAs.subscribe(changed),
      dirty.subscribe(changed),
      run.running.subscribe(changed),
      tabs.onParked(() => this.#localTimer !== 0 && this.#writeShown()),
      tabs.onClosed((tab) => void this.#close(tab)),
      tabs.list.subscribe(() => this.#listed()),
      tabs.shown.subscribe(() => this.#listed()),
      run.connection.subscribe((state) => state === 'open' && this.#pending.size > 0 && void this.#send()),
    ];
    addEventListener('pagehide', end);
    globalThis.document.addEventListener('visibilitychange', leave);
    this.#listed();
    return () => {
      void this.flush();
      removeEventListener('pagehide', end);
      globalThis.document.removeEventListener('visibilitychange', leave);
      for (const end of ends) end();
    };
  }

  #changed() {
    if (this.#editor.tabs.switching) return;
    this.#localTimer ||= setTimeout(() => this.#writeShown(), this.#delay);
  }

  /** Tabs have come or go, or another one is shown. */
  #listed() {
    this.#keepWindow();
    if (!this.#written.has(this.#editor.tabs.shown.peek().id))
      this.#localTimer ||= setTimeout(() => this.#writeShown(), 0);
  }

  #keepWindow() {
    const { list, shown } = this.#editor.tabs;
    const tabs = list.peek().map(({ id }) => id);
    return this.#store.keepWindow({ id: this.#window, tabs, active: shown.peek().id, time: Date.now() });
  }

  #writeShown() {
    clearTimeout(this.#localTimer);
    this.#localTimer = 0;
    const before = performance.now();
    const draft = this.#draftOfShown();
    this.#written.add(draft.id);
    const written = this.#store.keepDraft(draft);
    this.#delay = Math.max(LOCAL_DELAY_MS, (performance.now() - before) * PATIENCE);
    if (!draft.pristine) this.#hand(draft.id, draft);
    return written;
  }

  /** @returns {Draft} */
  #draftOfShown() {
    const { tabs, name, storedAs, dirty, view, queuedSeeds, run, toFile } = this.#editor;
    const { id, etag, pristine } = tabs.shown.peek();
    return {
      id,
      window: this.#window,
      name: name.peek(),
      storedAs: storedAs.peek(),
      etag,
      dirty: dirty.peek(),
      pristine,
      closed: false,
      time: Date.now(),
      camera: view?.camera() ?? null,
      queuedSeeds: [...queuedSeeds],
      pictures: run.savedPictures(),
      document: toFile(),
    };
  }

  /** Let the server have it soon. @param {string} id @param {Draft | null} draft null: let it forget what it has */
  #hand(id, draft) {
    this.#pending.set(id, draft);
    if (this.#state.peek() === 'failed') return;
    this.#state.set('waiting');
    clearTimeout(this.#remoteTimer);
    this.#remoteTimer = setTimeout(() => void this.#send(), SERVER_DELAY_MS);
  }

  /** A page that is being closed hears no answers; the browser sends small things for it. */
  #sendLast() {
    for (const [id, draft] of this.#pending) {
      const body = draft && new Blob([JSON.stringify(draft)], { type: 'application/json' });
      if (body && body.size < MOST_AT_LAST)
        navigator.sendBeacon(`/api/userdata/${encodeURIComponent(pathOf(id))}`, body);
    }
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#remoteTimer);
    try {
      for (let next = firstOf(this.#pending); next; next = firstOf(this.#pending)) {
        const [id, draft] = next;
        if (draft) await this.#remote.write(pathOf(id), draft);
        else await this.#remote.remove(pathOf(id));
        // Meanwhile it may have become another one.
        if (this.#pending.get(id) === draft) this.#pending.delete(id);
      }
      this.#retry = FIRST_RETRY_MS;
      this.#state.set('kept');
    } catch {
      this.#state.set('failed');
      this.#remoteTimer = setTimeout(() => void this.#send(), this.#retry);
      this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY_MS);
    } finally {
      this.#sending = false;
    }
  }

  /** What has unsaved changes can still be found; the rest is in its file, or was nothing. @param {Tab} tab */
  async #close(tab) {
    if (!tab.dirty.peek()) {
      this.#written.delete(tab.id);
      this.#hand(tab.id, null);
      await this.#store.dropDraft(tab.id);
      return;
    }
    const draft = tab.draft ?? (await this.#store.draft(tab.id));
    // It may have been opened again.
    if (!draft || this.#editor.tabs.list.peek().includes(tab)) return;
    this.#written.delete(tab.id);
    const closed = { ...draft, closed: true };
    this.#hand(tab.id, closed);
    await this.#store.keepDraft(closed);
  }

  async flush() {
    const written = this.#localTimer === 0 ? undefined : this.#writeShown();
    await Promise.all([written, this.#keepWindow()]);
    if (this.#pending.size > 0) await this.#send();
  }

  async look() {
    await this.#prune();
    const open = await openWindows();
    const mine = new Set(this.#editor.tabs.list.peek().map(({ id }) => id));
    /** @type {Map<string, FoundDraft>} */
    const found = new Map();
    for (const draft of await this.#store.drafts()) {
      const { id, name, storedAs, time, closed, dirty } = draft;
      const used = mine.has(id) || (open.has(draft.window) && !closed);
      if (dirty && !used)
        found.set(id, { id, name, storedAs, time, closed, nodes: countNodes(draft), where: 'browser' });
    }
    for (const { dirty, open: used, window, ...draft } of await this.#remote.drafts().catch(() => [])) {
      const busy = (used || open.has(window ?? '')) && !draft.closed;
      if (dirty && !busy && !mine.has(draft.id)) found.set(draft.id, { ...draft, where: 'server' });
    }
    this.#found.set([...found.values()].sort((a, b) => b.time - a.time));
  }

  /** Nobody comes back for what is this old. */
  async #prune() {
    const open = await openWindows();
    const limit = Date.now() - KEPT_DAYS * DAY_MS;
    const windows = (await this.#store.windows()).filter(({ id }) => id !== this.#window && !open.has(id));
    for (const { id, tabs } of windows.filter(({ time }, at) => at >= KEPT_WINDOWS || time < limit)) {
      for (const tab of tabs) if (!(await this.#store.draft(tab))?.dirty) await this.#store.dropDraft(tab);
      await this.#store.dropWindow(id);
    }
    for (const { id, time, window } of await this.#store.drafts()) {
      if (time < limit && window !== this.#window && !open.has(window)) await this.#store.dropDraft(id);
    }
  }

  /** @param {string} id */
  async open(id) {
    const { tabs } = this.#editor;
    if (tabs.closed.peek().some((tab) => tab.id === id)) tabs.reopen(id);
    else {
      const draft = (await this.#readRemote(id)) ?? (await this.#store.draft(id));
      if (!draft) return this.look();
      // It gets an id of its own: the window that it came from may come back and write the old one.
      tabs.adopt({ ...draft, window: this.#window, closed: false });
      await this.#writeShown();
      await this.discard(id);
    }
    this.#found.set(this.#found.peek().filter((each) => each.id !== id));
  }

  /** @param {string} id */
  async discard(id) {
    this.#hand(id, null);
    await this.#store.dropDraft(id);
    this.#found.set(this.#found.peek().filter((each) => each.id !== id));
  }
}

/** @param {Map<string, Draft | null>} pending */
const firstOf = (pending) => pending.entries().next().value;

/** @param {Draft} draft */
function countNodes({ document }) {
  return typeof document === 'object' && document && 'nodes' in document && Array.isArray(document['nodes'])
    ? document['nodes'].length
    : 0;
}

/** @param {string} id @param {import('../types/spec.d.ts').Json} content @returns {Draft | null} null for what is none */
function draftOf(id, content) {
  const draft = /** @type {Partial<Draft> | null} */ (/** @type {unknown} */ (content));
  if (!draft?.document) return null;
  const { window = '', name = '', storedAs = null, etag = null, dirty = true, time = 0, camera = null } = draft;
  const { queuedSeeds = [], pictures = [], document, closed = false, pristine = false } = draft;
  return { id, window, name, storedAs, etag, dirty, pristine, closed, time, camera, queuedSeeds, pictures, document };
}
