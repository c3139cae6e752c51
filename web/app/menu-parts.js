/** What parts of the editor add to the context menus, each its own entries for what lies under the pointer. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuTarget, Point } from '../types/editor.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/** @typedef {(editor: Application, target: MenuTarget, client: Point) => MenuEntry[]} MenuPart */

/** In the order in which they are shown, before the entries that are always there. @type {readonly MenuPart[]} */
export const MENU_PARTS = [];
