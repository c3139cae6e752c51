/** The panels at the side, in the order in which the rail offers them. Each is loaded when it is first shown. */

/** @import { Application, SidePanel } from '../types/app.d.ts' */

/** Called `panel.<id>` in the locales; the command that shows it is `view.<id>`. @type {readonly SidePanel[]} */
export const SIDE_PANELS = [
  {
    id: 'queue',
    icon: 'queue',
    keys: ['Q'],
    load: async () => (await import('../panels/queue.js')).mountQueue,
    badge: (editor) => ({ count: openJobs(editor), danger: false }),
  },
  {
    id: 'problems',
    icon: 'warning',
    keys: ['P'],
    load: async () => (await import('../panels/problems.js')).mountProblems,
    badge: (editor) => ({ count: problemCount(editor), danger: true }),
  },
];

/** @param {Application} editor */
function openJobs({ queue }) {
  return queue.items.get().filter(({ state }) => state === 'running' || state === 'pending').length;
}

/** @param {Application} editor */
function problemCount({ missingTypes, packProblems, run, serverProblems }) {
  const nodes = [...run.problems.get().values()].reduce((sum, each) => sum + each.length, 0);
  const others = missingTypes.get().size + serverProblems.get().length + packProblems.get().length;
  return nodes + others + (run.failure.get() ? 1 : 0);
}
