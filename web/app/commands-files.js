/** Actions on open workflows and their files. */

import { fileOf } from './stored-workflows.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export const fileCommands = (editor) => [...savingCommands(editor), ...tabCommands(editor), ...versionCommands(editor)];

/** @param {Application} editor @returns {Command[]} */
function savingCommands(editor) {
  const { files, tabs } = editor;
  const isStored = () => editor.storedAs.peek() !== null && editor.storedAs.peek() === editor.name.peek();
  return [
    {
      id: 'file.new',
      keys: ['Alt+N'],
      run: () =>
        void tabs.open({ nodes: [], links: [], groups: [], rest: {} }, { name: '', pristine: true, beside: true }),
    },
    { id: 'file.open', keys: ['Mod+O'], run: () => files.choose() },
    {
      id: 'file.templates',
      keys: ['Alt+T'],
      run: async () => (await import('../panels/templates.js')).openTemplates(editor),
    },
    { id: 'file.save', keys: ['Mod+S'], run: () => (isStored() ? files.save() : editor.askName()) },
    { id: 'file.save-as', keys: ['Mod+Shift+S'], run: () => editor.askName() },
    {
      id: 'file.rename',
      keys: [],
      run: async () => (await import('../panels/rename-workflow.js')).renameTab(editor, tabs.shown.peek()),
    },
    {
      id: 'file.duplicate',
      keys: [],
      run: () =>
        void tabs.open(editor.document.contents(), { name: editor.t('files.copy-of', { name: shownName(editor) }) }),
    },
    {
      id: 'file.delete',
      keys: [],
      enabled: isStored,
      run: async () =>
        (await import('../panels/delete-workflow.js')).deleteStored(editor, editor.storedAs.peek() ?? ''),
    },
    { id: 'file.download', keys: [], run: () => files.download('workflow') },
    { id: 'file.download-api', keys: [], run: () => files.download('api') },
    { id: 'file.download-picture', keys: [], run: () => files.download('picture') },
    { id: 'file.missing', keys: [], run: () => files.showMissing() },
  ];
}

/** @param {Application} editor */
const shownName = (editor) => editor.name.peek() || editor.t('files.untitled');

/** @param {Application} editor @returns {Command[]} */
function tabCommands(editor) {
  const { tabs, drafts } = editor;
  const several = () => tabs.list.peek().length > 1;
  return [
    { id: 'tab.close', keys: ['Alt+W'], run: () => tabs.close(tabs.shown.peek().id) },
    {
      id: 'tab.reopen',
      keys: ['Alt+Shift+W'],
      enabled: () => tabs.closed.peek().length > 0,
      run: () => tabs.reopen(),
    },
    { id: 'tab.next', keys: ['Alt+PageDown'], enabled: several, run: () => tabs.step(1) },
    { id: 'tab.previous', keys: ['Alt+PageUp'], enabled: several, run: () => tabs.step(-1) },
    {
      id: 'file.recover',
      keys: [],
      async run() {
        await drafts.look();
        (await import('../panels/found-drafts.js')).openFoundDrafts(editor);
      },
    },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function versionCommands(editor) {
  const isStored = () => editor.storedAs.peek() !== null;
  return [
    {
      id: 'file.keep-version',
      keys: [],
      enabled: isStored,
      async run() {
        const { askVersionName } = await import('../panels/version-name.js');
        const name = await askVersionName(editor, '');
        if (name !== null)
          await editor.userFiles.keepVersion(fileOf(editor.storedAs.peek() ?? ''), editor.toFile(), name);
      },
    },
    {
      id: 'file.compare',
      keys: [],
      run: async () => (await import('../panels/comparison.js')).chooseAndCompare(editor),
    },
    {
      id: 'file.end-comparison',
      keys: [],
      enabled: () => editor.comparison.peek() !== null,
      run: () => editor.comparison.set(null),
    },
  ];
}
