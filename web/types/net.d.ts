/** What the server answers: its HTTP interface and the frames of its WebSocket. */

import type { PictureRef } from './picture.d.ts';
import type { LogLine } from './log.d.ts';
import type { Json } from './spec.d.ts';

export interface ValidationError {
  type: string;
  message: string;
  details: string;
  extra_info: Record<string, Json>;
}

export interface NodeErrors {
  [node: string]: { errors: ValidationError[]; dependent_outputs: string[]; class_type: string };
}

export interface QueueAnswer {
  prompt_id: string;
  number: number;
  node_errors: NodeErrors;
}

/** What a node shows: pictures, texts, and other lists that packs know. */
export interface NodeOutput {
  images?: PictureRef[];
  text?: Json[];
  /** Pictures to be compared with one another, and plots and tables (`core/figures.js`). */
  a_images?: PictureRef[];
  b_images?: PictureRef[];
  plots?: Json[];
  tables?: Json[];
  /** Those of the texts that are the node's own words, to be said in the user's language. */
  said?: Json[];
}

export interface NodeProgress {
  value: number;
  max: number;
  state: 'pending' | 'running' | 'finished' | 'error';
  cached?: boolean;
  seconds?: number;
  /** The node on which it is shown, and that of the prompt: others where a node has made this one while it ran. */
  display_node_id?: string;
  real_node_id?: string;
}

/** Data of the frames that the editor follows, by their type. */
export interface Frames {
  status: { status: { exec_info: { queue_remaining: number } }; sid?: string };
  execution_start: { prompt_id: string };
  execution_cached: { prompt_id: string; nodes: string[] };
  execution_warning: { prompt_id: string; node: string; text: string };
  executing: { prompt_id: string; node: string | null; display_node?: string };
  progress_state: { prompt_id: string; nodes: Record<string, NodeProgress> };
  executed: { prompt_id: string; node: string; display_node?: string; output: NodeOutput | null };
  /** What a node shows while it runs, and what it may be told (`order.<name>` of the locales). */
  showing: { prompt_id: string; node: string; display_node?: string; output: NodeOutput; orders: string[] };
  execution_success: { prompt_id: string };
  execution_error: {
    prompt_id: string;
    node_id: string | null;
    node_type: string | null;
    exception_type: string;
    exception_message: string;
    traceback: string[];
    advice?: string;
    input_name?: string | null;
  };
  execution_interrupted: { prompt_id: string; node_id: string | null };
  /** New lines of the server's log, for those who follow it. */
  logs: { entries: LogLine[] };
  /** Packs were loaded anew: the server's nodes are others now. */
  nodes_changed: Record<string, never>;
}

export type FrameType = keyof Frames;
export type Frame = { [K in FrameType]: { type: K; data: Frames[K] } }[FrameType];

/** A picture of what a node is making. */
export interface PreviewFrame {
  node: string | null;
  prompt: string | null;
  picture: Blob;
}

/** Results that are kept in one place; sizes in bytes. */
export interface CacheTier {
  entries: number;
  bytes: number;
  budget: number;
  hits: number;
}

/** `disk` is null where none are kept on disk. */
export interface CacheFigures {
  memory: CacheTier;
  disk: CacheTier | null;
}

/** A pack, worker or model file with which something is wrong. */
export interface ServerProblem {
  kind: 'pack' | 'worker' | 'model';
  subject: string;
  message: string;
  cure: string;
}

/** A pack in custom_nodes; `scripts` are the modules that it brings for this editor. */
export interface Pack {
  name: string;
  title: string;
  version: string;
  description: string;
  state: 'loaded' | 'failed' | 'disabled' | 'waiting';
  nodes: string[];
  seconds: number | null;
  problem: string | null;
  cure: string | null;
  web: boolean;
  scripts: string[];
  /** Modules that were written for ComfyUI's editor. */
  comfy_scripts: string[];
  workflows: string[];
  routes: boolean;
  locales: string[];
}
