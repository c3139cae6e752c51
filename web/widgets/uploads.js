/** Files that a widget takes: by its button, dropped on it, or pasted while it has the focus. */

import { setValue } from '../core/edits.js';
import { pictureValue } from '../core/node-picture.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import {WidgetHost} from '../types/editor.d.ts' */
/** @import {MenuEntry} from '../types/ui.d.ts' */
/** @import {UploadKind} from './kinds.js' */

/**
 * @typedef {object} Uploads
 * @property {HTMLButtonElement} button
 * @property {HTMLInputElement} chooser
 * @property {(element: HTMLElement) => void} listen take what is dropped or pasted there
 * @property {() => MenuEntry[]} menu
 */

/**
 * @param {WidgetHost} host
 * @param {UploadKind} kind
 * @returns {Uploads}
 */
export function createUploads(host, kind) {
  const { editor, input } = host;
  const { t } = editor;
  const endings = input.options.extensions ?? [];
  const accept = kind === 'file' || endings.length > 0 ? endings.join(',') : `${kind}/*`;
  const label = t(`widget.upload.${kind}`);
  const chooser = h('input', { type: 'file', accept, multiple: true, hidden: true, tabindex: -1 });
  let folder = '';
  const choose = (/** @type {string} */ into) => {
    folder = into;
    chooser.click();
  };
  const button = h('button', { class: 'widget-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick: () => choose('') }, icon('upload'));
  const take = (/** @type {readonly File[]} */ files, /** @type {string} */ into) => void editor.attempt(() => keep(host, kind, files, into, button));
  chooser.addEventListener('change', () => {
    const files = [...(chooser.files ?? [])];
    chooser.value = '';
    take(files, folder);
  });
  return {
    button,
    chooser,
    listen: (element) => listenForFiles(element, (files) => take(files, '')),
    menu: () => [
      { label, icon: 'upload', run: () => choose('') },
      ...folderEntries(host, choose),
    ],
  };
}

/** @param {WidgetHost} host @param {(folder: string) => void} choose @returns {MenuEntry[]} */
function folderEntries({ editor, input, node }, choose) {
  const present = editor.document.nodes.get(node);
  const choices = (present && editor.inputs(present).find(({ name }) => name === input.name)?.choices) ?? [];
  const folders = [...new Set(choices.map((choice) => choice.slice(0, Math.max(0, choice.lastIndexOf('/')))))].filter(Boolean).sort();
  if (folders.length === 0) return [];
  const items = folders.map((folder) => ({ label: `${folder}/`, icon: 'folder', run: () => choose(folder) }));
  return [{ label: editor.t('widget.upload.into'), icon: 'folder', items }];
}

/**
 * @param {WidgetHost} host
 * @param {UploadKind} kind
 * @param {readonly File[]} files
 * @param {string} folder
 * @param {HTMLElement} button
 */
async function keep(host, kind, files, folder, button) {
  const { editor, input } = host;
  // Its element may show another node by the time that the server has the files.
  const { node } = host;
  const fitting = files.filter((file) => isFitting(file, kind, input.options.extensions ?? []));
  const [other] = files.filter((file) => !fitting.includes(file));
  if (other) editor.notify('warning', editor.t(`widget.upload.no_${kind}`, { name: other.name, endings: (input.options.extensions ?? []).join(' ') }));
  if (fitting.length === 0) return;
  button.classList.add('busy');
  try {
    const names = [];
    for (const file of fitting) {
      const kept = kind === 'image' ? await editor.uploadImage(file, folder) : await editor.uploadFile(file, folder);
      names.push(pictureValue(kept));
    }
    const [first] = names;
    if (first === undefined || !editor.document.nodes.has(node)) return;
    editor.perform(setValue(node, input.name, first));
    if (names.length > 1) editor.notify('info', editor.t('widget.upload.several', { count: names.length, name: first }));
  } finally {
    button.classList.remove('busy');
  }
}

/**
 * @param {File} file
 * @param {UploadKind} kind
 * @param {readonly string[]} endings
 */
function isFitting(file, kind, endings) {
  const name = file.name.toLowerCase();
  if (endings.length > 0) return endings.some((ending) => name.endsWith(ending));
  return kind === 'file' || file.type.startsWith(`${kind}/`) || (kind === 'image' && /\.(?:avif|tiff?|bmp)$/.test(name));
}

/**
 * @param {HTMLElement} element
 * @param {(files: readonly File[]) => void} take
 */
function listenForFiles(element, take) {
  element.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.stopPropagation();
    element.classList.add('over');
  });
  element.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) element.classList.remove('over');
  });
  element.addEventListener('drop', (event) => {
    element.classList.remove('over');
    event.preventDefault();
    event.stopPropagation();
    take([...(event.dataTransfer?.files ?? [])]);
  });
  element.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    take(files);
  });
}
