/** The open workflows of this window. One is shown: its document is the editor's; the others are parked. */

import { GraphDocument } from '../core/document.js';
import { readWorkflow } from '../core/format.js';
import { batch, signal } from '../core/signal.js';
import { RunStates } from './run-state.js';
import { jobOf, newId, ownerOf } from './tab-ids.js';
import { emptyTab, fresh, tabOf } from './tab-state.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Contents, EditableDocument } from '../types/document.d.ts' */
/** @import { Draft, OpenOptions, Outcome, Tab, TabControl } from '../types/files.d.ts' */
/** @import { Frame, PreviewFrame } from '../types/net.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */

/** So many closed ones can be opened again with their steps. */
const KEPT_CLOSED = 20;
/** @type {Contents} */
const NOTHING = { nodes: [], links: [], groups: [], rest: {} };

/** @implements {TabControl} */
export class Tabs {
  #editor;
  #document;
  /** @type {Signal<readonly Tab[]>} */
  #list;
  /** @type {Signal<Tab>} */
  #shown;
  /** @type {Signal<readonly Tab[]>} */
  #closed = signal([]);
  /** @type {Set<(tab: Tab) => void>} */
  #onParked = new Set();
  /** @type {Set<(tab: Tab) => void>} */
  #onClosed = new Set();
  switching = false;

  /** @param {Application} editor @param {EditableDocument} document */
  constructor(editor, document) {
    this.#editor = editor;
    this.#document = document;
    const first = emptyTab(newId());
    first.pristine = true;
    this.#list = signal(/** @type {readonly Tab[]} */ ([first]));
    this.#shown = signal(first);
    this.list = /** @type {ReadonlySignal<readonly Tab[]>} */ (this.#list);
    this.shown = /** @type {ReadonlySignal<Tab>} */ (this.#shown);
    this.closed = /** @type {ReadonlySignal<readonly Tab[]>} */ (this.#closed);
    editor.name.subscribe((name) => this.#shown.peek().name.set(name));
    editor.storedAs.subscribe((storedAs) => this.#shown.peek().storedAs.set(storedAs));
    editor.dirty.subscribe((dirty) => this.#shown.peek().dirty.set(dirty));
    document.onChange(() => {
      if (!this.switching) this.#shown.peek().pristine = false;
    });
  }

  /** @param {(tab: Tab) => void} listener */
  onParked(listener) {
    this.#onParked.add(listener);
    return () => void this.#onParked.delete(listener);
  }

  /** @param {(tab: Tab) => void} listener */
  onClosed(listener) {
    this.#onClosed.add(listener);
    return () => void this.#onClosed.delete(listener);
  }

  /** @param {Contents} contents @param {OpenOptions} options */
  open(contents, options) {
    const tab = emptyTab(newId());
    this.#makeRoom(tab, options.beside);
    this.#exchange(tab, () => {
      this.#editor.run.put(null);
      this.#document.replace(contents);
      this.#editor.history.clear(true);
      this.#put(tab, options.name, options.storedAs ?? null, options.etag ?? null);
      this.#editor.queuedSeeds = new Map();
    });
    this.#editor.view?.fit();
    tab.pristine = options.pristine ?? false;
    return tab;
  }

  /** @param {Tab} tab @param {string} name @param {string | null} storedAs @param {string | null} etag */
  #put(tab, name, storedAs, etag) {
    tab.etag = etag;
    this.#editor.name.set(name);
    this.#editor.storedAs.set(storedAs);
    for (const [target, value] of /** @type {const} */ ([
      [tab.name, name],
      [tab.storedAs, storedAs],
    ])) {
      /** @type {Signal<string | null>} */ (target).set(value);
    }
    tab.dirty.set(this.#editor.dirty.peek());
  }

  /** @param {readonly Draft[]} drafts @param {string} shown */
  restore(drafts, shown) {
    const tabs = drafts.map(tabOf);
    const first = tabs.find(({ id }) => id === shown) ?? tabs[0];
    if (!first) return;
    this.#list.set(tabs);
    this.#bring(first);
  }

  /** @param {Draft} draft */
  adopt(draft) {
    const tab = tabOf({ ...draft, id: newId() });
    this.#makeRoom(tab);
    this.#bring(tab);
    return tab;
  }

  /**
   * For a tab beside the one that is shown, or in its place where nobody has done anything with that.
   * @param {Tab} tab
   * @param {boolean} [beside]
   */
  #makeRoom(tab, beside = false) {
    const shown = this.#shown.peek();
    const tabs = [...this.#list.peek()];
    const kept = beside || !shown.pristine;
    tabs.splice(tabs.indexOf(shown) + 1, 0, tab);
    if (kept) this.#park();
    this.#list.set(kept ? tabs : tabs.filter((each) => each !== shown));
    if (!kept) for (const listener of this.#onClosed) listener(shown);
  }

  /** @param {string} id */
  show(id) {
    const tab = this.#list.peek().find((each) => each.id === id);
    if (!tab || tab === this.#shown.peek()) return;
    this.#park();
    this.#bring(tab);
  }

  /** @param {number} by */
  step(by) {
    const tabs = this.#list.peek();
    const at = tabs.indexOf(this.#shown.peek()) + by;
    const next = tabs.at(at % tabs.length);
    if (next) this.show(next.id);
  }

  /** Put away what is shown. */
  #park() {
    const { history, selection, run, view, queuedSeeds } = this.#editor;
    const tab = this.#shown.peek();
    // What is being typed belongs to the document that is put away.
    if (globalThis.document?.activeElement instanceof HTMLElement) globalThis.document.activeElement.blur();
    tab.run = run.take();
    tab.parked = {
      contents: this.#document.contents(),
      path: this.#document.path,
      history: history.take(),
      nodes: selection.ids.peek(),
      link: selection.link.peek(),
      camera: view?.camera() ?? null,
      queuedSeeds,
    };
    for (const listener of this.#onParked) listener(tab);
  }

  /** Show a tab; what was shown has been put away. @param {Tab} tab */
  #bring(tab) {
    const { history, selection, run } = this.#editor;
    const { parked, draft } = tab;
    if (!parked && draft) return this.#unpack(tab, draft);
    this.#exchange(tab, () => {
      run.put(tab.follower ? tab.follower.take() : tab.run);
      this.#document.replace(parked?.contents ?? NOTHING);
      if (parked) history.put(parked.history);
      else history.clear(true);
      if (parked) this.#document.show(parked.path);
      this.#put(tab, tab.name.peek(), tab.storedAs.peek(), tab.etag);
      selection.set(parked?.nodes ?? []);
      if (parked?.link) selection.selectLink(parked.link);
      this.#editor.queuedSeeds = parked?.queuedSeeds ?? new Map();
    });
    if (parked?.camera) this.#editor.view?.setCamera(parked.camera);
    else this.#editor.view?.fit();
  }

  /** Show a tab that has not been shown since the page was loaded. @param {Tab} tab @param {Draft} draft */
  #unpack(tab, draft) {
    const { history, run, specs } = this.#editor;
    const contents = readWorkflow(draft.document, specs.peek());
    this.#exchange(tab, () => {
      run.put(tab.follower ? tab.follower.take() : null);
      if (!tab.follower) run.restorePictures(draft.pictures);
      this.#document.replace(contents);
      history.clear(!draft.dirty);
      this.#put(tab, draft.name, draft.storedAs, draft.etag);
      this.#editor.queuedSeeds = new Map(draft.queuedSeeds);
    });
    if (draft.camera) this.#editor.view?.setCamera(draft.camera);
    else this.#editor.view?.fit();
  }

  /** @param {Tab} tab @param {() => void} change */
  #exchange(tab, change) {
    this.switching = true;
    try {
      batch(() => {
        this.#shown.set(tab);
        this.#editor.selection.clear();
        change();
        tab.outcome.set(null);
        Object.assign(tab, { parked: null, draft: null, run: null, follower: null });
      });
    } finally {
      this.switching = false;
    }
  }

  /** @param {string} id */
  close(id) {
    const tabs = this.#list.peek();
    const tab = tabs.find((each) => each.id === id);
    if (!tab) return;
    const at = tabs.indexOf(tab);
    const next = tabs[at + 1] ?? tabs[at - 1] ?? fresh();
    const left = tabs.filter((each) => each !== tab);
    batch(() => {
      if (tab === this.#shown.peek()) {
        this.#park();
        this.#list.set(left.length > 0 ? left : [next]);
        this.#bring(next);
      } else this.#list.set(left);
      if (!tab.pristine) this.#closed.set([...this.#closed.peek(), tab].slice(-KEPT_CLOSED));
    });
    for (const listener of this.#onClosed) listener(tab);
  }

  /** @param {string} [id] the one that was closed last, if it is not given */
  reopen(id) {
    const closed = this.#closed.peek();
    const tab = id === undefined ? closed.at(-1) : closed.find((each) => each.id === id);
    if (!tab) return;
    this.#closed.set(closed.filter((each) => each !== tab));
    this.#makeRoom(tab);
    this.#bring(tab);
  }

  /** @param {string} id @param {number} index */
  move(id, index) {
    const tabs = this.#list.peek();
    const tab = tabs.find((each) => each.id === id);
    if (!tab) return;
    const others = tabs.filter((each) => each !== tab);
    others.splice(index, 0, tab);
    if (others.some((each, at) => each !== tabs[at])) this.#list.set(others);
  }

  /**
   * A tab's document is in a file now, as it was when its history had a certain state.
   * @param {Tab} tab
   * @param {number} state
   * @param {string} name
   * @param {string} etag
   */
  saved(tab, state, name, etag) {
    tab.pristine = false;
    if (tab === this.#shown.peek()) {
      this.#editor.history.markSaved(state);
      this.#put(tab, name, name, etag);
      return;
    }
    this.#rename(tab, name, etag);
    if (!tab.parked) return;
    tab.parked.history = { ...tab.parked.history, saved: state };
    tab.dirty.set(tab.parked.history.state !== state);
  }

  /** @param {string} from @param {string} to @param {string} etag */
  renamed(from, to, etag) {
    const tab = this.withFile(from);
    if (tab === this.#shown.peek()) this.#put(tab, to, to, etag);
    else if (tab) this.#rename(tab, to, etag);
  }

  /** @param {string} name */
  unstored(name) {
    const tab = this.withFile(name);
    if (!tab) return;
    tab.etag = null;
    tab.storedAs.set(null);
    if (tab === this.#shown.peek()) this.#editor.storedAs.set(null);
  }

  /** @param {Tab} tab @param {string} name @param {string} etag */
  #rename(tab, name, etag) {
    tab.name.set(name);
    tab.storedAs.set(name);
    tab.etag = etag;
    if (tab.draft) tab.draft = { ...tab.draft, name, storedAs: name, etag };
  }

  /** @param {string} storedAs */
  withFile(storedAs) {
    return this.#list.peek().find((tab) => tab.storedAs.peek() === storedAs) ?? null;
  }

  newJob() {
    const tab = this.#shown.peek();
    tab.pristine = false;
    return jobOf(tab.id);
  }

  /** Whether a job is not one of another tab. @param {string} job */
  ownsJob(job) {
    const owner = ownerOf(job);
    return owner === null || owner === this.#shown.peek().id;
  }

  /** @param {Frame} frame */
  onFrame(frame) {
    this.#editor.run.onFrame(frame);
    const job = 'data' in frame && 'prompt_id' in frame.data ? frame.data.prompt_id : null;
    const tab = job === null ? null : this.#tabOf(job);
    if (!tab) return;
    if (tab !== this.#shown.peek()) this.#follower(tab).onFrame(frame);
    if (frame.type === 'execution_start') tab.running.set(true);
    if (frame.type === 'execution_success') this.#end(tab, 'done');
    if (frame.type === 'execution_error' && frame.data.exception_type !== 'ExecutionBlocked') this.#end(tab, 'failed');
    if (frame.type === 'execution_interrupted') this.#end(tab, null);
    if (frame.type === 'executing') tab.running.set(frame.data.node !== null);
  }

  /** @param {Tab} tab @param {Outcome} outcome */
  #end(tab, outcome) {
    tab.running.set(false);
    if (tab !== this.#shown.peek()) tab.outcome.set(outcome);
  }

  /** @param {PreviewFrame} preview */
  onPreview(preview) {
    const tab = preview.prompt === null ? null : this.#tabOf(preview.prompt);
    if (tab && tab !== this.#shown.peek()) this.#follower(tab).onPreview(preview);
    else this.#editor.run.onPreview(preview);
  }

  /** @param {'connecting' | 'open' | 'lost'} connection */
  onConnection(connection) {
    this.#editor.run.setConnection(connection);
    for (const tab of this.#list.peek()) {
      tab.follower?.setConnection(connection);
      if (connection === 'lost') tab.running.set(false);
    }
  }

  /** @param {string} job */
  #tabOf(job) {
    const owner = ownerOf(job);
    return this.#list.peek().find(({ id }) => id === owner) ?? null;
  }

  /** What follows the jobs of a tab that is not shown. @param {Tab} tab */
  #follower(tab) {
    if (tab.follower) return tab.follower;
    const document = new GraphDocument();
    const { parked, draft } = tab;
    if (parked) document.replace(parked.contents);
    else if (draft) document.replace(readWorkflow(draft.document, this.#editor.specs.peek()));
    const follower = new RunStates(this.#editor.queue, (place) => document.nodeAt(place) !== null);
    if (tab.run) follower.put(tab.run);
    else if (draft) follower.restorePictures(draft.pictures);
    tab.follower = follower;
    return follower;
  }
}
