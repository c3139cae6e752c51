/** What the server says of jobs, of their pictures, of its log and of the machine. */

/** @import { NodeOrders, PictureRef } from '../types/editor.d.ts' */
/** @import { QueueAnswer } from '../types/net.d.ts' */
/** @import { JobDetail, JobList, LogLine, MeterReading, Result, ResultFilter } from '../types/run.d.ts' */
/** @import { Client } from './client.js' */

const ENDED = 'completed,failed,cancelled';

/** @typedef {'running' | 'waiting' | 'ended'} JobGroup */

/** @type {Record<JobGroup, Record<string, string>>} */
const GROUPS = {
  running: { status: 'in_progress', sort_by: 'queue' },
  waiting: { status: 'pending', sort_by: 'queue' },
  ended: { status: ENDED, sort_by: 'ended' },
};

/** @param {Record<string, string | number | null>} values those that are empty are left out */
function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== '');
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
}

/** @param {PictureRef} picture */
const named = ({ filename, subfolder, type }) => ({ filename, subfolder, type });

/**
 * @param {Client} client
 * @param {JobGroup} group
 * @param {number} offset
 * @param {number} limit
 * @returns {Promise<JobList>}
 */
export async function listJobs(client, group, offset, limit) {
  return (await client.ask(`jobs?${query({ ...GROUPS[group], offset, limit })}`)).json();
}

/** @param {Client} client @param {string} id @returns {Promise<JobDetail>} */
export async function readJob(client, id) {
  return (await client.ask(`jobs/${encodeURIComponent(id)}`)).json();
}

/** @param {Client} client @param {string} id @param {{ name?: string, tags?: string[] }} labels */
export async function labelJob(client, id, labels) {
  await client.ask(`jobs/${encodeURIComponent(id)}`, { method: 'PATCH', body: labels });
}

/**
 * @param {Client} client
 * @param {string} id
 * @param {'same' | 'new'} seeds
 * @param {string} job the new one's id
 * @returns {Promise<QueueAnswer>}
 */
export async function runAgain(client, id, seeds, job) {
  const body = { seeds, client_id: client.id, prompt_id: job };
  return (await client.ask(`jobs/${encodeURIComponent(id)}/again`, { method: 'POST', body })).json();
}

/** @param {Client} client @param {NodeOrders} to @param {string} order */
export async function giveOrder(client, { job, node }, order) {
  await client.ask(`jobs/${encodeURIComponent(job)}/orders`, { method: 'POST', body: { node, order } });
}

/**
 * @param {Client} client
 * @param {string} id of a job that waits
 * @param {{ before: string } | { after: string } | { to: 'front' | 'back' } | { priority: number }} place
 */
export async function moveJob(client, id, place) {
  await client.ask(`queue/${encodeURIComponent(id)}`, { method: 'PATCH', body: place });
}

/**
 * @param {Client} client
 * @param {ResultFilter} filter
 * @param {number} offset
 * @param {number} limit
 * @returns {Promise<{ results: Result[], pagination: { total: number } }>} newest first
 */
export async function listResults(client, { search, name, since, until, status, area }, offset, limit) {
  const asked = query({ search, name, since, until, status, type: area, offset, limit });
  return (await client.ask(`results?${asked}`)).json();
}

/** @param {Client} client @returns {Promise<string[]>} the names of the workflows that have run */
export async function resultNames(client) {
  return (await client.ask('results/names')).json();
}

/**
 * @param {Client} client
 * @param {PictureRef} picture
 * @returns {Promise<PictureRef>} its copy in the input folder
 */
export async function copyToInput(client, picture) {
  const answer = await (await client.ask('results/input', { method: 'POST', body: named(picture) })).json();
  return { filename: answer.name, subfolder: answer.subfolder, type: answer.type };
}

/**
 * @param {Client} client
 * @param {readonly Result[]} results
 * @param {boolean} files whether their files go, too
 */
export async function deleteResults(client, results, files) {
  const body = { results: results.map((each) => ({ ...named(each), job: each.job })), files };
  await client.ask('results/delete', { method: 'POST', body });
}

/** @param {Client} client @returns {Promise<LogLine[]>} */
export async function logLines(client) {
  return (await (await client.ask('internal/logs/raw')).json()).entries;
}

/** @param {Client} client @param {boolean} enabled whether new lines are sent as frames */
export async function followLog(client, enabled) {
  await client.ask('internal/logs/subscribe', { method: 'PATCH', body: { clientId: client.id, enabled } });
}

/** @param {Client} client @returns {Promise<MeterReading>} */
export async function readMeters(client) {
  return (await client.ask('meters')).json();
}
