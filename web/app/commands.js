/** Every action of the editor, with its keys. Labels are in the locales under `command.<id>`. */

import { alignCommands } from './commands-align.js';
import { editCommands } from './commands-edit.js';
import { groupCommands } from './commands-group.js';
import { selectCommands } from './commands-select.js';
import { cameraCommands } from './commands-view.js';
import { runCommands } from './commands-run.js';
import { paintCommands } from './commands-painter.js';
import { fileCommands } from './commands-files.js';
import { formCommands } from './form-view.js';
import { pageCommands } from './commands-page.js';
import { subgraphCommands } from './commands-subgraph.js';
import { hasChosen } from './chosen.js';
import { copyToClipboard, cutToClipboard, pasteFromClipboard } from './clipboard.js';

/** @import { Application, SidePanel } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export const createCommands = (editor) => [
  ...editCommands(editor),
  ...selectCommands(editor),
  ...groupCommands(editor),
  ...alignCommands(editor),
  ...cameraCommands(editor),
  ...clipboardCommands(editor),
  ...fileCommands(editor),
  ...runCommands(editor),
  ...viewCommands(editor),
  ...pageCommands(editor),
  ...subgraphCommands(editor),
  ...formCommands(editor),
  ...paintCommands(editor),
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
  const enabled = () => hasChosen(editor);
  return [
    { id: 'edit.copy', keys: [], enabled, run: () => copyToClipboard(editor) },
    { id: 'edit.cut', keys: [], enabled, run: () => cutToClipboard(editor) },
    { id: 'edit.paste', keys: [], run: () => pasteFromClipboard(editor) },
    { id: 'edit.paste-linked', keys: [], run: () => pasteFromClipboard(editor, true) },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function viewCommands(editor) {
  return [
    { id: 'view.search', keys: ['Tab'], run: () => editor.openSearch(centre()) },
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
