/** Context menus of the canvas, of nodes, links and groups. */

import { deleteGroup } from '../app/commands-edit.js';
import { MENU_PARTS } from '../app/menu-parts.js';
import { putGroup, setColor, setTitle, unlink } from '../core/edits.js';
import { openMenu } from '../ui/menu.js';
import { askText } from './ask-text.js';
import { NODE_COLORS } from './colors.js';
import { commandItem } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Group, NodeId } from '../types/document.d.ts' */
/** @import { MenuTarget, Point } from '../types/editor.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {MenuTarget} target
 */
export function openContextMenu(editor, client, target) {
  const parts = MENU_PARTS.flatMap((part) => part(editor, target, client));
  const own = entriesFor(editor, client, target);
  /** @type {MenuEntry[]} */
  const entries = parts.length > 0 ? [...parts, 'separator', ...own] : own;
  if (entries.length > 0) openMenu(entries, client, { label: editor.t(`menu.${target.kind}`) });
}

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {MenuTarget} target
 * @returns {MenuEntry[]}
 */
function entriesFor(editor, client, target) {
  if (target.kind === 'canvas') return canvasEntries(editor, client);
  if (target.kind === 'node') return nodeEntries(editor, target.id);
  if (target.kind === 'group') return groupEntries(editor, target.id);
  return [
    {
      label: editor.t('menu.unlink'),
      icon: 'trash',
      danger: true,
      run: () => editor.perform(unlink(target.id)),
    },
  ];
}

/** @param {Application} editor @param {Point} client @returns {MenuEntry[]} */
const canvasEntries = (editor, client) => [
  { ...commandItem(editor, 'view.search', { icon: 'add' }), run: () => editor.openSearch(client) },
  commandItem(editor, 'edit.paste', { icon: 'paste' }),
  'separator',
  commandItem(editor, 'edit.select-all'),
  commandItem(editor, 'edit.arrange', { icon: 'arrange' }),
  commandItem(editor, 'view.fit', { icon: 'fit' }),
  'separator',
  commandItem(editor, 'view.reload-types', { icon: 'refresh' }),
  commandItem(editor, 'view.reload-packs'),
  commandItem(editor, 'view.restart-worker'),
  commandItem(editor, 'run.free-memory'),
];

/** @param {Application} editor @param {NodeId} id @returns {MenuEntry[]} */
function nodeEntries(editor, id) {
  const node = editor.document.nodes.get(id);
  if (!node) return [];
  const ids = [...editor.selection.ids.peek()];
  const color = (/** @type {string | null} */ value) => editor.perform(setColor(ids.includes(id) ? ids : [id], value));
  return [
    ...pictureEntries(editor, id),
    commandItem(editor, 'run.selected', { icon: 'play' }),
    'separator',
    { label: editor.t('menu.rename'), icon: 'edit', run: () => void rename(editor, id) },
    {
      label: editor.t('menu.color'),
      items: [
        { label: editor.t('color.none'), checked: node.color === null, run: () => color(null) },
        ...NODE_COLORS.map(({ name, value }) => ({
          label: editor.t(`color.${name}`),
          checked: node.color === value,
          run: () => color(value),
        })),
      ],
    },
    commandItem(editor, 'edit.mute', { icon: 'mute', checked: node.mode === 2 }),
    commandItem(editor, 'edit.bypass', { icon: 'bypass', checked: node.mode === 4 }),
    commandItem(editor, 'edit.collapse', { icon: 'collapse', checked: node.collapsed }),
    'separator',
    commandItem(editor, 'edit.copy', { icon: 'copy' }),
    commandItem(editor, 'edit.cut', { icon: 'cut' }),
    commandItem(editor, 'edit.duplicate'),
    commandItem(editor, 'edit.group', { icon: 'group' }),
    'separator',
    commandItem(editor, 'edit.delete', { icon: 'trash', danger: true }),
  ];
}

/** @param {Application} editor @param {NodeId} id @returns {MenuEntry[]} */
function pictureEntries(editor, id) {
  const { pictures } = editor.run.node(id).peek();
  const [picture] = pictures;
  if (!picture) return [];
  return [
    { label: editor.t('pictures.enlarge'), icon: 'image', run: () => editor.openPictures(pictures, 0) },
    {
      label: editor.t('pictures.open-tab'),
      icon: 'eye',
      run: () => void window.open(editor.pictureUrl(picture), '_blank', 'noopener'),
    },
    'separator',
  ];
}

/** @param {Application} editor @param {NodeId} id */
async function rename(editor, id) {
  const node = editor.document.nodes.get(id);
  if (!node) return;
  const { t } = editor;
  const question = {
    title: t('menu.rename'),
    label: t('menu.title'),
    value: editor.nodeTitle(node),
    action: t('menu.rename'),
  };
  const title = await askText(editor, question);
  if (title !== null) editor.perform(setTitle(id, title));
}

/** @param {Application} editor @param {number} id @returns {MenuEntry[]} */
function groupEntries(editor, id) {
  const group = editor.document.groups.get(id);
  if (!group) return [];
  return [
    { label: editor.t('menu.rename'), icon: 'edit', run: () => void renameGroup(editor, group) },
    { label: editor.t('menu.select-inside'), run: () => editor.selection.set(inside(editor, group)) },
    {
      label: editor.t('menu.color'),
      items: NODE_COLORS.map(({ name, value }) => ({
        label: editor.t(`color.${name}`),
        checked: group.color === value,
        run: () => editor.perform(putGroup({ ...group, color: value })),
      })),
    },
    'separator',
    { label: editor.t('menu.delete-group'), icon: 'trash', danger: true, run: () => deleteGroup(editor, id) },
  ];
}

/** @param {Application} editor @param {Readonly<Group>} group */
async function renameGroup(editor, group) {
  const { t } = editor;
  const question = { title: t('menu.rename'), label: t('menu.title'), value: group.title, action: t('menu.rename') };
  const title = await askText(editor, question);
  if (title !== null) editor.perform(putGroup({ ...group, title }));
}

/** Nodes belong to a group by where their middle is. @param {Application} editor @param {Readonly<Group>} group */
function inside({ document }, group) {
  return [...document.nodes.values()]
    .filter(({ x, y, width, height }) => {
      const [middle, centre] = [x + width / 2, y + height / 2];
      return (
        middle >= group.x && middle <= group.x + group.width && centre >= group.y && centre <= group.y + group.height
      );
    })
    .map(({ id }) => id);
}
