/** Jobs and results as the server lists them, and what the editor knows of running. */

import type { Frames, NodeOutput, NodeProgress } from './net.d.ts';
import type { PictureRef } from './picture.d.ts';
import type { LogLine } from './log.d.ts';
import type { Json } from './spec.d.ts';

export type { LogLine };

export type JobStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'cancelled';

/** An entry of `GET /jobs`; times are milliseconds since the epoch, by the server's clock. */
export interface JobEntry {
  id: string;
  status: JobStatus;
  priority: number;
  number: number;
  name: string;
  tags: string[];
  client_id: string | null;
  create_time: number;
  execution_start_time: number | null;
  execution_end_time: number | null;
  execution_error: string | null;
  pictures: PictureRef[];
  /** While it runs, how many nodes it has. */
  nodes: number | null;
}

export interface JobList {
  jobs: JobEntry[];
  pagination: { offset: number; limit: number; total: number; has_more: boolean };
  counts: { in_progress: number; pending: number; ended: number };
  paused: boolean;
  /** The server's clock. */
  now: number;
}

/** `GET /jobs/{id}` */
export interface JobDetail extends Omit<JobEntry, 'pictures' | 'nodes' | 'execution_error' | 'number'> {
  outputs: Record<string, NodeOutput | null>;
  meta: Record<string, { display_node: string }>;
  /** What the nodes of a running job have done. */
  nodes: Record<string, NodeProgress>;
  /** What the nodes of a running job show while they run. */
  showing?: Frames['showing'][];
  messages: [string, Record<string, Json>][];
  workflow: { prompt: Record<string, Json>; extra_data: Record<string, Json>; targets: string[] };
  now: number;
}

/** A picture of a job that has ended. */
export interface Result extends PictureRef {
  job: string;
  node: string;
  name: string;
  tags: string[];
  /** When the job ended. */
  time: number;
}

/** What a gallery shows. */
export interface ResultFilter {
  search: string;
  name: string;
  /** Seconds since the epoch. */
  since: number | null;
  until: number | null;
  status: '' | 'completed' | 'failed' | 'cancelled';
  area: 'output' | 'temp';
}

/** `GET /meters`; memory in bytes, loads in percent. */
export interface MeterReading {
  cpu: { busy: number; count: number };
  ram: { total: number; used: number };
  swap: { total: number; used: number };
  server: { memory: number };
  workers: { memory: number | null; alive: boolean }[];
  devices: DeviceReading[];
}

export interface DeviceReading {
  name: string;
  type: string;
  total: number;
  used: number;
  /** What the worker has reserved of it. */
  reserved: number | null;
  busy: number | null;
  temperature: number | null;
  watts: number | null;
}

/** When jobs are queued: on demand, after each change of the document, or again and again. */
export type RunMode = 'once' | 'change' | 'instant';
