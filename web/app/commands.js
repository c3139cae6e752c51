/** Every action of the editor, with its keys. Labels are in the locales under `command.<id>`. */

import { editCommands } from './commands-edit.js';
import { copyToClipboard, cutToClipboard, pasteFromClipboard } from './clipboard.js';

/** @import { Application, SidePanel } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export const createCommands = (editor) => [
  ...editCommands(editor),
  ...clipboardCommands(editor),
  ...fileCommands(editor),
  ...runCommands(editor),
  ...viewCommands(editor),
  ...editor.panels.peek().map((panel) => panelCommand(editor, panel)),
];

/**
 * Shows a panel at the side, or hides it.
 * @param {Application} editor
 * @param {SidePanel} panel
 * @returns {Command}
 */
export const panelCommand = ({ panel: shown }, { id, keys }) => ({
  id: `view.${id}`,
  keys,
  run: () => shown.set(shown.peek() === id ? null : id),
});

/**
 * Their keys are the browser's own, which fire `copy`, `cut` and `paste`.
 * @param {Application} editor
 * @returns {Command[]}
 */
function clipboardCommands(editor) {
  const enabled = () => editor.selection.ids.peek().size > 0;
  return [
    { id: 'edit.copy', keys: [], enabled, run: () => copyToClipboard(editor) },
    { id: 'edit.cut', keys: [], enabled, run: () => cutToClipboard(editor) },
    { id: 'edit.paste', keys: [], run: () => pasteFromClipboard(editor) },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function fileCommands(editor) {
  const { files } = editor;
  return [
    {
      id: 'file.new',
      keys: [],
      run: () => editor.open({ nodes: [], links: [], groups: [], rest: {} }, ''),
    },
    { id: 'file.open', keys: ['Mod+O'], run: () => files.choose() },
    {
      id: 'file.save',
      keys: ['Mod+S'],
      run: () => (editor.storedAs.peek() === editor.name.peek() ? files.save() : editor.askName()),
    },
    { id: 'file.save-as', keys: ['Mod+Shift+S'], run: () => editor.askName() },
    { id: 'file.download', keys: [], run: () => files.download('workflow') },
    { id: 'file.download-api', keys: [], run: () => files.download('api') },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function runCommands(editor) {
  const selected = () => [...editor.selection.ids.peek()];
  return [
    { id: 'run.queue', keys: ['Mod+Enter'], run: () => editor.submit() },
    { id: 'run.queue-front', keys: ['Mod+Shift+Enter'], run: () => editor.submit({ front: true }) },
    {
      id: 'run.selected',
      keys: [],
      enabled: () => selected().length > 0,
      run: () => editor.submit({ targets: selected() }),
    },
    {
      id: 'run.interrupt',
      keys: ['Mod+Alt+Enter'],
      enabled: () => editor.run.running.peek(),
      run: () => editor.client.interrupt(null),
    },
    { id: 'run.free-memory', keys: [], run: () => editor.freeMemory() },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function viewCommands(editor) {
  return [
    { id: 'view.search', keys: ['Tab'], run: () => editor.openSearch(centre()) },
    { id: 'view.fit', keys: ['.'], run: () => fit(editor) },
    { id: 'view.actual-size', keys: ['Alt+1'], run: () => editor.view?.zoomTo(1) },
    { id: 'view.reload-types', keys: ['R'], run: () => editor.followServer() },
    { id: 'view.reload-packs', keys: [], run: () => editor.reloadPacks(false) },
    { id: 'view.restart-worker', keys: [], run: () => editor.reloadPacks(true) },
    { id: 'view.settings', keys: ['Mod+,'], run: () => editor.openSettings() },
  ];

  /** Where the pointer is over the canvas, as a point of the page. */
  function centre() {
    const { view } = editor;
    return view ? view.toClient(view.pointer()) : { x: innerWidth / 2, y: innerHeight / 2 };
  }
}

/** @param {Application} editor */
function fit(editor) {
  const ids = editor.selection.ids.peek();
  if (ids.size > 0) editor.view?.fit(ids);
  else editor.view?.fit();
}
