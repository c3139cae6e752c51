/** The document's menu: new, open, save, templates. */

import { TEMPLATE_PACK } from '../app/files.js';
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
  const [keys] = command?.keys ?? [];
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
  const [stored, templates] = await Promise.all([files.stored(), files.templates()]);
  const saved = stored.slice(0, MOST_LISTED).map(({ path, name }) => ({
    label: name,
    run: () => void editor.attempt(() => files.openStored(path)),
  }));
  const offered = templates.map(({ pack, name }) => ({
    label: templateLabel(editor, pack, name),
    run: () => void editor.attempt(() => files.openTemplate(pack, name)),
  }));
  /** @type {MenuEntry[]} */
  const entries = [
    commandItem(editor, 'file.new', { icon: 'add' }),
    commandItem(editor, 'file.open', { icon: 'folder' }),
    { label: t('files.saved-workflows'), icon: 'clock', items: saved, disabled: saved.length === 0 },
    { label: t('files.templates'), icon: 'image', items: offered, disabled: offered.length === 0 },
    'separator',
    commandItem(editor, 'file.save', { icon: 'save' }),
    commandItem(editor, 'file.save-as'),
    'separator',
    commandItem(editor, 'file.download', { icon: 'download' }),
    commandItem(editor, 'file.download-api'),
  ];
  openMenu(entries, button, { label: t('files.menu') });
}

/** @param {Application} editor @param {string} pack @param {string} name */
function templateLabel({ t, translator }, pack, name) {
  if (pack !== TEMPLATE_PACK) return `${name} (${pack})`;
  return translator.has(`template.${name}`) ? t(`template.${name}`) : name;
}
