/** The widget of each kind of input. */

import { choiceWidget } from './choice.js';
import { colorWidget } from './color.js';
import { widgetKind } from './kinds.js';
import { numberWidget, sliderWidget } from './number.js';
import { packWidget } from './pack.js';
import { pictureWidget } from './picture.js';
import { registeredWidget } from './registered.js';
import { seedWidget } from './seed.js';
import { promptWidget, textWidget } from './text.js';
import { toggleWidget } from './toggle.js';

/** @import {WidgetFactory} from '../types/editor.d.ts' */
/** @import {InputSpec} from '../types/spec.d.ts' */
/** @import {WidgetKind} from './kinds.js' */

/** @type {Readonly<Record<WidgetKind, WidgetFactory>>} */
const FACTORIES = {
  number: numberWidget,
  slider: sliderWidget,
  seed: seedWidget,
  text: textWidget,
  prompt: promptWidget,
  toggle: toggleWidget,
  choice: choiceWidget,
  picture: pictureWidget,
  color: colorWidget,
};

/**
 * @param {InputSpec} input
 * @returns {WidgetFactory}
 */
export function widgetFor(input) {
  const ours = FACTORIES[widgetKind(input)];
  const registered = registeredWidget(input);
  return registered ? (host) => packWidget(host, registered, ours) : ours;
}
