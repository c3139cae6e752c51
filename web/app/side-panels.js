/** The panels at the side, in the order in which the rail offers them. Each is loaded when it is first shown. */

/** @import { Application, SidePanel } from '../types/app.d.ts' */

/** Called `panel.<id>` in the locales; the command that shows it is `view.<id>`. @type {readonly SidePanel[]} */
export const SIDE_PANELS = [
  {
    id: 'workflows',
    icon: 'folder',
    keys: ['W'],
    load: async () => (await import('../panels/workflows.js')).mountWorkflows,
  },
  {
    id: 'versions',
    icon: 'versions',
    keys: ['Alt+V'],
    load: async () => (await import('../panels/versions.js')).mountVersions,
  },
  {
    id: 'queue',
    icon: 'queue',
    keys: ['Q'],
    load: async () => (await import('../panels/queue.js')).mountQueue,
    badge: (editor) => ({ count: openJobs(editor), danger: false }),
  },
  {
    id: 'library',
    icon: 'cube',
    keys: ['M'],
    load: async () => (await import('../library/library-panel.js')).mountLibrary,
  },
  {
    id: 'gallery',
    icon: 'gallery',
    keys: ['G'],
    load: async () => (await import('../panels/gallery.js')).mountGallery,
  },
  {
    id: 'problems',
    icon: 'warning',
    keys: ['P'],
    load: async () => (await import('../panels/problems.js')).mountProblems,
    badge: (editor) => ({ count: problemCount(editor), danger: true }),
  },
  {
    id: 'log',
    icon: 'terminal',
    keys: ['Alt+L'],
    load: async () => (await import('../panels/log.js')).mountLog,
  },
  {
    id: 'subgraphs',
    icon: 'subgraph',
    keys: ['Alt+S'],
    load: async () => (await import('../panels/subgraphs.js')).mountSubgraphs,
  },
  {
    id: 'outline',
    icon: 'outline',
    keys: ['O'],
    load: async () => (await import('../panels/outline.js')).mountOutline,
  },
  {
    id: 'help',
    icon: 'help',
    keys: ['H'],
    load: async () => (await import('../panels/help.js')).mountHelp,
  },
];

/** @param {Application} editor */
function openJobs({ queue }) {
  const { running, waiting } = queue.counts.get();
  return running + waiting;
}

/** @param {Application} editor */
function problemCount({ missingTypes, packProblems, run, serverProblems }) {
  const nodes = [...run.problems.get().values()].reduce((sum, each) => sum + each.length, 0);
  const others = missingTypes.get().size + serverProblems.get().length + packProblems.get().length;
  return nodes + others + (run.failure.get() ? 1 : 0);
}
