/** Which widget an input gets, and the room that it needs; known without making the widget. */

import { hasControl } from '../core/spec.js';
import { registeredWidget } from './registered.js';

/** @import {InputSpec} from '../types/spec.d.ts' */

/** @typedef {'number' | 'slider' | 'seed' | 'text' | 'prompt' | 'toggle' | 'choice' | 'picture' | 'color'} WidgetKind */

/** The height of a field of one line. */
export const FIELD = 24;

/**
 * Heights in document units; those in `GROWING` take what the node has left.
 * @type {Readonly<Record<WidgetKind, number>>}
 */
export const HEIGHTS = {
  number: FIELD,
  slider: FIELD,
  seed: FIELD,
  text: FIELD,
  prompt: 76,
  toggle: FIELD,
  choice: FIELD,
  picture: FIELD + 124,
  color: FIELD,
};

/** @type {ReadonlySet<WidgetKind>} */
const GROWING = new Set(['prompt', 'picture']);

/**
 * @param {InputSpec} input
 * @returns {{ height: number, grows: boolean }} the least height of an input's widget, and whether it takes more
 */
export function roomOf(input) {
  const kind = widgetKind(input);
  return registeredWidget(input) ?? { height: HEIGHTS[kind], grows: GROWING.has(kind) };
}

/**
 * @param {InputSpec} input
 * @returns {WidgetKind}
 */
export function widgetKind(input) {
  const { options } = input;
  if (input.choices) return options.image_upload ? 'picture' : 'choice';
  if (options.display === 'color') return 'color';
  if (input.type === 'BOOLEAN') return 'toggle';
  if (input.type === 'INT' && hasControl(input)) return 'seed';
  if (input.type === 'INT' || input.type === 'FLOAT') return options.display === 'slider' ? 'slider' : 'number';
  return options.multiline ? 'prompt' : 'text';
}
