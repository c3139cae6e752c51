/** A picture of the input folder: chosen, uploaded, dropped or pasted, and shown. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { choiceWidget } from './choice.js';
import { labelOf } from './field.js';
import { HEIGHTS } from './kinds.js';

/** @import {PictureRef, Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function pictureWidget(host) {
  const { editor } = host;
  const choice = choiceWidget(host);
  const picture = h('img', { class: 'picture-shown', alt: '', draggable: 'false', decoding: 'async' });
  const note = h('span', { class: 'picture-note' }, editor.t('widget.picture.drop'));
  const file = h('input', { type: 'file', accept: 'image/*', hidden: true });
  const upload = h(
    'button',
    { class: 'widget-button', type: 'button', 'aria-label': editor.t('widget.picture.upload'), onclick: () => file.click() },
    icon('upload'),
  );
  upload.dataset['tip'] = editor.t('widget.picture.upload');
  const frame = h('div', { class: 'picture-frame', tabindex: 0, role: 'img', 'aria-label': labelOf(host) }, picture, note);
  const element = h('div', { class: 'widget-picture' }, h('div', { class: 'picture-row' }, choice.element, upload), frame, file);

  const show = (/** @type {unknown} */ value) => {
    const ref = pictureRef(String(value ?? ''));
    frame.classList.toggle('empty', ref === null);
    if (ref) picture.src = editor.pictureUrl(ref, true);
    else picture.removeAttribute('src');
  };
  const take = async (/** @type {FileList | undefined | null} */ files) => {
    const given = [...(files ?? [])].find((each) => each.type.startsWith('image/'));
    if (!given) return editor.notify('warning', editor.t('widget.picture.not_a_picture'));
    frame.classList.add('busy');
    try {
      const ref = await editor.uploadImage(given);
      const name = ref.subfolder === '' ? ref.filename : `${ref.subfolder}/${ref.filename}`;
      host.onChange(name, true);
    } catch (error) {
      editor.notify('error', error instanceof Error ? error.message : String(error));
    } finally {
      frame.classList.remove('busy');
    }
  };
  picture.addEventListener('error', () => frame.classList.add('empty'));
  file.addEventListener('change', () => take(file.files));
  listenForFiles(element, frame, take);
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
  };
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} frame
 * @param {(files: FileList | undefined) => Promise<void>} take
 */
function listenForFiles(element, frame, take) {
  element.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.stopPropagation();
    frame.classList.add('over');
  });
  element.addEventListener('dragleave', () => frame.classList.remove('over'));
  element.addEventListener('drop', (event) => {
    frame.classList.remove('over');
    event.preventDefault();
    event.stopPropagation();
    void take(event.dataTransfer?.files);
  });
  frame.addEventListener('paste', (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    event.stopPropagation();
    void take(event.clipboardData.files);
  });
}

/**
 * The file that a value names: `folder/name.png`, with the folder kind in brackets where it is not the input's.
 *
 * @param {string} value
 * @returns {PictureRef | null}
 */
function pictureRef(value) {
  const match = /^(.*?)(?: \[(input|output|temp)\])?$/s.exec(value);
  const path = match?.[1] ?? '';
  if (path === '') return null;
  const slash = path.lastIndexOf('/');
  const kind = match?.[2];
  return {
    filename: path.slice(slash + 1),
    subfolder: slash < 0 ? '' : path.slice(0, slash),
    type: kind === 'output' || kind === 'temp' ? kind : 'input',
  };
}
