/** What packs see of the editor. They import it as `safelight`. */

import type { InputOptions, Json } from './spec.d.ts';

/** What a widget is mounted with. */
export interface PackHost {
  /** The input; `label` is its name in the user's language. */
  input: { name: string; type: string; label: string; options: InputOptions };
  value: Json;
  /** Tell of a change by the user. While a gesture goes on (a drag), `final` is false: it becomes one step of undo. */
  onChange(value: Json, final?: boolean): void;
  /** A text of the pack's `locales/<language>/main.json`, by its keys with dots between them. */
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
  mount: PackMount;
  height: number;
  grows: boolean;
}
