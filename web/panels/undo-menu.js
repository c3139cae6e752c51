/** The last steps by their names, to go back to before any of them, or forward again. */

import { openMenu } from '../ui/menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuItem } from '../types/ui.d.ts' */

const MOST = 15;

/** @param {Application} editor */
export function openUndoMenu(editor) {
  const { history, t } = editor;
  const { past, future } = history.take();
  /** @param {string} label @param {() => void} step @param {number} times @param {string} icon @returns {MenuItem} */
  const entry = (label, step, times, icon) => ({
    label: t(label),
    icon,
    run: () => {
      for (let time = 0; time < times; time += 1) step();
    },
  });
  // The latest at the top, with what can be made again above it.
  const forward = future.slice(-MOST).map(({ edit }, index, all) => {
    return entry(edit.label, () => history.redo(), all.length - index, 'redo');
  });
  const back = past
    .slice(-MOST)
    .reverse()
    .map(({ edit }, index) => entry(edit.label, () => history.undo(), index + 1, 'undo'));
  const entries = forward.length > 0 && back.length > 0 ? [...forward, /** @type {const} */ ('separator'), ...back] : [...forward, ...back];
  const anchor = document.querySelector('#toolbar .toolbar-group .icon-button');
  openMenu(entries, anchor instanceof HTMLElement ? anchor : { x: innerWidth / 2, y: innerHeight / 3 }, {
    label: t('command.edit.history'),
  });
}
