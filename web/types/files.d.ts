/** Open workflows: tabs, their drafts, and the files that they are saved in. */

import type { Taken } from '../core/history.js';
import type { RunSnapshot, RunStates } from '../app/run-state.js';
import type { Difference } from './difference.d.ts';
import type { Contents, LinkId, NodeId } from './document.d.ts';
import type { PictureRef } from './editor.d.ts';
import type { Frame, PreviewFrame } from './net.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { Json } from './spec.d.ts';

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

/** What is kept of a tab, so that a crash loses nothing. */
export interface Draft {
  /** The tab's. */
  id: string;
  /** The window that it belongs to. */
  window: string;
  name: string;
  storedAs: string | null;
  /** What the stored file was when it was read or written. */
  etag: string | null;
  dirty: boolean;
  /** Nobody has done anything with it. */
  pristine: boolean;
  /** Its tab was closed. */
  closed: boolean;
  /** Milliseconds since the epoch. */
  time: number;
  camera: Camera | null;
  queuedSeeds: [string, Json][];
  /** What nodes show. */
  pictures: [NodeId, readonly PictureRef[]][];
  document: Json;
}

/** A draft that may be of use to somebody: its window is gone. */
export interface FoundDraft {
  id: string;
  name: string;
  storedAs: string | null;
  time: number;
  nodes: number;
  closed: boolean;
  /** Whether the server has it, or this browser alone. */
  where: 'server' | 'browser';
}

/** The tabs of a window, in order. */
export interface WindowRecord {
  id: string;
  tabs: string[];
  active: string;
  time: number;
}

/** A document that is open and not shown. */
export interface Parked {
  contents: Contents;
  /** The level that was shown. */
  path: readonly NodeId[];
  history: Taken;
  nodes: ReadonlySet<NodeId>;
  link: LinkId | null;
  camera: Camera | null;
  queuedSeeds: ReadonlyMap<string, Json>;
}

/** How the last job of a tab that is not shown has ended. */
export type Outcome = 'done' | 'failed' | null;

/** One open workflow. While it is shown its document is the editor's. */
export interface Tab {
  readonly id: string;
  readonly name: Signal<string>;
  readonly storedAs: Signal<string | null>;
  readonly dirty: Signal<boolean>;
  /** Whether its job runs. */
  readonly running: Signal<boolean>;
  readonly outcome: Signal<Outcome>;
  etag: string | null;
  /** Nobody has done anything with it: whatever is opened may have its place. */
  pristine: boolean;
  parked: Parked | null;
  /** Where it has not been shown since the page was loaded. */
  draft: Draft | null;
  run: RunSnapshot | null;
  /** Follows its jobs while it is not shown. */
  follower: RunStates | null;
}

export interface TabControl {
  readonly list: ReadonlySignal<readonly Tab[]>;
  readonly shown: ReadonlySignal<Tab>;
  /** The tabs that were closed last, and can be opened again; the last one comes last. */
  readonly closed: ReadonlySignal<readonly Tab[]>;
  /** Open a document in a tab of its own, or in place of one that nobody has touched. */
  open(contents: Contents, options: OpenOptions): Tab;
  /** The tabs of a window that was closed or reloaded. */
  restore(drafts: readonly Draft[], shown: string): void;
  /** Open a draft of another window as a tab of this one. */
  adopt(draft: Draft): Tab;
  show(id: string): void;
  step(by: number): void;
  close(id: string): void;
  reopen(id?: string): void;
  move(id: string, index: number): void;
  /** A tab's document is in a file now, as it was when its history had a certain state. */
  saved(tab: Tab, state: number, name: string, etag: string): void;
  /** A stored workflow has another name now. */
  renamed(from: string, to: string, etag: string): void;
  /** A stored workflow was deleted. */
  unstored(name: string): void;
  /** The tab that has a stored workflow open. */
  withFile(storedAs: string): Tab | null;
  /** A new id for a job of the tab that is shown. */
  newJob(): string;
  /** Whether a job is not one of another tab. */
  ownsJob(job: string): boolean;
  onFrame(frame: Frame): void;
  onPreview(preview: PreviewFrame): void;
  onConnection(connection: 'connecting' | 'open' | 'lost'): void;
  /** Whether the tab's document is being exchanged: what changes is not an edit. */
  readonly switching: boolean;
  onParked(listener: (tab: Tab) => void): () => void;
  onClosed(listener: (tab: Tab) => void): () => void;
}

export interface OpenOptions {
  name: string;
  storedAs?: string | null;
  etag?: string | null;
  /** There is nothing in it that anybody would miss: what is opened next may have its place. */
  pristine?: boolean;
  /** Beside what is shown, whatever that is. */
  beside?: boolean;
}

/** Whether what was done is on the server: `waiting` for a moment, or `failed` and to be tried again. */
export type SaveState = 'kept' | 'waiting' | 'failed';

export interface DraftControl {
  /** Open the tabs that a window had; false when there are none. */
  restore(record: WindowRecord): Promise<boolean>;
  /** Keep drafts up to date from now on; the result ends it. */
  follow(): () => void;
  readonly state: ReadonlySignal<SaveState>;
  /** Unsaved work of windows that are gone. */
  readonly found: ReadonlySignal<readonly FoundDraft[]>;
  look(): Promise<void>;
  open(id: string): Promise<void>;
  discard(id: string): Promise<void>;
  /** Write what has not been written. */
  flush(): Promise<void>;
}

export interface StoredWorkflow {
  path: string;
  name: string;
  modified: number;
  size: number;
}

/** A content that a stored workflow had. */
export interface Version {
  id: string;
  /** Milliseconds since the epoch. */
  time: number;
  digest: string;
  size: number;
  name: string | null;
  automatic: boolean;
}

export interface Template {
  pack: string;
  name: string;
  /** A file beside it. */
  picture: string | null;
  about: Record<string, Json>;
}

/** A state of a workflow, and what to call it. */
export interface NamedState {
  title: string;
  contents: Contents;
}

/** What is compared; the state afterwards is the tab's document as it is. */
export interface Comparison {
  before: NamedState;
  tab: Tab;
  /** Follows the document. */
  difference: ReadonlySignal<Difference>;
}
