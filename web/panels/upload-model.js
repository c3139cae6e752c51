/** Asking whether a model file is to be uploaded and where to, and showing how far that is. */

import { uploadModel } from '../net/upload-model.js';
import { bytesIn } from '../app/bytes.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */

/** Kinds of models that people have as one file. */
const KINDS = [
  'checkpoints',
  'loras',
  'vae',
  'embeddings',
  'controlnet',
  'diffusion_models',
  'text_encoders',
  'clip_vision',
  'upscale_models',
  'hypernetworks',
  'style_models',
  'gligen',
];

/**
 * @param {Application} editor
 * @param {File} file
 * @param {string | null} kind what it looks like
 * @param {readonly string[]} said what else is known of it
 * @returns {Promise<{ kind: string, name: string } | null>} the model on the server; null when there is none
 */
export async function askUpload(editor, file, kind, said) {
  await loadStyle('files');
  const { t } = editor;
  const name = file.name.replace(/\.sft$/i, '.safetensors');
  const abort = new AbortController();
  const options = KINDS.map((each) => h('option', { value: each, selected: each === kind }, `models/${each}`));
  const select = h('select', { class: 'field', 'aria-label': t('upload.kind') }, options);
  const bar = h('progress', { class: 'upload-progress', hidden: true });
  const note = h('p', { class: 'upload-note', role: 'status' });
  /** @type {{ kind: string, name: string } | null} */
  let made = null;

  async function upload() {
    send.disabled = select.disabled = true;
    bar.hidden = false;
    const { status, message } = await uploadModel(select.value, name, file, abort.signal, (part) => (bar.value = part));
    if (status === 201 || status === 409) {
      // One that is there already can be used as well.
      made = { kind: select.value, name };
      if (status === 409) editor.notify('info', t('upload.there', { name }));
      return dialog.close();
    }
    send.disabled = select.disabled = false;
    bar.hidden = true;
    if (!abort.signal.aborted) note.textContent = message || t('error.unreachable');
  }

  const cancel = h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('ui.cancel'));
  const run = () => void editor.attempt(upload);
  const send = h('button', { class: 'button primary', type: 'button', onclick: run }, t('upload.send'));
  const about = h('p', { class: 'dialog-text' }, aboutOf(editor, name, file.size, kind));
  const own = said.map((each) => h('p', { class: 'dialog-text' }, each));
  const choice = h('label', { class: 'upload-kind' }, h('span', null, t('upload.kind')), select);
  const content = { title: t('upload.title'), closeLabel: t('ui.close'), body: [about, own, choice, bar, note] };
  let closed = () => {};
  const dialog = openDialog({ ...content, buttons: [cancel, send] }, () => closed());
  await new Promise((/** @type {(value: void) => void} */ resolve) => (closed = resolve));
  abort.abort();
  return made;
}

/** @param {Application} editor @param {string} name @param {number} size @param {string | null} kind */
function aboutOf({ locale, t }, name, size, kind) {
  if (kind === null) return t('upload.unknown', { name, size: bytesIn(size, locale.peek()) });
  return t('upload.known', { name, size: bytesIn(size, locale.peek()), kind: t(`upload.kind.${kind}`) });
}
