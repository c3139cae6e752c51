/** Queueing the document. */

import { compose } from '../core/edits.js';
import { runningPlaces } from '../core/level-walk.js';
import { plannedNodes } from '../core/planned.js';
import { beforeQueueing, queuedValues } from '../core/seeds.js';
import { ServerError } from '../net/server-error.js';
import { problemsOfValidation } from './problems.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeProblem } from '../types/editor.d.ts' */
/** @import { NodeErrors } from '../types/net.d.ts' */
/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */

/** What the server takes. */
const LONGEST_NAME = 200;

/**
 * @typedef {object} SubmitOptions
 * @property {boolean} [front]
 * @property {NodeId[]} [targets] only what these nodes need
 * @property {boolean} [quiet] problems are shown on the nodes alone
 */

/**
 * Queue the document as many times as the batch says; seeds that have been used become what their control asks for.
 * @param {Application} editor
 * @param {SubmitOptions} options
 * @returns {Promise<boolean>} false when it was refused
 */
export async function submit(editor, options) {
  for (let count = options.quiet ? 1 : editor.batch.peek(); count > 0; count -= 1) {
    const edits = beforeQueueing(editor.document, editor.spec, editor.queuedSeeds, Math.random);
    if (edits.length > 0) editor.perform(compose('edit.seed', edits));
    const { version } = editor.document;
    const tab = editor.tabs.shown.peek();
    const seeds = queuedValues(editor.document, editor.spec);
    const isShown = () => editor.tabs.shown.peek() === tab;
    const known = editor.run.problems.peek();
    try {
      const problems = await queueOnce(editor, options);
      if (isShown()) showProblems(editor, problems, known, options.quiet ?? false);
    } catch (error) {
      // A seed that no job has got is not to be shown beside the picture of the last one.
      if (edits.length > 0 && editor.document.version === version) editor.undo();
      if (!(error instanceof ServerError) || Object.keys(error.nodeErrors).length === 0 || !isShown()) throw error;
      showProblems(editor, error.nodeErrors, known, options.quiet ?? false);
      return false;
    }
    if (!isShown()) {
      // Another workflow was brought to the front meanwhile: the rest of the batch would be of that.
      if (tab.parked) tab.parked.queuedSeeds = seeds;
      if (count > 1) editor.notify('warning', editor.t('queue.cut', { count: count - 1 }));
      return true;
    }
    editor.queuedSeeds = seeds;
    editor.widgets.rememberSeeds(seeds);
  }
  return true;
}

/** @param {Application} editor @param {SubmitOptions} options */
async function queueOnce(editor, { front = false, targets }) {
  const { client, document, name, ownJobs, preferences, run, tabs } = editor;
  const job = tabs.newJob();
  // What the server was started with holds until the user chooses.
  const previews = preferences.of('run.previews').peek();
  // Its first frames may come before the answer.
  ownJobs.add(job);
  run.claim(job, document.path.length > 0 ? [] : plannedNodes(document, editor.spec, targets));
  const within = document.path.map((id) => `${id}:`).join('');
  try {
    const answer = await client.queue(editor.toFile(), {
      prompt_id: job,
      name: name.peek().slice(0, LONGEST_NAME),
      ...(previews === 'auto' ? {} : { extra_data: { preview_method: previews } }),
      ...(front ? { front } : {}),
      ...(targets ? { targets: targets.flatMap((id) => placesOf(document, within, id)) } : {}),
    });
    return answer.node_errors;
  } catch (error) {
    ownJobs.end(job);
    run.stopFollowing(job);
    throw error;
  }
}

/** A node as jobs name it; of an instance of a subgraph, what is in it. @param {ReadonlyDocument} document @param {string} within @param {NodeId} id */
function placesOf({ definitions, nodes }, within, id) {
  const node = nodes.get(id);
  return node ? runningPlaces(definitions, within + id, node) : [within + id];
}

/**
 * @param {Application} editor
 * @param {NodeErrors} nodeErrors
 * @param {ReadonlyMap<NodeId, readonly NodeProblem[]>} known what was wrong when the job was sent; it is so no longer
 * @param {boolean} quiet
 */
function showProblems(editor, nodeErrors, known, quiet) {
  const problems = problemsOfValidation(nodeErrors, editor.translator, editor.inputLabel);
  const count = [...problems.values()].reduce((sum, each) => sum + each.length, 0);
  // A node of a type that is not installed says so already.
  const shown = [...problems].filter(([id]) => isKnown(editor, id));
  // A quick job may have failed before the answer came.
  const now = new Map(shown);
  for (const [id, found] of editor.run.problems.peek()) {
    const since = found.filter((problem) => !known.get(id)?.includes(problem));
    if (since.length > 0 && !now.has(id)) now.set(id, since);
  }
  editor.run.setProblems(now);
  if (count === 0 || quiet) return;
  const within = editor.document.path.map((id) => `${id}:`).join('');
  const [first] = shown.flatMap(([id]) => (id.startsWith(within) ? [id.slice(within.length).split(':')[0] ?? ''] : []));
  if (first !== undefined && editor.document.nodes.has(first)) editor.selection.set([first]);
  editor.notify('error', editor.t(count === 1 ? 'queue.refused.one' : 'queue.refused', { count }));
  editor.panel.set('problems');
}

/** @param {Application} editor @param {NodeId} id */
function isKnown({ document, spec }, id) {
  const node = document.nodeAt(id);
  return node === null || spec(node) !== null;
}
