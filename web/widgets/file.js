/** A file of the input folder that is no picture: chosen, uploaded, dropped or pasted. */

import { h } from '../ui/dom.js';
import { choiceWidget } from './choice.js';
import { FIELD, uploadKind } from './kinds.js';
import { createUploads } from './uploads.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function fileWidget(host) {
  const choice = choiceWidget(host);
  const uploads = createUploads(host, uploadKind(host.input.options) ?? 'file');
  const element = h('div', { class: 'widget-file picture-row' }, choice.element, uploads.button, uploads.chooser);
  uploads.listen(element);
  return { ...choice, element, height: FIELD, grows: false, menu: uploads.menu };
}
