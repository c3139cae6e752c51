/** What the application's own modules and panels see of the editor, beyond what the canvas and widgets do. */

import type { OwnJobs } from '../app/own-jobs.js';
import type { RunSnapshot } from '../app/run-state.js';
import type { History } from '../core/history.js';
import type { PagedList } from '../core/paged-list.js';
import type { Client } from '../net/client.js';
import type { UserFiles } from '../net/user-files.js';
import type { Contents, NodeId } from './document.d.ts';
import type { Command, Editor, MenuTarget, NodeProblem, PictureRef, Point, QueueItem, RunState } from './editor.d.ts';
import type { Frame, NodeErrors, PreviewFrame, ServerProblem } from './net.d.ts';
import type { KeyMap } from './keys.d.ts';
import type { Comparison, DraftControl, OpenOptions, StoredWorkflow, TabControl, Template } from './files.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { Json, NodeSpec } from './spec.d.ts';
import type { RunMode } from './run.d.ts';
import type { MenuEntry } from './ui.d.ts';

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

/** Entries of a context menu for what lies under the pointer. */
export type MenuPart = (editor: Application, target: MenuTarget, client: Point) => MenuEntry[];

/** Something that the user can set. */
export interface Preference {
  /** `<group>.<name>` */
  id: string;
  /** A `record` is the editor's own: no field of the settings dialog shows it. */
  kind: 'toggle' | 'choice' | 'number' | 'text' | 'record';
  default: boolean | number | string | { [key: string]: Json };
  choices?: readonly string[];
  min?: number;
  max?: number;
  step?: number;
  /** Shown after a number, such as `%`. */
  unit?: string;
  /** Its name, where it is not `setting.<id>` of the locales. */
  title?(editor: Application): string;
  /** What it does, where it is not `setting.<id>.help`. */
  help?(editor: Application): string;
  /** The heading that it stands under, where it is not `setting.group.<group>`. */
  group?(editor: Application): string;
}

export interface Preferences {
  readonly all: ReadonlySignal<readonly Preference[]>;
  /** @throws Error when nothing of that name can be set */
  of(id: string): Signal<Json>;
  /** Offer something more; the result takes it back. */
  define(preference: Preference): () => void;
  /** When the user last changed it in any browser: milliseconds since the epoch, 0 for never. */
  setAt(id: string): number;
  /** Take over what was set elsewhere at a time; a value that does not fit is left alone. */
  adopt(id: string, value: Json, time: number): void;
  /** Hear of what the user sets here. */
  onSet(listener: (id: string) => void): () => void;
}

/** Says things in the user's language. */
export interface Translator {
  readonly locale: Signal<string>;
  readonly locales: readonly string[];
  /** Read all texts of a language; each is read once. */
  load(locale: string): Promise<void>;
  t(key: string, values?: Record<string, string | number>): string;
  /** What the server says in English, where it is known in this language. */
  sentence(text: string): string;
  /** What a node says in its own words in what it shows: lines of sentences, and names that are no sentences. */
  words(text: string): string;
  has(key: string): boolean;
  /** The key's text in every language that has it. */
  all(key: string): string[];
  /** Texts of packs by language; they replace those that were given before, and never ours. */
  learn(texts: ReadonlyMap<string, Record<string, string>>): void;
}

/** The run state as those see it who feed it. */
export interface RunControl extends RunState {
  /** The job that runs, of any document of this window. */
  readonly job: ReadonlySignal<string | null>;
  /** The node of the prompt that began last. */
  readonly current: ReadonlySignal<NodeId | null>;
  /** The newest live preview, as an object URL. */
  readonly preview: ReadonlySignal<string | null>;
  /** Seconds until the job's end, null while nobody can know. */
  rest(): number | null;
  /** A job that was queued is one of the document that is shown, and will come to these nodes. */
  claim(job: string, planned: readonly NodeId[]): void;
  /** A job does not run any more. */
  stopFollowing(job: string): void;
  /** Another level of the document is shown: the one that these nodes lead to. */
  showLevel(path: readonly NodeId[]): void;
  /** Another document is shown: what is known of the one that was, and of the one that is now (null: nothing). */
  take(): RunSnapshot;
  put(memory: RunSnapshot | null): void;
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
  /** Those that run, and those that wait or have ended of which something is known: not all of them. */
  readonly items: ReadonlySignal<readonly QueueItem[]>;
  readonly running: ReadonlySignal<readonly QueueItem[]>;
  /** In the order in which they will run. */
  readonly waiting: PagedList<QueueItem>;
  /** Newest first. */
  readonly ended: PagedList<QueueItem>;
  readonly counts: ReadonlySignal<{ running: number; waiting: number; ended: number }>;
  /** The server's clock, in milliseconds since the epoch. */
  now(): number;
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
  /** Give a job that waits another place. */
  move(
    id: string,
    place: { before: string } | { after: string } | { to: 'front' | 'back' } | { priority: number },
  ): Promise<void>;
  /** Queue a job again, as it was or with other seeds; the new one's id. */
  again(id: string, seeds: 'same' | 'new'): Promise<string>;
  label(id: string, labels: { name?: string; tags?: string[] }): Promise<void>;
}

/** Where a document was read from and where it is saved to. */
export interface FileControl {
  /** Read a workflow file or a picture that holds one; true when it was one. */
  openFile(file: File): Promise<boolean>;
  /** The workflow that a file is or holds; null when there is none. */
  readFile(file: File): Promise<Json | null>;
  /** Opens it in a tab. @throws FormatError when it is not a workflow */
  openJson(file: Json, name: string, options?: Partial<OpenOptions>): void;
  /** @throws FormatError when it is not a workflow */
  readContents(file: Json): Contents;
  openStored(path: string): Promise<void>;
  openTemplate(pack: string, name: string): Promise<void>;
  openDefault(): Promise<void>;
  /** Ask for files of this computer. */
  choose(): void;
  /** Save under the document's name; where the file was changed by somebody else, ask. */
  save(): Promise<void>;
  /** False when another workflow has the name and must not be overwritten. */
  saveAs(name: string, overwrite: boolean): Promise<boolean>;
  saveQuietly(): Promise<void>;
  download(format: 'workflow' | 'api' | 'picture'): Promise<void>;
  stored(): Promise<StoredWorkflow[]>;
  templates(): Promise<(Template & { title: string })[]>;
  /** Say which node types and files the document needs and the server does not have. */
  showMissing(): Promise<void>;
}

export interface Application extends Editor {
  readonly client: Client;
  readonly history: History;
  readonly run: RunControl;
  readonly queue: QueueControl;
  /** The jobs of this window that have not ended. */
  readonly ownJobs: OwnJobs;
  /** Hear of every frame from the server. */
  readonly frames: Set<(frame: Frame) => void>;
  /** When the lost connection is tried again (`Date.now()`); null while it is, or when it is there. */
  readonly retryAt: Signal<number | null>;
  /** Try at once. */
  reconnect(): void;
  readonly runMode: Signal<RunMode>;
  /** Whether another job follows when one has ended. */
  readonly repeating: Signal<boolean>;
  /** How a job has ended that nobody has seen yet, as the page was hidden. */
  readonly unseen: Signal<'done' | 'failed' | null>;
  readonly files: FileControl;
  readonly userFiles: UserFiles;
  /** Grows whenever a subgraph is saved for all workflows. */
  readonly published: Signal<number>;
  readonly tabs: TabControl;
  readonly drafts: DraftControl;
  /** Two states of a workflow whose difference is shown. */
  readonly comparison: Signal<Comparison | null>;
  readonly translator: Translator;
  /** Types of the document that are not installed, with their nodes. */
  readonly missingTypes: ReadonlySignal<ReadonlyMap<string, readonly NodeId[]>>;
  /** How many jobs one press of Queue makes. */
  readonly batch: Signal<number>;
  /** The id of the panel that is shown at the side. */
  readonly panel: Signal<string | null>;
  readonly panels: Signal<readonly SidePanel[]>;
  /** Whether the workflow is shown as a form. */
  readonly formView: Signal<boolean>;
  /** Which keys run which commands. */
  readonly keys: KeyMap;
  readonly commands: Map<string, Command>;
  /** What packs add to the context menus. */
  readonly menuParts: MenuPart[];
  readonly serverProblems: Signal<readonly ServerProblem[]>;
  /** What code of packs has thrown in this page. */
  readonly packProblems: Signal<readonly ServerProblem[]>;
  /** The name of the stored workflow that the document is, null when it is none yet. */
  readonly storedAs: Signal<string | null>;
  /** The seeds of the last job, by `<node>/<input>`. */
  queuedSeeds: ReadonlyMap<string, Json>;
  /** What was copied last: menus may not read the system's clipboard without being asked. */
  copied: string;
  /** Open a document in a tab of its own. */
  open(contents: Contents, name: string): void;
  /** The document as a file. */
  toFile(): Record<string, Json>;
  typeDescription(spec: NodeSpec): string;
  typeCategory(spec: NodeSpec): string;
  /** A type's titles in every language. */
  typeNames(spec: NodeSpec): readonly string[];
  /** Queue the document as it is; `targets`: only what these nodes need. */
  /** False when nothing could be queued; `quiet`: problems are shown on the nodes alone. */
  submit(options?: { front?: boolean; targets?: NodeId[]; quiet?: boolean }): Promise<boolean>;
  reloadSpecs(): Promise<void>;
  /** Lay all nodes out anew: what their types need of the page has changed. */
  refreshNodes(): void;
  /** The server's nodes are others now: read them, their texts and problems again. */
  followServer(): Promise<void>;
  /** Load the packs anew on the server; with `restart` in a new worker process. */
  reloadPacks(restart: boolean): Promise<void>;
  /** Forget all results, put the models away, and tell what has become of it. */
  freeMemory(): Promise<void>;
  /** Show the level that these instances lead to. */
  showLevel(path: readonly NodeId[]): void;
  /** Select nodes of the shown level and bring them into view; named by all ids from the root (`a:b`) as `reveal` does. */
  show(ids: readonly NodeId[]): void;
  /** Show the level of nodes, select them and bring them into view; named by the ids from the root, as jobs name them. */
  reveal(places: readonly string[]): void;
  /** `page`: a group of preferences, `keys` or `results`. */
  openSettings(page?: string): void;
  /** Tell screen readers of something that is seen elsewhere. */
  announce(text: string): void;
  /** Ask for the name to save the document under. */
  askName(): void;
  /** The clipboard's text for the selection, and what pasting does with a text. */
  copyText(): string;
  pasteText(text: string, options: { keepIncoming: boolean; beside: boolean }): boolean;
}
