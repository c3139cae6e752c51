/** Everything that is known of one model, and what the user notes of it. */

import { bytesIn } from '../app/bytes.js';
import { shownName } from '../core/model-search.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { canBeAdded, putModel } from './model-drag.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { KnownModel, ListedModel, ModelNote } from '../types/library.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */
/** @import { LibraryState } from './library-panel.js' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @param {LibraryState} state
 * @param {string} name
 * @returns {() => void}
 */
export function mountDetails(host, editor, state, name) {
  const kind = state.kind.peek();
  let gone = false;
  const back = () => state.open.set(null);
  const show = async () => {
    const known = await state.library.model(kind, name);
    const listed = state.models.peek().find((model) => model.name === name);
    if (gone || !listed) return;
    fill(host, headOf(editor, state, listed, back), content(editor, state, listed, known, show));
  };
  fill(host, h('div', { class: 'library-head' }, backButton(editor, back)));
  void editor.attempt(show);
  return () => {
    gone = true;
  };
}

/** @param {Application} editor @param {() => void} back */
const backButton = ({ t }, back) =>
  h('button', { class: 'button', type: 'button', onclick: back }, icon('chevron-left'), t('library.back'));

/** @param {Application} editor @param {LibraryState} state @param {ListedModel} model @param {() => void} back */
function headOf(editor, state, model, back) {
  const { t } = editor;
  const kind = state.kind.peek();
  const star = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-pressed': String(model.favorite),
      'aria-label': t('library.favorite'),
      'data-tip': t('library.favorite'),
      onclick: () => {
        const favorite = star.getAttribute('aria-pressed') !== 'true';
        star.setAttribute('aria-pressed', String(favorite));
        void editor.attempt(() => writeNote(state, model.name, { favorite }));
      },
    },
    icon('star'),
  );
  return h(
    'div',
    { class: 'library-head library-toolbar' },
    backButton(editor, back),
    star,
    canBeAdded(editor, kind) &&
      h(
        'button',
        { class: 'button primary', type: 'button', onclick: () => putModel(editor, kind, model.name) },
        icon('add'),
        t('library.to-canvas'),
      ),
  );
}

/** @param {LibraryState} state @param {string} name @param {Partial<ModelNote>} note */
async function writeNote(state, name, note) {
  await state.library.note(state.kind.peek(), name, note);
  await state.reload();
}

/**
 * @param {Application} editor
 * @param {LibraryState} state
 * @param {ListedModel} model
 * @param {KnownModel} known
 * @param {() => Promise<void>} again
 */
function content(editor, state, model, known, again) {
  const { t } = editor;
  const kind = state.kind.peek();
  return h(
    'div',
    { class: 'library-details' },
    model.cover && h('img', { class: 'library-cover', src: state.library.coverUrl(kind, model.name, model.cover, 512), alt: '' }),
    coverButton(editor, state, model, again),
    h('h3', null, shownName(model)),
    known.description !== '' && h('p', { class: 'library-text' }, plainText(known.description)),
    wordsOf(editor, state, model, known),
    noteField(editor, state, model, known),
    facts([
      [t('library.title'), known.title],
      [t('library.file'), model.name],
      [t('library.family'), known.family],
      [t('library.author'), known.author],
      [t('library.size'), bytesIn(model.size, editor.locale.peek())],
      [t('library.tensors'), known.tensors > 0 ? String(known.tensors) : ''],
    ]),
    hashRow(editor, state, model, known),
    known.workflow && workflowButton(editor, state, model.name),
    Object.keys(known.training).length > 0 && h('h4', null, t('library.training')),
    facts(Object.entries(known.training)),
    Object.keys(known.metadata).length > 0 &&
      h('details', null, h('summary', null, t('library.metadata')), facts(Object.entries(known.metadata))),
  );
}

/** Descriptions from the net are HTML; only their text is shown. @param {string} html */
const plainText = (html) => new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '';

/** @param {readonly (readonly [string, string])[]} rows */
function facts(rows) {
  const filled = rows.filter(([, value]) => value !== '');
  if (filled.length === 0) return null;
  return h('dl', { class: 'library-facts' }, filled.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
}

/**
 * Trigger words: each is copied by a click. The user may write others in their place.
 * @param {Application} editor
 * @param {LibraryState} state
 * @param {ListedModel} model
 * @param {KnownModel} known
 * @returns {Child}
 */
function wordsOf(editor, state, model, known) {
  const { t } = editor;
  const own = h('input', {
    class: 'field',
    type: 'text',
    value: known.note.trigger_words,
    placeholder: known.trigger_words.slice(0, 5).join(', '),
    'aria-label': t('library.own-words'),
    onchange: () => void editor.attempt(() => writeNote(state, model.name, { trigger_words: own.value })),
  });
  return [
    h('h4', null, t('library.words')),
    model.words.length > 0 &&
      h(
        'div',
        { class: 'library-words' },
        model.words.map((word) =>
          h('button', { class: 'library-word', type: 'button', 'data-tip': t('library.copy-word'), onclick: () => void copy(editor, word) }, word),
        ),
      ),
    h('label', { class: 'library-own' }, t('library.own-words'), own),
  ];
}

/** @param {Application} editor @param {LibraryState} state @param {string} name */
function workflowButton(editor, state, name) {
  const open = async () => {
    const text = await state.library.workflow(state.kind.peek(), name);
    const file = new File([text], `${name.replace(/^.*\/|\.[^.]+$/g, '')}.json`, { type: 'application/json' });
    await editor.files.openFile(file);
  };
  const run = () => void editor.attempt(open);
  return h('button', { class: 'button library-workflow', type: 'button', onclick: run }, icon('file'), editor.t('library.open-workflow'));
}

/** @param {Application} editor @param {string} text */
function copy(editor, text) {
  return editor.attempt(async () => {
    await navigator.clipboard?.writeText(text);
    editor.notify('info', editor.t('library.copied', { text }));
  });
}

/** @param {Application} editor @param {LibraryState} state @param {ListedModel} model @param {KnownModel} known @returns {Child} */
function noteField(editor, state, model, known) {
  const { t } = editor;
  const box = h('textarea', {
    class: 'field library-note',
    rows: 4,
    value: known.note.text,
    placeholder: t('library.note-hint'),
    'aria-label': t('library.note'),
    onchange: () => void editor.attempt(() => writeNote(state, model.name, { text: box.value })),
  });
  return [h('h4', null, t('library.note')), box];
}

/** @param {Application} editor @param {LibraryState} state @param {ListedModel} model @param {KnownModel} known */
function hashRow(editor, state, model, known) {
  const { t } = editor;
  const place = h('div', { class: 'library-hash' });
  const show = (/** @type {string} */ digest) =>
    fill(
      place,
      facts([
        ['AutoV2', digest.slice(0, 10).toUpperCase()],
        ['SHA-256', digest],
      ]),
    );
  const compute = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: () => {
        compute.disabled = true;
        void editor.attempt(async () => show(await state.library.hash(state.kind.peek(), model.name)));
      },
    },
    t('library.hash'),
  );
  if (known.sha256) show(known.sha256);
  else place.append(compute);
  return place;
}

/**
 * The newest picture of the open workflow can become the model's.
 * @param {Application} editor
 * @param {LibraryState} state
 * @param {ListedModel} model
 * @param {() => Promise<void>} again
 */
function coverButton(editor, state, model, again) {
  const picture = newestPicture(editor);
  if (!picture) return null;
  const take = async () => {
    await state.library.chooseCover(state.kind.peek(), model.name, picture);
    await state.reload();
    await again();
  };
  return h(
    'button',
    { class: 'button', type: 'button', onclick: () => void editor.attempt(take) },
    icon('image'),
    editor.t('library.take-cover'),
  );
}

/** @param {Application} editor @returns {PictureRef | null} */
function newestPicture({ document, run }) {
  const shown = document.order.flatMap((id) => run.node(id).peek().pictures);
  return shown.find(({ type }) => type === 'output') ?? shown[0] ?? null;
}
