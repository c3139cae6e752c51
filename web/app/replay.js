/**
 * What happened while the window was not connected: after a reload, a lost connection, a restart of the server. The
 * server is asked for each job of this window; what it says is followed like frames that come late.
 */

import { batch } from '../core/signal.js';
import { readJob } from '../net/jobs.js';
import { ServerError } from '../net/server-error.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame, Frames } from '../types/net.d.ts' */
/** @import { JobDetail } from '../types/run.d.ts' */
/** @import { Client } from '../net/client.js' */

/**
 * @param {Pick<Application, 'client' | 'ownJobs' | 'run'>} editor
 * @param {(frame: Frame) => void} follow
 */
export async function catchUp({ client, ownJobs, run }, follow) {
  const current = run.job.peek();
  const asked = new Set([...(current === null ? [] : [current]), ...ownJobs.ids()]);
  /** @type {JobDetail[]} */
  const found = [];
  for (const id of asked) {
    const job = await readOrNull(client, id);
    if (job !== null) found.push(job);
    else follow({ type: 'executing', data: { prompt_id: id, node: null } });
    // Those behind it wait, too, as a rule.
    if (job?.status === 'pending') break;
  }
  const late = found.sort((a, b) => (a.execution_end_time ?? Infinity) - (b.execution_end_time ?? Infinity));
  batch(() => {
    for (const job of late) {
      // It may have been put back into the queue when the server began anew.
      if (job.status === 'pending') run.stopFollowing(job.id);
      // Its end may have been heard of while the server was asked.
      else if (ownJobs.has(job.id) || run.job.peek() === job.id) for (const frame of framesOf(job)) follow(frame);
    }
  });
}

/** @param {Client} client @param {string} id */
async function readOrNull(client, id) {
  try {
    return await readJob(client, id);
  } catch (error) {
    if (error instanceof ServerError && error.status === 404) return null;
    throw error;
  }
}

/** @param {JobDetail} job one that runs or has ended @returns {Frame[]} */
export function framesOf(job) {
  const { id: prompt_id, status } = job;
  const states = status === 'in_progress' ? job.nodes : statesOfEnded(job);
  /** @type {Frame[]} */
  const frames = [
    { type: 'execution_start', data: { prompt_id } },
    { type: 'progress_state', data: { prompt_id, nodes: states } },
  ];
  for (const [node, output] of Object.entries(job.outputs)) {
    const display_node = job.meta[node]?.display_node ?? job.nodes[node]?.display_node_id ?? node;
    frames.push({ type: 'executed', data: { prompt_id, node, display_node, output } });
  }
  for (const [node, progress] of Object.entries(states)) {
    if (progress.state !== 'running') continue;
    const display_node = progress.display_node_id ?? node;
    frames.push({ type: 'executing', data: { prompt_id, node, display_node } });
    // A node that begins is shown without its steps: they come again.
    frames.push({ type: 'progress_state', data: { prompt_id, nodes: { [node]: progress } } });
  }
  for (const data of job.showing ?? []) frames.push({ type: 'showing', data });
  for (const [type, data] of job.messages) {
    const failed = /** @type {Frames['execution_error']} */ (/** @type {unknown} */ (data));
    if (type === 'execution_error') frames.push({ type, data: { ...failed, prompt_id } });
  }
  if (status !== 'in_progress') frames.push({ type: 'executing', data: { prompt_id, node: null } });
  return frames;
}

/** The history does not say what each node took, but which were reused. @param {JobDetail} job */
function statesOfEnded({ status, messages, workflow }) {
  const cached = new Set(messages.flatMap(([type, data]) => (type === 'execution_cached' ? listOf(data['nodes']) : [])));
  const all = status === 'completed' ? Object.keys(workflow.prompt) : messages.flatMap(([, data]) => listOf(data['executed']));
  /** @type {JobDetail['nodes']} */
  const states = {};
  for (const id of [...all, ...cached]) states[id] = { value: 1, max: 1, state: 'finished', cached: cached.has(id) };
  return states;
}

/** @param {unknown} value @returns {string[]} */
const listOf = (value) => (Array.isArray(value) ? value.map(String) : []);
