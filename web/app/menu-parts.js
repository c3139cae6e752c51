/** What parts of the editor add to the context menus, each its own entries for what lies under the pointer. */

import { formEntries } from '../form/menu.js';
import { paintEntries } from './paint-menu.js';
import { commandItem } from '../panels/file-menu.js';
import { subgraphEntries } from '../panels/subgraph-menu.js';

/** @import { MenuPart } from '../types/app.d.ts' */

/** In the order in which they are shown, before the entries that are always there. @type {readonly MenuPart[]} */
export const MENU_PARTS = [widgetEntries, subgraphEntries, paintEntries, formEntries, helpEntries];

/** What the widget under the pointer offers. @type {MenuPart} */
function widgetEntries(_editor, target) {
  return target.kind === 'node' ? [...(target.widget?.entries ?? [])] : [];
}

/** @type {MenuPart} */
function helpEntries(editor, target) {
  return target.kind === 'node' ? [commandItem(editor, 'view.node-help', { icon: 'help' })] : [];
}
