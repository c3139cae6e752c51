/** The model library, as `/api/library` tells of it. */

export interface ListedModel {
  /** Below the folder of its kind, with `/`. */
  name: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
  title: string;
  /** What it is made for, e.g. `SD 1.x`; empty where nothing tells. */
  family: string;
  words: string[];
  favorite: boolean;
  note: string;
  /** The version of its picture; null where it has none. */
  cover: string | null;
}

export interface KnownModel {
  title: string;
  author: string;
  description: string;
  family: string;
  trigger_words: string[];
  training: Record<string, string>;
  metadata: Record<string, string>;
  /** Whether the file holds the workflow that made it. */
  workflow?: boolean;
  tensors: number;
  sha256: string | null;
  note: ModelNote;
}

export interface ModelNote {
  text: string;
  trigger_words: string;
  favorite: boolean;
}

export type ModelOrder = 'name' | 'modified' | 'size';
