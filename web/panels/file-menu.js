/** The document's menu: new, open, save, versions, download. */

import { FIXED_KEYS } from '../app/key-map.js';
import { shownKeys } from '../app/keymap.js';
import { openMenu } from '../ui/menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuEntry, MenuItem } from '../types/ui.d.ts' */

const MOST_LISTED = 40;

/**
 * A command as an item of a menu.
 * @param {Application} editor
 * @param {string} id
 * @param {Partial<MenuItem>} [more]
 * @returns {MenuItem}
 */
export function commandItem(editor, id, more = {}) {
  const command = editor.commands.get(id);
  const [keys] = [...editor.keys.of(id), ...(FIXED_KEYS.get(id) ?? [])];
  return {
    label: editor.t(`command.${id}`),
    disabled: command?.enabled?.() === false,
    run: () => editor.execute(id),
    ...(keys ? { keys: shownKeys(keys) } : {}),
    ...more,
  };
}

/**
 * @param {Application} editor
 * @param {HTMLElement} button
 */
export async function openFileMenu(editor, button) {
  const { files, t } = editor;
  // Without a server the document can still be downloaded.
  const stored = await files.stored().catch(() => []);
  const saved = stored.slice(0, MOST_LISTED).map(({ path, name }) => ({
    label: name,
    run: () => void editor.attempt(() => files.openStored(path)),
  }));
  /** @type {MenuEntry[]} */
  const entries = [
    commandItem(editor, 'file.new', { icon: 'add' }),
    commandItem(editor, 'file.open', { icon: 'folder' }),
    { label: t('files.saved-workflows'), icon: 'clock', items: saved, disabled: saved.length === 0 },
    commandItem(editor, 'file.templates', { icon: 'image' }),
    'separator',
    commandItem(editor, 'file.save', { icon: 'save' }),
    commandItem(editor, 'file.save-as'),
    commandItem(editor, 'file.rename', { icon: 'edit' }),
    commandItem(editor, 'file.duplicate', { icon: 'copy' }),
    commandItem(editor, 'file.delete', { icon: 'trash' }),
    'separator',
    commandItem(editor, 'view.versions', { icon: 'versions' }),
    commandItem(editor, 'file.compare'),
    commandItem(editor, 'file.recover'),
    'separator',
    commandItem(editor, 'file.download', { icon: 'download' }),
    commandItem(editor, 'file.download-api'),
    commandItem(editor, 'file.download-picture'),
    'separator',
    {
      label: t('panel.help'),
      icon: 'help',
      items: ['view.tour', 'view.keys', 'view.palette', 'view.help'].map((id) => commandItem(editor, id)),
    },
  ];
  openMenu(entries, button, { label: t('files.menu') });
}
