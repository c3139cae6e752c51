/** What the editor has for running, beside the queue and the runs themselves. */

import { signal } from '../core/signal.js';
import { OwnJobs } from './own-jobs.js';
import { RunStates } from './run-state.js';

/** @import { Application, QueueControl } from '../types/app.d.ts' */
/** @import { ReadonlyDocument } from '../types/document.d.ts' */
/** @import { RunMode } from '../types/run.d.ts' */

/**
 * @param {string} window
 * @param {Storage} storage
 * @returns {Pick<Application, 'ownJobs' | 'frames' | 'retryAt' | 'reconnect' | 'runMode' | 'repeating' | 'unseen'>}
 */
export const createRunServices = (window, storage) => ({
  ownJobs: new OwnJobs(window, storage),
  frames: new Set(),
  retryAt: signal(/** @type {number | null} */ (null)),
  // Until there is a connection there is none to be tried again.
  reconnect: () => undefined,
  runMode: signal(/** @type {RunMode} */ ('once')),
  repeating: signal(false),
  unseen: signal(/** @type {'done' | 'failed' | null} */ (null)),
});

/**
 * @param {QueueControl} queue
 * @param {ReadonlyDocument} document
 * @param {() => Application} editor which is not there yet when this is called
 */
export function createRunStates(queue, document, editor) {
  const run = new RunStates(
    queue,
    (place) => document.nodeAt(place) !== null,
    (job) => editor().tabs.ownsJob(job),
    (place, message) => {
      const node = document.nodeAt(place);
      return node ? `${editor().nodeTitle(node)}: ${message}` : message;
    },
  );
  document.onChange(() => run.showLevel(document.path));
  return run;
}
