/** Context menus of the canvas, of nodes, groups, links and points of links. */

import { MENU_PARTS } from '../app/menu-parts.js';
import { openMenu } from '../ui/menu.js';
import { commandItem } from './file-menu.js';
import { linkEntries, pointEntries } from './menu-links.js';
import { groupEntries, nodeEntries } from './menu-nodes.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuTarget, Point } from '../types/editor.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {MenuTarget} target
 */
export function openContextMenu(editor, client, target) {
  const parts = [...MENU_PARTS, ...editor.menuParts].flatMap((part) => part(editor, target, client));
  const entries = tidy(joined(parts, entriesFor(editor, client, target), target));
  if (entries.length > 0) openMenu(entries, client, { label: labelOf(editor, target) });
}

/**
 * What parts of the editor add comes after what a node is run by; what a widget offers comes first.
 * @param {readonly MenuEntry[]} parts
 * @param {readonly MenuEntry[]} own
 * @param {MenuTarget} target
 * @returns {MenuEntry[]}
 */
function joined(parts, own, target) {
  const first = target.kind === 'node' && !target.widget ? own.indexOf('separator') : 0;
  return [...own.slice(0, first), 'separator', ...parts, 'separator', ...own.slice(first)];
}

/** @param {Application} editor @param {MenuTarget} target */
function labelOf(editor, target) {
  const count = editor.selection.ids.peek().size;
  if (target.kind === 'node' && count > 1) return editor.t('menu.nodes', { count });
  return editor.t(`menu.${target.kind}`);
}

/** No separators at the ends, nor two in a row. @param {readonly MenuEntry[]} entries @returns {MenuEntry[]} */
const tidy = (entries) =>
  entries.filter((entry, index) => {
    const before = entries[index - 1];
    const more = entries.slice(index + 1).some((each) => each !== 'separator');
    return entry !== 'separator' || (index > 0 && before !== 'separator' && more);
  });

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {MenuTarget} target
 * @returns {MenuEntry[]}
 */
function entriesFor(editor, client, target) {
  if (target.kind === 'canvas') return canvasEntries(editor, client);
  if (target.kind === 'node') return nodeEntries(editor, target);
  if (target.kind === 'group') return groupEntries(editor, target.id);
  return target.kind === 'point' ? pointEntries(editor) : linkEntries(editor, target.id, client);
}

/** @param {Application} editor @param {Point} client @returns {MenuEntry[]} */
const canvasEntries = (editor, client) => [
  { ...commandItem(editor, 'view.search', { icon: 'add' }), run: () => editor.openSearch(client) },
  commandItem(editor, 'edit.note'),
  commandItem(editor, 'edit.paste', { icon: 'paste' }),
  commandItem(editor, 'edit.paste-linked'),
  'separator',
  {
    label: editor.t('menu.select'),
    items: [
      commandItem(editor, 'edit.select-all'),
      commandItem(editor, 'select.invert'),
      'separator',
      commandItem(editor, 'select.box', { icon: 'rectangle' }),
      commandItem(editor, 'select.lasso', { icon: 'lasso' }),
    ],
  },
  commandItem(editor, 'edit.arrange', { icon: 'arrange' }),
  commandItem(editor, 'edit.cut-links', { icon: 'cut' }),
  'separator',
  commandItem(editor, 'view.fit-all', { icon: 'fit' }),
  commandItem(editor, 'view.actual-size'),
  { label: editor.t('menu.views'), items: viewEntries(editor) },
  'separator',
  commandItem(editor, 'edit.undo', { icon: 'undo' }),
  commandItem(editor, 'edit.redo', { icon: 'redo' }),
  commandItem(editor, 'edit.history'),
  'separator',
  {
    label: editor.t('menu.server'),
    items: [
      commandItem(editor, 'view.reload-types', { icon: 'refresh' }),
      commandItem(editor, 'view.reload-packs'),
      commandItem(editor, 'view.restart-worker'),
      commandItem(editor, 'run.free-memory'),
    ],
  },
];

/** @param {Application} editor @returns {MenuEntry[]} */
function viewEntries(editor) {
  const numbers = ['1', '2', '3', '4', '5'];
  return [
    ...numbers.map((number) => commandItem(editor, `view.return-${number}`)),
    'separator',
    ...numbers.map((number) => commandItem(editor, `view.keep-${number}`)),
  ];
}
