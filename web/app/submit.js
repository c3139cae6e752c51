/** Queueing the document. */

import { compose } from '../core/edits.js';
import { beforeQueueing, queuedValues } from '../core/seeds.js';
import { ServerError } from '../net/server-error.js';
import { problemsOfValidation } from './problems.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeErrors } from '../types/net.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */

/**
 * Queue the document as many times as the batch says; seeds that have been used become what their control asks for.
 * @param {Application} editor
 * @param {{ front?: boolean, targets?: NodeId[] }} options
 */
export async function submit(editor, options) {
  for (let count = editor.batch.peek(); count > 0; count -= 1) {
    const edits = beforeQueueing(editor.document, editor.spec, editor.queuedSeeds, Math.random);
    if (edits.length > 0) editor.perform(compose('edit.seed', edits));
    const { version } = editor.document;
    try {
      const answer = await editor.client.queue(editor.toFile(), options);
      showProblems(editor, answer.node_errors);
    } catch (error) {
      // A seed that no job has got is not to be shown beside the picture of the last one.
      if (edits.length > 0 && editor.document.version === version) editor.undo();
      if (!(error instanceof ServerError) || Object.keys(error.nodeErrors).length === 0) throw error;
      showProblems(editor, error.nodeErrors);
      return;
    }
    editor.queuedSeeds = queuedValues(editor.document, editor.spec);
  }
}

/** @param {Application} editor @param {NodeErrors} nodeErrors */
function showProblems(editor, nodeErrors) {
  const problems = problemsOfValidation(nodeErrors, editor.translator, editor.inputLabel);
  const count = [...problems.values()].reduce((sum, each) => sum + each.length, 0);
  // A node of a type that is not installed says so already.
  const shown = [...problems].filter(([id]) => isKnown(editor, id));
  editor.run.setProblems(new Map(shown));
  if (count === 0) return;
  const [first] = shown;
  if (first && editor.document.nodes.has(first[0])) editor.selection.set([first[0]]);
  editor.notify('error', editor.t(count === 1 ? 'queue.refused.one' : 'queue.refused', { count }));
  editor.panel.set('problems');
}

/** @param {Application} editor @param {NodeId} id */
function isKnown({ document, spec }, id) {
  const node = document.nodes.get(id);
  return node === undefined || spec(node) !== null;
}
