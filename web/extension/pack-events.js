/** What packs can listen to. */

import { packRun } from './pack-document.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { QueueItem } from '../types/editor.d.ts' */
/** @import { PackEvents, TakeBack } from '../types/extension.d.ts' */

/** @template {keyof PackEvents} E @typedef {(data: PackEvents[E]) => void} Tell */

/** @type {{ [E in keyof PackEvents]: (editor: Application, tell: Tell<E>) => TakeBack }} */
const SOURCES = {
  change: followChanges,
  open: ({ document, name }, tell) =>
    document.onChange(({ replaced }) => {
      if (replaced) tell({ name: name.peek() });
    }),
  selection: ({ selection }, tell) => selection.ids.subscribe((ids) => tell({ ids: [...ids] })),
  job: ({ queue }, tell) => followJobs(queue.items.peek(), queue.items, tell),
  node: followRuns,
  types: ({ specs }, tell) => specs.subscribe(() => tell({})),
  language: ({ locale }, tell) => locale.subscribe((language) => tell({ language })),
};

/**
 * @template {keyof PackEvents} E
 * @param {Application} editor
 * @param {E} event
 * @param {Tell<E>} tell
 * @returns {TakeBack}
 * @throws {Error} when there is no such event
 */
export function listen(editor, event, tell) {
  if (!Object.hasOwn(SOURCES, event)) throw new Error(`There is no event ${event}; there are ${Object.keys(SOURCES).join(', ')}.`);
  return SOURCES[event](editor, tell);
}

/** Views hear of another level too, which is no change of the document. @param {Application} editor @param {Tell<'change'>} tell */
function followChanges({ document }, tell) {
  let { version } = document;
  return document.onChange(({ nodes, structure }) => {
    if (document.version === version) return;
    version = document.version;
    tell({ nodes: [...nodes], structure });
  });
}

/**
 * Tells of each job whose state is another than it was.
 * @param {readonly QueueItem[]} known
 * @param {Application['queue']['items']} items
 * @param {Tell<'job'>} tell
 */
function followJobs(known, items, tell) {
  let states = new Map(known.map(({ id, state }) => [id, state]));
  return items.subscribe((now) => {
    const before = states;
    states = new Map(now.map(({ id, state }) => [id, state]));
    for (const { id, state } of now) if (before.get(id) !== state) tell({ id, state });
  });
}

/** @param {Application} editor @param {Tell<'node'>} tell */
function followRuns(editor, tell) {
  return editor.run.watch((id) => editor.document.nodes.has(id) && tell({ id, run: packRun(editor.run.peek(id)) }));
}
