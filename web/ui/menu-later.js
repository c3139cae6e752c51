/** Menus for what is there at the start: the menu's own module is loaded with the first. */

/** @import { openMenu as Open } from './menu.js' */

/** @param {Parameters<typeof Open>} options */
export function openMenu(...options) {
  void import('./menu.js').then((menu) => menu.openMenu(...options));
}
