/** The bar at the top: the document, undo and redo, the queue. */

import { tipOf } from '../app/keymap.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { openFileMenu } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */

const MOST_JOBS = 100;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountToolbar(host, editor) {
  const progress = h('div', { class: 'toolbar-progress', hidden: true });
  host.classList.add('toolbar');
  effect(() => {
    host.setAttribute('aria-label', editor.t('toolbar.label'));
    fill(
      host,
      h('div', { class: 'brand', 'aria-hidden': 'true' }, h('span', { class: 'brand-lamp' }), 'Safelight'),
      fileButton(editor),
      h('div', { class: 'toolbar-group' }, historyButton(editor, 'undo'), historyButton(editor, 'redo')),
      h('div', { class: 'toolbar-space' }),
      connectionNote(editor),
      runControls(editor),
      h('div', { class: 'toolbar-group' }, languageButton(editor)),
      progress,
    );
  });
  effect(() => showProgress(editor, progress));
}

/** @param {Application} editor @param {HTMLElement} bar */
function showProgress(editor, bar) {
  const part = editor.run.progress.get();
  bar.hidden = part === null;
  bar.style.setProperty('--part', String(part ?? 0));
  const name = editor.name.get() || editor.t('files.untitled');
  document.title = part === null ? `${name} – Safelight` : `${Math.round(part * 100)}% ${name} – Safelight`;
}

/** @param {Application} editor */
function fileButton(editor) {
  const name = h('span', { class: 'file-name' });
  const dot = h('span', { class: 'file-dirty' });
  const button = h(
    'button',
    {
      class: 'file-button',
      type: 'button',
      'aria-haspopup': 'menu',
      onclick: () => void editor.attempt(() => openFileMenu(editor, button)),
    },
    icon('file'),
    name,
    dot,
    icon('chevron-down'),
  );
  effect(() => {
    const shown = editor.name.get() || editor.t('files.untitled');
    name.textContent = shown;
    dot.hidden = !editor.dirty.get();
    dot.title = editor.t('files.dirty');
    button.setAttribute('aria-label', editor.t('toolbar.file', { name: shown }));
  });
  return button;
}

/** @param {Application} editor @param {'undo' | 'redo'} which */
function historyButton(editor, which) {
  const { history, t } = editor;
  const command = `edit.${which}`;
  const button = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      onclick: () => editor.execute(command),
      'aria-label': t(`command.${command}`),
    },
    icon(which),
  );
  effect(() => {
    const label = (which === 'undo' ? history.undoLabel : history.redoLabel).get();
    button.disabled = label === null;
    button.dataset['tip'] = label === null ? tipOf(editor, command) : `${tipOf(editor, command)}\n${t(label)}`;
  });
  return button;
}

/** @param {Application} editor */
function connectionNote(editor) {
  const note = h('div', { class: 'connection', role: 'status' });
  effect(() => {
    const state = editor.run.connection.get();
    note.hidden = state === 'open';
    note.textContent = state === 'open' ? '' : editor.t(`connection.${state}`);
    note.classList.toggle('lost', state === 'lost');
  });
  return note;
}

/** @param {Application} editor */
function runControls(editor) {
  const { t } = editor;
  const stop = h(
    'button',
    {
      class: 'icon-button stop',
      type: 'button',
      'aria-label': t('command.run.interrupt'),
      'data-tip': tipOf(editor, 'run.interrupt'),
      onclick: () => editor.execute('run.interrupt'),
    },
    icon('stop'),
  );
  effect(() => {
    stop.disabled = !editor.run.running.get();
  });
  return h(
    'div',
    { class: 'run-controls', role: 'group', 'aria-label': t('toolbar.run') },
    stop,
    batchField(editor),
    queueButton(editor),
  );
}

/** @param {Application} editor */
function batchField(editor) {
  const field = h('input', {
    class: 'batch',
    type: 'number',
    min: 1,
    max: MOST_JOBS,
    step: 1,
    value: editor.batch.peek(),
    'aria-label': editor.t('toolbar.batch'),
    'data-tip': editor.t('toolbar.batch'),
    onchange: () => {
      const wanted = Math.round(Number(field.value)) || 1;
      editor.batch.set(Math.min(MOST_JOBS, Math.max(1, wanted)));
      field.value = String(editor.batch.peek());
    },
  });
  return h('label', { class: 'batch-field' }, h('span', { 'aria-hidden': 'true' }, '×'), field);
}

/** @param {Application} editor */
function queueButton(editor) {
  return h(
    'button',
    {
      class: 'button primary queue-button',
      type: 'button',
      'data-tip': tipOf(editor, 'run.queue'),
      onclick: () => editor.execute('run.queue'),
    },
    icon('play'),
    editor.t('toolbar.queue'),
  );
}

/** @param {Application} editor */
function languageButton(editor) {
  const { t, locale, translator } = editor;
  const button = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': t('settings.language'),
      'data-tip': t('settings.language'),
      'aria-haspopup': 'menu',
      onclick: () => {
        const entries = translator.locales.map((each) => ({
          label: t(`language.${each}`),
          checked: each === locale.peek(),
          run: () => locale.set(each),
        }));
        openMenu(entries, button, { label: t('settings.language'), edge: 'end' });
      },
    },
    icon('globe'),
  );
  return button;
}
