/** What packs see of the editor: their script's default export is called with a `Safelight`. */

import type { InputOptions, Json } from './spec.d.ts';
import type { MenuItem } from './ui.d.ts';

/** Takes back what the call that gave it has done. */
export type TakeBack = () => void;

/** What a script of a pack exports as its default. */
export type SetUp = (safelight: Safelight) => void | Promise<void>;

export interface Safelight {
  /** Of this interface; it grows when something is added, and the first number when something is taken away. */
  readonly version: '1.0';
  /** The name of the pack that the script belongs to. */
  readonly pack: string;
  readonly document: PackDocument;

  /** A text of the pack's `locales/<language>/main.json`, by its keys with dots between them; else the key itself. */
  t(key: string, values?: Record<string, string | number>): string;
  /** The language of the page, e.g. `zh-CN`. */
  language(): string;

  registerWidget(name: string, mount: PackMount, options?: PackWidgetOptions): TakeBack;
  registerCommand(command: PackCommand): TakeBack;
  /** Further keys for a command, of the pack or of the editor. */
  registerKeys(command: string, keys: readonly string[]): TakeBack;
  registerPanel(panel: PackPanel): TakeBack;
  /** Entries for the context menus, asked for each time that one opens. */
  registerMenu(entries: (target: PackMenuTarget) => readonly PackMenuItem[]): TakeBack;
  /** Marks on nodes, asked for whenever a node is drawn anew; null leaves a node as it is. */
  registerDecoration(decorate: (node: PackNode) => PackDecoration | null): TakeBack;
  /** Draw the marks of nodes anew, as what they depend on has changed. */
  decorationsChanged(): void;
  /** Something that the user can set, shown in the settings dialog. */
  registerSetting(setting: PackSetting): PackSettingValue;
  on<E extends keyof PackEvents>(event: E, listener: (data: PackEvents[E]) => void): TakeBack;

  /** Run a command of the editor or of a pack by its id. */
  execute(command: string): void;
  /** Queue the document as it is; `targets`: only what these nodes need. */
  queue(options?: { front?: boolean; targets?: readonly string[] }): Promise<void>;
  interrupt(): Promise<void>;
  notify(kind: 'info' | 'warning' | 'error', text: string): void;
  openDialog(dialog: PackDialog): TakeBack;
  /** The server's answer to `path`, e.g. a route of the pack's own. */
  fetch(path: string, options?: RequestInit): Promise<Response>;
  pictureUrl(picture: PackPicture): string;
}

/** The open document. Lengths are CSS pixels at zoom 1; ids are those of its file. */
export interface PackDocument {
  nodes(): readonly PackNode[];
  node(id: string): PackNode | null;
  links(): readonly PackLink[];
  selection(): readonly string[];
  select(ids: readonly string[]): void;
  /** Select nodes and bring them into view. */
  show(ids: readonly string[]): void;
  /** Change it; all changes that `change` makes are one step of undo, and none is made when it throws. */
  edit(change: (edits: PackEdits) => void): void;
  /** What was run last of a node. */
  run(id: string): PackRun;
}

export interface PackEdits {
  /** @throws Error when there is no such node */
  setValue(node: string, input: string, value: Json): void;
  setTitle(node: string, title: string | null): void;
  setColor(node: string, color: string | null): void;
  move(node: string, x: number, y: number): void;
  /** @throws Error when no such type is installed; gives the id of the new node */
  add(type: string, place: { x: number; y: number }, values?: Record<string, Json>): string;
  remove(node: string): void;
  /** @throws Error when the link cannot be made, with the reason */
  link(from: string, output: number, to: string, input: string): void;
  unlink(to: string, input: string): void;
}

export interface PackNode {
  readonly id: string;
  readonly type: string;
  /** As it is shown. */
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly mode: 'active' | 'muted' | 'bypassed';
  readonly collapsed: boolean;
  readonly color: string | null;
  readonly values: Readonly<Record<string, Json>>;
}

export interface PackLink {
  readonly from: string;
  readonly output: number;
  readonly to: string;
  readonly input: string;
  readonly type: string;
}

export interface PackRun {
  readonly state: 'idle' | 'waiting' | 'running' | 'done' | 'cached' | 'error';
  readonly seconds: number | null;
  readonly pictures: readonly PackPicture[];
  readonly texts: readonly string[];
  readonly problems: readonly string[];
}

export interface PackPicture {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'input' | 'temp';
}

/** What can be listened to, with what listeners are given. */
export interface PackEvents {
  /** The document was changed; the ids of nodes that were added, removed or changed. */
  change: { nodes: readonly string[]; structure: boolean };
  /** Another document is shown. */
  open: { name: string };
  selection: { ids: readonly string[] };
  /** A job was accepted, begins, or has ended. */
  job: { id: string; state: 'pending' | 'running' | 'success' | 'error' | 'interrupted' };
  /** A node of the shown document has something new to say of its run. */
  node: { id: string; run: PackRun };
  /** The server's types of nodes are others now. */
  types: Record<string, never>;
  language: { language: string };
}

export interface PackCommand {
  /** `<pack>.<name>` */
  id: string;
  /** What the palette, menus and the list of keys call it: a key of the pack's texts, or a text. */
  title: string;
  /** Such as `Mod+Alt+K`; `Mod` is Ctrl, or Cmd on a Mac. */
  keys?: readonly string[];
  enabled?(): boolean;
  run(): void | Promise<void>;
}

export interface PackPanel {
  /** `<pack>.<name>`; the command that shows it is `view.<id>`. */
  id: string;
  title: string;
  /** A name of `web/ui/icons.js`. */
  icon?: string;
  keys?: readonly string[];
  /** Fills the panel whenever it is shown; the result takes back what it did beyond it. */
  mount(element: HTMLElement): TakeBack | void;
}

export type PackMenuTarget =
  | { kind: 'canvas' }
  | { kind: 'node'; id: string }
  | { kind: 'link'; from: string; to: string; input: string }
  | { kind: 'group'; title: string };

export type PackMenuItem = Pick<MenuItem, 'label' | 'icon' | 'checked' | 'disabled' | 'danger' | 'run'> & {
  items?: readonly PackMenuItem[];
};

export interface PackDecoration {
  /** A short text beside the title. */
  badge?: string;
  /** What is said when the pointer rests on the badge. */
  tip?: string;
  tone?: 'neutral' | 'accent' | 'success' | 'warning' | 'danger';
}

export interface PackSetting {
  /** `<pack>.<name>` */
  id: string;
  title: string;
  kind: 'toggle' | 'choice' | 'number' | 'text';
  default: boolean | number | string;
  choices?: readonly string[];
  min?: number;
  max?: number;
  step?: number;
}

export interface PackSettingValue {
  get(): Json;
  set(value: Json): void;
  subscribe(listener: (value: Json) => void): TakeBack;
  takeBack: TakeBack;
}

export interface PackDialog {
  title: string;
  wide?: boolean;
  mount(element: HTMLElement): TakeBack | void;
}

/** What a widget is mounted with. */
export interface PackHost {
  /** The input; `label` is its name in the user's language. */
  input: { name: string; type: string; label: string; options: InputOptions };
  value: Json;
  /** Tell of a change by the user. While a gesture goes on (a drag), `final` is false: it becomes one step of undo. */
  onChange(value: Json, final?: boolean): void;
  /** As `Safelight.t`. */
  t(key: string, values?: Record<string, string | number>): string;
}

/** What `mount` gives back. */
export interface PackWidget {
  /** Show a value; it may not call `onChange`. */
  set(value: Json): void;
  focus(): void;
  destroy(): void;
}

export type PackMount = (element: HTMLElement, host: PackHost) => PackWidget;

/** `height` in pixels at zoom 1 (one line: 24); a widget that `grows` takes what its node has left. */
export interface PackWidgetOptions {
  height?: number;
  grows?: boolean;
}

export interface RegisteredWidget {
  pack: string;
  mount: PackMount;
  height: number;
  grows: boolean;
}
