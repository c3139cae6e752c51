/** The context menu of a tab. */

import { openMenu } from '../ui/menu.js';
import { commandItem } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { Tab } from '../types/files.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/**
 * @param {Application} editor
 * @param {Tab} tab
 * @param {Point} client
 */
export function openTabMenu(editor, tab, client) {
  const { t, tabs } = editor;
  const all = tabs.list.peek();
  const at = all.indexOf(tab);
  const others = all.filter((each) => each !== tab);
  const close = (/** @type {readonly Tab[]} */ closed) => () => closed.forEach(({ id }) => tabs.close(id));
  const shown = (/** @type {string} */ command) => () => {
    tabs.show(tab.id);
    editor.execute(command);
  };
  const rename = async () => (await import('./rename-workflow.js')).renameTab(editor, tab);
  /** @type {MenuEntry[]} */
  const entries = [
    commandItem(editor, 'file.save', { icon: 'save', disabled: false, run: shown('file.save') }),
    commandItem(editor, 'file.save-as', { disabled: false, run: shown('file.save-as') }),
    { label: t('files.rename'), icon: 'edit', run: () => void editor.attempt(rename) },
    commandItem(editor, 'file.duplicate', { icon: 'copy', disabled: false, run: shown('file.duplicate') }),
    commandItem(editor, 'view.versions', { icon: 'versions', disabled: false, run: shown('view.versions') }),
    'separator',
    commandItem(editor, 'tab.close', { icon: 'close', run: () => tabs.close(tab.id) }),
    { label: t('tabs.close-others'), disabled: others.length === 0, run: close(others) },
    { label: t('tabs.close-right'), disabled: at === all.length - 1, run: close(all.slice(at + 1)) },
    commandItem(editor, 'tab.reopen', { icon: 'undo' }),
  ];
  openMenu(entries, client, { label: tab.name.peek() || t('files.untitled') });
}
