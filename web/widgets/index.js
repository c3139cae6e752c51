/** The widget of each kind of input. */

import { choiceWidget } from './choice.js';
import { HEIGHTS, widgetKind } from './kinds.js';
import { lateWidget } from './late.js';
import { numberWidget, sliderWidget } from './number.js';
import { packWidget } from './pack.js';
import { seedWidget } from './seed.js';
import { promptWidget, textWidget } from './text.js';
import { toggleWidget } from './toggle.js';
import { watchMenu } from './watch-menu.js';

/** @import {WidgetFactory} from '../types/editor.d.ts' */
/** @import {InputSpec} from '../types/spec.d.ts' */
/** @import {WidgetKind} from './kinds.js' */
/** @import {PackWidgets} from './registered.js' */

/** @type {Readonly<Record<WidgetKind, WidgetFactory>>} */
const FACTORIES = {
  number: numberWidget,
  slider: sliderWidget,
  seed: seedWidget,
  text: textWidget,
  prompt: promptWidget,
  toggle: toggleWidget,
  choice: choiceWidget,
  picture: lateWidget(async () => (await import('./picture.js')).pictureWidget, { height: HEIGHTS.picture, grows: true }),
  file: lateWidget(async () => (await import('./file.js')).fileWidget, { height: HEIGHTS.file, grows: false }),
  color: lateWidget(async () => (await import('./color.js')).colorWidget, { height: HEIGHTS.color, grows: false }),
  target: lateWidget(async () => (await import('./target.js')).targetWidget, { height: HEIGHTS.target, grows: false }),
  curve: lateWidget(async () => (await import('./curve.js')).curveWidget, { height: HEIGHTS.curve, grows: true }),
};

/**
 * @param {InputSpec} input
 * @param {PackWidgets} packWidgets
 * @returns {WidgetFactory}
 */
export function widgetFor(input, packWidgets) {
  const ours = FACTORIES[widgetKind(input)];
  const registered = packWidgets.find(input);
  return (host) => watchMenu(host, registered ? packWidget(host, registered, ours) : ours(host));
}
