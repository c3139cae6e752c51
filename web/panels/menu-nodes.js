/** Entries of the context menus of nodes and groups. */

import { compose, putGroup, setColor, unlink } from '../core/edits.js';
import { isCollapsed, isPinned } from '../core/groups.js';
import { showsAdvanced } from '../core/spec.js';
import { isBorderId } from '../core/subgraph-border.js';
import { chosenNodes } from '../app/chosen.js';
import { withAdvanced } from '../app/commands-edit.js';
import { makePrimitive } from '../app/primitives.js';
import { askColor, NODE_COLORS } from './colors.js';
import { commandItem } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { MenuTarget } from '../types/editor.d.ts' */
/** @import { MenuEntry, MenuItem } from '../types/ui.d.ts' */

/**
 * @param {Application} editor
 * @param {Extract<MenuTarget, { kind: 'node' }>} target
 * @returns {MenuEntry[]}
 */
export function nodeEntries(editor, target) {
  const node = editor.document.nodes.get(target.id);
  if (!node) return [];
  if (isBorderId(node.id)) return [selectMenu(editor)];
  const several = editor.selection.ids.peek().size > 1;
  return [
    ...(target.widget ? widgetEntries(editor, node, target.widget.input) : []),
    ...(several ? [] : pictureEntries(editor, target.id)),
    commandItem(editor, 'run.selected', { icon: 'play' }),
    'separator',
    ...(several ? [] : [commandItem(editor, 'edit.rename', { icon: 'edit' })]),
    colorMenu(editor, node.color, (color) => editor.perform(setColor(chosenNodes(editor), color))),
    commandItem(editor, 'edit.mute', { icon: 'mute', checked: node.mode === 2 }),
    commandItem(editor, 'edit.bypass', { icon: 'bypass', checked: node.mode === 4 }),
    commandItem(editor, 'edit.collapse', { icon: 'collapse', checked: node.collapsed }),
    commandItem(editor, 'edit.pin', { icon: 'pin', checked: isPinned(node) }),
    ...(withAdvanced(editor).length > 0 ? [commandItem(editor, 'edit.advanced', { icon: 'settings', checked: showsAdvanced(node) })] : []),
    'separator',
    ...(several ? [placeMenu(editor)] : []),
    linkMenu(editor, several),
    selectMenu(editor),
    sizeMenu(editor),
    'separator',
    commandItem(editor, 'edit.copy', { icon: 'copy' }),
    commandItem(editor, 'edit.cut', { icon: 'cut' }),
    commandItem(editor, 'edit.duplicate'),
    commandItem(editor, 'edit.group', { icon: 'group' }),
    'separator',
    commandItem(editor, 'edit.delete', { icon: 'trash', danger: true }),
    commandItem(editor, 'edit.dissolve', { danger: true }),
  ];
}

/**
 * @param {Application} editor
 * @param {Readonly<GraphNode>} node
 * @param {string} input
 * @returns {MenuEntry[]}
 */
function widgetEntries(editor, node, input) {
  const link = editor.document.linkInto(node.id, input);
  if (link) return [{ label: editor.t('menu.unlink'), icon: 'trash', run: () => editor.perform(unlink(link.id)) }, 'separator'];
  const spec = editor.inputs(node).find(({ name }) => name === input);
  if (!spec || spec.options.socketless) return [];
  return [{ label: editor.t('menu.primitive'), icon: 'link', run: () => makePrimitive(editor, node.id, input) }, 'separator'];
}

/**
 * @param {Application} editor
 * @param {string | null} shown
 * @param {(color: string | null) => void} choose
 * @returns {MenuItem}
 */
function colorMenu(editor, shown, choose) {
  const known = NODE_COLORS.some(({ value }) => value === shown);
  return {
    label: editor.t('menu.color'),
    items: [
      { label: editor.t('color.none'), checked: shown === null, run: () => choose(null) },
      ...NODE_COLORS.map(({ name, value }) => ({
        label: editor.t(`color.${name}`),
        checked: shown === value,
        run: () => choose(value),
      })),
      'separator',
      { label: editor.t('color.other'), checked: shown !== null && !known, run: () => askColor(shown, choose) },
    ],
  };
}

/** @param {Application} editor @returns {MenuItem} */
const placeMenu = (editor) => ({
  label: editor.t('menu.place'),
  icon: 'align',
  items: [
    commandItem(editor, 'edit.arrange', { icon: 'arrange' }),
    'separator',
    ...['left', 'center', 'right', 'top', 'middle', 'bottom'].map((side) => commandItem(editor, `align.${side}`)),
    'separator',
    commandItem(editor, 'align.distribute-x'),
    commandItem(editor, 'align.distribute-y'),
    commandItem(editor, 'align.same-width'),
  ],
});

/** @param {Application} editor @param {boolean} several @returns {MenuItem} */
const linkMenu = (editor, several) => ({
  label: editor.t('menu.links'),
  icon: 'link',
  items: [
    ...(several ? [commandItem(editor, 'edit.connect')] : []),
    commandItem(editor, 'edit.extract'),
    commandItem(editor, 'edit.disconnect'),
    'separator',
    commandItem(editor, 'select.sources'),
    commandItem(editor, 'select.targets'),
  ],
});

/** @param {Application} editor @returns {MenuItem} */
const selectMenu = (editor) => ({
  label: editor.t('menu.select'),
  items: ['select.upstream', 'select.downstream', 'select.linked', 'select.same-type', 'select.invert'].map((id) =>
    commandItem(editor, id),
  ),
});

/** @param {Application} editor @returns {MenuItem} */
const sizeMenu = (editor) => ({
  label: editor.t('menu.size'),
  items: [commandItem(editor, 'edit.fit-size'), 'separator', commandItem(editor, 'edit.raise'), commandItem(editor, 'edit.lower')],
});

/** @param {Application} editor @param {string} id @returns {MenuEntry[]} */
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

/** @param {Application} editor @param {number} id @returns {MenuEntry[]} */
export function groupEntries(editor, id) {
  const { document, selection } = editor;
  const group = document.groups.get(id);
  if (!group) return [];
  const paint = (/** @type {string | null} */ color) => {
    const groups = [...selection.groups.peek()].flatMap((each) => document.groups.get(each) ?? []);
    editor.perform(compose('edit.color', groups.map((each) => putGroup({ ...each, color }, undefined, 'edit.color'))));
  };
  return [
    commandItem(editor, 'edit.rename', { icon: 'edit' }),
    colorMenu(editor, group.color, paint),
    commandItem(editor, 'edit.collapse', { icon: 'collapse', checked: isCollapsed(group) }),
    commandItem(editor, 'edit.pin', { icon: 'pin', checked: isPinned(group) }),
    'separator',
    commandItem(editor, 'edit.mute', { icon: 'mute' }),
    commandItem(editor, 'edit.bypass', { icon: 'bypass' }),
    'separator',
    commandItem(editor, 'group.fit', { icon: 'fit' }),
    commandItem(editor, 'edit.arrange', { icon: 'arrange' }),
    commandItem(editor, 'group.select-content'),
    'separator',
    commandItem(editor, 'edit.copy', { icon: 'copy' }),
    commandItem(editor, 'edit.cut', { icon: 'cut' }),
    commandItem(editor, 'edit.duplicate'),
    'separator',
    commandItem(editor, 'edit.ungroup'),
    commandItem(editor, 'group.delete-content', { icon: 'trash', danger: true }),
  ];
}
