/** Which widget an input gets, and the room that it needs; known without making the widget. */

import { hasControl } from '../core/spec.js';

/** @import {InputOptions, InputSpec} from '../types/spec.d.ts' */
/** @import {PackWidgets} from './registered.js' */

/** @typedef {'number' | 'slider' | 'seed' | 'text' | 'prompt' | 'toggle' | 'choice' | 'picture' | 'file' | 'color' | 'curve' | 'target'} WidgetKind */

/** @typedef {'image' | 'audio' | 'video' | 'file'} UploadKind */

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
  file: FIELD,
  color: FIELD,
  curve: FIELD + 136,
  target: FIELD,
};

/** @type {ReadonlySet<WidgetKind>} */
const GROWING = new Set(['prompt', 'picture', 'curve']);

/**
 * @param {InputSpec} input
 * @param {PackWidgets} packWidgets
 * @returns {{ height: number, grows: boolean }} the least height of an input's widget, and whether it takes more
 */
export function roomOf(input, packWidgets) {
  const kind = widgetKind(input);
  const { height, grows } = packWidgets.find(input) ?? { height: HEIGHTS[kind], grows: GROWING.has(kind) };
  return { height: input.options.height ?? height, grows };
}

/**
 * What an input takes from the user's computer; null: nothing.
 *
 * @param {InputOptions} options
 * @returns {UploadKind | null}
 */
export function uploadKind(options) {
  if (options.image_upload) return 'image';
  if (options.audio_upload) return 'audio';
  if (options.video_upload) return 'video';
  return options.upload ? 'file' : null;
}

/**
 * @param {InputSpec} input
 * @returns {WidgetKind}
 */
export function widgetKind(input) {
  const { options } = input;
  const upload = uploadKind(options);
  if (input.choices && upload) return upload === 'image' ? 'picture' : 'file';
  if (input.choices) return 'choice';
  if (options.display === 'color') return 'color';
  if (options.widgetTarget) return 'target';
  if (input.type === 'BOOLEAN') return 'toggle';
  if (input.type === 'CURVE') return 'curve';
  if (input.type === 'INT' && hasControl(input)) return 'seed';
  if (input.type === 'INT' || input.type === 'FLOAT') return options.display === 'slider' ? 'slider' : 'number';
  return options.multiline ? 'prompt' : 'text';
}
