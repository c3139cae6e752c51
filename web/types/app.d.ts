/** What the application's own modules and panels see of the editor, beyond what the canvas and widgets do. */

import type { History } from '../core/history.js';
import type { Client } from '../net/client.js';
import type { Contents, NodeId } from './document.d.ts';
import type { Editor, NodeProblem, PictureRef, QueueItem, RunState } from './editor.d.ts';
import type { Frame, NodeErrors, PreviewFrame, ServerProblem } from './net.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { Json, NodeSpec } from './spec.d.ts';

/** Fills an element; the result takes back what it did beyond it. */
export type Mount = (host: HTMLElement, editor: Application) => () => void;

/** A panel at the side, offered by the rail. */
export interface SidePanel {
  id: string;
  /** A name of `ui/icons.js`. */
  icon: string;
  /** Keys of the command `view.<id>`. */
  keys: readonly string[];
  /** Its name, where it is not `panel.<id>` of the locales. */
  title?(editor: Application): string;
  load(): Promise<Mount>;
  /** The number beside its icon. */
  badge?(editor: Application): { count: number; danger: boolean };
}

/** Something that the user can set. */
export interface Preference {
  /** `<group>.<name>` */
  id: string;
  kind: 'toggle' | 'choice' | 'number' | 'text';
  default: boolean | number | string;
  choices?: readonly string[];
  min?: number;
  max?: number;
  step?: number;
  /** Its name, where it is not `setting.<id>` of the locales. */
  title?(editor: Application): string;
}

export interface Preferences {
  readonly all: ReadonlySignal<readonly Preference[]>;
  /** @throws Error when nothing of that name can be set */
  of(id: string): Signal<Json>;
  /** Offer something more; the result takes it back. */
  define(preference: Preference): () => void;
}

/** Says things in the user's language. */
export interface Translator {
  readonly locale: Signal<string>;
  readonly locales: readonly string[];
  t(key: string, values?: Record<string, string | number>): string;
  has(key: string): boolean;
  /** The key's text in every language that has it. */
  all(key: string): string[];
  /** Texts of packs by language; they replace those that were given before, and never ours. */
  learn(texts: ReadonlyMap<string, Record<string, string>>): void;
}

/** The run state as those see it who feed it. */
export interface RunControl extends RunState {
  /** What is wrong with the job as a whole, null when nothing is. */
  readonly failure: Signal<NodeProblem | null>;
  /** All nodes with problems. */
  readonly problems: ReadonlySignal<ReadonlyMap<NodeId, readonly NodeProblem[]>>;
  setProblems(problems: ReadonlyMap<NodeId, readonly NodeProblem[]>): void;
  onFrame(frame: Frame): void;
  onPreview(preview: PreviewFrame): void;
  setConnection(connection: 'connecting' | 'open' | 'lost'): void;
  /** The saved pictures that nodes show, and showing them again after a reload. */
  savedPictures(): [NodeId, readonly PictureRef[]][];
  restorePictures(pictures: readonly [NodeId, readonly PictureRef[]][]): void;
  /** Another document was opened: what runs now says nothing of its nodes. */
  reset(): void;
}

export interface QueueControl {
  readonly items: ReadonlySignal<readonly QueueItem[]>;
  /** Whether waiting jobs do not begin. */
  readonly paused: ReadonlySignal<boolean>;
  /** Nodes of each job that waits or runs. */
  size(id: string): number | null;
  refresh(): Promise<void>;
  /** The workflow that a job was made from, or its prompt where it has none. */
  workflow(id: string): Promise<Json | null>;
  remove(item: QueueItem): Promise<void>;
  clear(which: 'waiting' | 'ended'): Promise<void>;
  pause(paused: boolean): Promise<void>;
}

/** Where a document was read from and where it is saved to. */
export interface FileControl {
  /** Read a workflow file or a picture that holds one; true when it was one. */
  openFile(file: File): Promise<boolean>;
  /** @throws FormatError when it is not a workflow */
  openJson(file: Json, name: string): void;
  openStored(path: string): Promise<void>;
  openTemplate(pack: string, name: string): Promise<void>;
  openDefault(): Promise<void>;
  /** Ask for a file of this computer. */
  choose(): void;
  /** Save under the document's name. */
  save(): Promise<void>;
  /** False when another workflow has the name and must not be overwritten. */
  saveAs(name: string, overwrite: boolean): Promise<boolean>;
  download(format: 'workflow' | 'api'): Promise<void>;
  stored(): Promise<{ path: string; name: string; modified: number }[]>;
  templates(): Promise<{ pack: string; name: string }[]>;
}

export interface Application extends Editor {
  readonly client: Client;
  readonly history: History;
  readonly run: RunControl;
  readonly queue: QueueControl;
  readonly files: FileControl;
  readonly translator: Translator;
  /** Types of the document that are not installed, with their nodes. */
  readonly missingTypes: ReadonlySignal<ReadonlyMap<string, readonly NodeId[]>>;
  /** How many jobs one press of Queue makes. */
  readonly batch: Signal<number>;
  /** The id of the panel that is shown at the side. */
  readonly panel: Signal<string | null>;
  readonly panels: Signal<readonly SidePanel[]>;
  readonly preferences: Preferences;
  readonly serverProblems: Signal<readonly ServerProblem[]>;
  /** What code of packs has thrown in this page. */
  readonly packProblems: Signal<readonly ServerProblem[]>;
  /** The name of the stored workflow that the document is, null when it is none yet. */
  readonly storedAs: Signal<string | null>;
  /** The seeds of the last job, by `<node>/<input>`. */
  queuedSeeds: ReadonlyMap<string, Json>;
  /** Replace the document with another; undo brings the old one back. */
  open(contents: Contents, name: string): void;
  /** The document as a file. */
  toFile(): Record<string, Json>;
  typeTitle(spec: NodeSpec): string;
  typeDescription(spec: NodeSpec): string;
  typeCategory(spec: NodeSpec): string;
  /** A type's titles in every language. */
  typeNames(spec: NodeSpec): readonly string[];
  /** Queue the document as it is; `targets`: only what these nodes need. */
  submit(options?: { front?: boolean; targets?: NodeId[] }): Promise<void>;
  reloadSpecs(): Promise<void>;
  /** The server's nodes are others now: read them, their texts and problems again. */
  followServer(): Promise<void>;
  /** Load the packs anew on the server; with `restart` in a new worker process. */
  reloadPacks(restart: boolean): Promise<void>;
  /** Forget all results, put the models away, and tell what has become of it. */
  freeMemory(): Promise<void>;
  /** Select nodes and bring them into view. */
  show(ids: readonly NodeId[]): void;
  openSettings(): void;
  /** Ask for the name to save the document under. */
  askName(): void;
  /** Run something that may fail; what went wrong is shown. */
  attempt(action: () => void | Promise<void>): Promise<void>;
  /** The clipboard's text for the selection, and what pasting does with a text. */
  copyText(): string;
  pasteText(text: string, options: { keepIncoming: boolean; beside: boolean }): boolean;
}
