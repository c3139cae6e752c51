/** The menu beside the queue's button: when jobs are queued, the queue as a whole, being told of its end. */

import { openMenu } from '../ui/menu.js';
import { commandItem } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { RunMode } from '../types/run.d.ts' */
/** @import { MenuEntry, MenuItem } from '../types/ui.d.ts' */

const MODES = /** @type {const} */ (['once', 'change', 'instant']);

/**
 * @param {Application} editor
 * @param {HTMLElement} anchor
 */
export function openRunMenu(editor, anchor) {
  const { queue, t } = editor;
  /** @type {MenuEntry[]} */
  const entries = [
    commandItem(editor, 'run.queue', { icon: 'play' }),
    commandItem(editor, 'run.queue-front', { icon: 'to-front' }),
    commandItem(editor, 'run.selected', { icon: 'target' }),
    commandItem(editor, 'run.interrupt', { icon: 'stop' }),
    'separator',
    ...MODES.map((mode) => modeItem(editor, mode)),
    'separator',
    { ...commandItem(editor, 'run.pause'), label: t(queue.paused.peek() ? 'run.resume-queue' : 'run.pause-queue'), icon: 'pause' },
    commandItem(editor, 'run.clear-waiting', { icon: 'trash' }),
    commandItem(editor, 'run.free-memory'),
    'separator',
    preferenceItem(editor, 'run.notify'),
    preferenceItem(editor, 'run.sound'),
    preferenceItem(editor, 'run.meters'),
    preferenceItem(editor, 'run.heat'),
  ];
  openMenu(entries, anchor, { label: t('toolbar.run.menu'), edge: 'end' });
}

/** @param {Application} editor @param {RunMode} mode @returns {MenuItem} */
const modeItem = ({ runMode, t }, mode) => ({
  label: t(`toolbar.mode.${mode}`),
  checked: runMode.peek() === mode,
  run: () => runMode.set(mode),
});

/** @param {Application} editor @param {string} id @returns {MenuItem} */
function preferenceItem({ preferences, t }, id) {
  const value = preferences.of(id);
  return { label: t(`setting.${id}`), checked: value.peek() === true, run: () => value.set(value.peek() !== true) };
}
