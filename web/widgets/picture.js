/** A picture of the input folder: chosen, uploaded, dropped or pasted, and shown. */

import { pictureRef } from '../core/node-picture.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { choiceWidget } from './choice.js';
import { labelOf } from './field.js';
import { HEIGHTS } from './kinds.js';
import { createUploads } from './uploads.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {Json} from '../types/spec.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function pictureWidget(host) {
  const { editor } = host;
  const choice = choiceWidget(host);
  const uploads = createUploads(host, 'image');
  const paint = paintButton(host);
  const picture = h('img', { class: 'picture-shown', alt: '', draggable: 'false', decoding: 'async' });
  const size = h('span', { class: 'picture-size', hidden: true });
  const note = h('span', { class: 'picture-note' }, editor.t('widget.picture.drop'));
  const enlarge = () => {
    const ref = shownRef();
    if (ref) editor.openPictures([ref], 0);
    else uploads.button.click();
  };
  const frame = h('button', { class: 'picture-frame', type: 'button', onclick: enlarge }, picture, size, note);
  const row = h('div', { class: 'picture-row' }, choice.element, paint, uploads.button);
  const element = h('div', { class: 'widget-picture' }, row, frame, uploads.chooser);
  let shown = '';
  const shownRef = () => (frame.classList.contains('empty') ? null : pictureRef(shown));

  const show = (/** @type {Json} */ value) => {
    // The same address again would load the picture again.
    if (String(value ?? '') === shown && picture.src !== '') return;
    shown = String(value ?? '');
    const ref = pictureRef(shown);
    frame.classList.toggle('empty', ref === null);
    paint.hidden = ref === null;
    size.hidden = true;
    frame.setAttribute('aria-label', ref ? `${labelOf(host)}: ${shown}` : editor.t('widget.picture.drop'));
    if (ref) picture.src = editor.pictureUrl(ref, true);
    else picture.removeAttribute('src');
  };
  picture.addEventListener('error', () => frame.classList.add('empty'));
  picture.addEventListener('load', () => {
    frame.classList.remove('empty');
    size.textContent = `${picture.naturalWidth} × ${picture.naturalHeight}`;
    size.hidden = false;
  });
  uploads.listen(element);
  show(host.value);
  return {
    element,
    height: HEIGHTS.picture,
    grows: true,
    set(value) {
      choice.set(value);
      show(value);
    },
    focus: () => choice.focus(),
    destroy: () => choice.destroy(),
    menu: () => [
      { label: editor.t('pictures.enlarge'), icon: 'image', disabled: shownRef() === null, run: enlarge },
      ...uploads.menu(),
    ],
  };
}

/** Opens the painter on the picture. @param {WidgetHost} host */
function paintButton(host) {
  const { editor, input } = host;
  const label = editor.t('paint.mask');
  const onclick = () => {
    const picture = pictureRef(String(editor.document.nodes.get(host.node)?.values[input.name] ?? ''));
    if (picture) editor.openPainter({ picture, node: host.node, input: input.name, layer: 'mask' });
  };
  return h('button', { class: 'widget-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon('brush'));
}
