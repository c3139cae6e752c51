/** Actions that put nodes in order, and that move them by keys. */

import { moveContent } from '../core/groups.js';
import { chosenContent } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { Side } from '../core/align.js' */

/** @type {readonly [Side, string][]} */
const SIDES = [
  ['left', 'Alt+Shift+ArrowLeft'],
  ['center', 'Alt+Shift+C'],
  ['right', 'Alt+Shift+ArrowRight'],
  ['top', 'Alt+Shift+ArrowUp'],
  ['middle', 'Alt+Shift+M'],
  ['bottom', 'Alt+Shift+ArrowDown'],
];
/** @type {readonly ['left' | 'right' | 'up' | 'down', string, number, number][]} */
const WAYS = [
  ['left', 'ArrowLeft', -1, 0],
  ['right', 'ArrowRight', 1, 0],
  ['up', 'ArrowUp', 0, -1],
  ['down', 'ArrowDown', 0, 1],
];
/** How many steps of the grid Shift makes of one. */
const FAR = 5;
const NUDGE = 10;
const PAN = 80;

/** @param {Application} editor @returns {Command[]} */
export function alignCommands(editor) {
  const several = () => editor.selection.ids.peek().size > 1;
  const many = () => editor.selection.ids.peek().size > 2;
  const load = () => import('./arranging.js');
  return [
    ...SIDES.map(([side, keys]) => ({
      id: `align.${side}`,
      keys: [keys],
      enabled: several,
      run: async () => (await load()).alignChosen(editor, side),
    })),
    ...[/** @type {const} */ (['x', 'Alt+Shift+H']), /** @type {const} */ (['y', 'Alt+Shift+V'])].map(([axis, keys]) => ({
      id: `align.distribute-${axis}`,
      keys: [keys],
      enabled: many,
      run: async () => (await load()).distributeChosen(editor, axis),
    })),
    { id: 'align.same-width', keys: ['Alt+Shift+S'], enabled: several, run: async () => (await load()).sameWidth(editor) },
    { id: 'edit.arrange', keys: ['L'], run: async () => (await load()).arrangeChosen(editor) },
    ...WAYS.flatMap(([way, key, x, y]) => [
      { id: `nudge.${way}`, keys: [key], run: () => nudge(editor, x, y, 1) },
      { id: `nudge.${way}-far`, keys: [`Shift+${key}`], run: () => nudge(editor, x, y, FAR) },
    ]),
  ];
}

/**
 * Moves what is selected, or the view where nothing is.
 * @param {Application} editor
 * @param {number} x
 * @param {number} y
 * @param {number} times
 */
function nudge(editor, x, y, times) {
  const content = chosenContent(editor);
  const { nodes, groups, points } = content;
  if (nodes.size + groups.size + points.size > 0) {
    const key = `nudge ${[...nodes, ...groups, ...points].join(' ')}`;
    editor.perform(moveContent(editor.document, content, x * NUDGE * times, y * NUDGE * times, 'edit.nudge', key));
    return;
  }
  const { view } = editor;
  if (!view) return;
  const camera = view.camera();
  const step = (PAN * times) / camera.scale;
  view.setCamera({ ...camera, x: camera.x + x * step, y: camera.y + y * step });
}

