/** The bar at the top: the document, undo and redo, the queue. */

import { tipOf } from '../app/keymap.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu-later.js';
import { connectionNote, runControls, showProgress } from './toolbar-run.js';

/** @import { Application } from '../types/app.d.ts' */

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
      formButton(editor),
      h('div', { class: 'toolbar-space' }),
      connectionNote(editor),
      runControls(editor),
      h('div', { class: 'toolbar-group' }, languageButton(editor)),
      progress,
    );
  });
  effect(() => showProgress(editor, progress));
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
      onclick: () => void editor.attempt(async () => (await import('./file-menu.js')).openFileMenu(editor, button)),
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

/** @param {Application} editor */
function formButton(editor) {
  const button = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': editor.t('command.view.form'),
      'data-tip': tipOf(editor, 'view.form'),
      onclick: () => editor.execute('view.form'),
    },
    icon('form'),
  );
  effect(() => button.setAttribute('aria-pressed', String(editor.formView.get())));
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
      oncontextmenu: (event) => {
        event.preventDefault();
        editor.execute('edit.history');
      },
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
          run: () => editor.preferences.of('appearance.language').set(each),
        }));
        openMenu(entries, button, { label: t('settings.language'), edge: 'end' });
      },
    },
    icon('globe'),
  );
  return button;
}
