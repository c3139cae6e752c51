/** What widgets ask of the editor beyond the document: lists of files, words, what was chosen before. */

import type { NodeId } from './document.d.ts';
import type { ReadonlySignal, Signal } from './signal.d.ts';
import type { Json } from './spec.d.ts';

/** A word that a prompt can be completed with, or a value of a list of values. */
export interface Completion {
  kind: 'tag' | 'embedding' | 'lora' | 'value';
  name: string;
  /** How often a tag is used. */
  count?: number;
  category?: number;
  /** The other name under which it was found. */
  alias?: string;
}

/** Words, and which of the queries has found them. */
export interface Completions {
  query: string | null;
  completions: readonly Completion[];
}

/** What completions of a text are, and how they are written. */
export interface Words {
  /** Whether any are wanted. */
  wanted(): boolean;
  /** Whether an empty text has some. */
  atOnce: boolean;
  /** Those for what is being typed, and where they are put; null where nothing is to be completed. */
  find(text: string, caret: number): Promise<{ start: number; completions: readonly Completion[] } | null>;
  /** What puts one in the place of what is typed. */
  completed(text: string, start: number, caret: number, completion: Completion): Replacement;
  /** A completion as it stands in the text. */
  written(completion: Completion): string;
}

export interface Replacement {
  start: number;
  end: number;
  text: string;
  selectionStart: number;
  selectionEnd: number;
}

/** The address of a small picture of a file, null where it has none. */
export type ThumbnailOf = (name: string, size: 96 | 256 | 512) => string | null;

export interface WidgetServices {
  /** The seeds that jobs were queued with at an input, the last first. */
  seeds(node: NodeId, input: string): readonly Json[];
  /** Remember the values of a job, by `<node>/<input>`. */
  rememberSeeds(values: ReadonlyMap<string, Json>): void;
  /** What was chosen of a list before, the last first. */
  recent(list: string): readonly string[];
  remember(list: string, value: string): void;
  /** Whether lists with pictures are shown as a grid. */
  readonly grid: Signal<boolean>;
  /** The pictures of the models of a kind, or of the files of the input folder (`input`). */
  thumbnails(kind: string): Promise<ThumbnailOf>;
  /** Words that a few letters find, best first. Of several queries the first that finds any holds. */
  complete(queries: readonly string[], kinds: readonly Completion['kind'][]): Promise<Completions>;
  /** Names of a kind of files, without their endings: embeddings, LoRAs. */
  names(kind: 'embeddings' | 'loras'): Promise<ReadonlySet<string>>;
  /** Whether prompts are completed while one types. */
  completes(): boolean;
  /** Whether prompts are coloured. */
  readonly highlights: ReadonlySignal<boolean>;
}
