/** Commands that run the document and look after the queue. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { RunMode } from '../types/run.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export function runCommands(editor) {
  const { client, preferences, queue, run, runMode } = editor;
  const selected = () => [...editor.selection.ids.peek()];
  const toggle = (/** @type {RunMode} */ mode) => runMode.set(runMode.peek() === mode ? 'once' : mode);
  return [
    { id: 'run.queue', keys: ['Mod+Enter'], run: () => queueDocument(editor) },
    { id: 'run.queue-front', keys: ['Mod+Shift+Enter'], run: async () => void (await editor.submit({ front: true })) },
    {
      id: 'run.selected',
      keys: [],
      enabled: () => selected().length > 0,
      run: async () => void (await editor.submit({ targets: selected() })),
    },
    {
      id: 'run.interrupt',
      keys: ['Mod+Alt+Enter'],
      enabled: () => run.running.peek() || queue.counts.peek().running > 0,
      run: () => client.interrupt(null),
    },
    { id: 'run.on-change', keys: [], run: () => toggle('change') },
    { id: 'run.instant', keys: [], run: () => toggle('instant') },
    { id: 'run.pause', keys: [], run: () => queue.pause(!queue.paused.peek()) },
    {
      id: 'run.clear-waiting',
      keys: [],
      enabled: () => queue.counts.peek().waiting > 0,
      run: () => queue.clear('waiting'),
    },
    { id: 'run.free-memory', keys: [], run: () => editor.freeMemory() },
    { id: 'run.heat', keys: [], run: () => preferences.of('run.heat').set(preferences.of('run.heat').peek() !== true) },
  ];
}

/** @param {Application} editor */
async function queueDocument(editor) {
  const { repeating, runMode } = editor;
  if (runMode.peek() !== 'instant') return void (await editor.submit());
  if (repeating.peek()) return repeating.set(false);
  // A quick job has ended before the server's answer about it is here.
  repeating.set(true);
  let queued = false;
  try {
    queued = await editor.submit();
  } finally {
    if (!queued) repeating.set(false);
  }
}
