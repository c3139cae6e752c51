/** The workflow as a form: chosen widgets, a run button, results. It lies over the canvas. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { mountChooser } from './chooser.js';
import { FieldList } from './field-list.js';
import { mountResults } from './results.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {Promise<() => void>} takes the form away
 */
export async function mountForm(host, editor) {
  await loadStyle('form');
  const fields = h('div', { class: 'form-fields' });
  const results = h('section', { class: 'form-results' });
  const head = h('header', { class: 'form-head' });
  const foot = h('footer', { class: 'form-foot' });
  const element = h('main', { class: 'form', id: 'form', tabindex: -1 }, h('div', { class: 'form-side' }, head, fields, foot), results);
  host.append(element);
  const choosing = { on: false, end: () => {} };

  const show = () => {
    choosing.end();
    choosing.end = choosing.on ? mountChooser(fields, editor) : mountFields(fields, editor);
    fill(head, headOf(editor, choosing.on, toggle));
  };
  function toggle() {
    choosing.on = !choosing.on;
    show();
  }
  const ends = [
    effect(() => {
      editor.locale.get();
      element.setAttribute('aria-label', editor.t('form.label'));
      show();
    }),
    effect(() => showFoot(foot, editor)),
    mountResults(results, editor),
  ];
  element.focus({ preventScroll: true });
  return () => {
    choosing.end();
    for (const end of ends) end();
    element.remove();
  };
}

/** @param {HTMLElement} host @param {Application} editor */
function mountFields(host, editor) {
  const list = new FieldList(host, editor);
  return () => list.destroy();
}

/** @param {Application} editor @param {boolean} choosing @param {() => void} toggle */
function headOf({ t, name }, choosing, toggle) {
  return [
    h('h2', null, name.peek() || t('files.untitled')),
    h(
      'button',
      { class: 'button', type: 'button', 'aria-pressed': String(choosing), onclick: toggle },
      icon(choosing ? 'check' : 'edit'),
      t(choosing ? 'form.done' : 'form.choose'),
    ),
  ];
}

/** @param {HTMLElement} foot @param {Application} editor */
function showFoot(foot, editor) {
  const { run, t } = editor;
  editor.locale.get();
  const running = run.running.get();
  const part = run.progress.get();
  fill(
    foot,
    h('div', { class: 'form-progress', hidden: part === null, style: { '--part': part ?? 0 } }),
    h(
      'button',
      { class: 'button primary form-run', type: 'button', onclick: () => editor.execute('run.queue') },
      icon('play'),
      t('form.run'),
    ),
    h(
      'button',
      { class: 'button', type: 'button', disabled: !running, onclick: () => editor.execute('run.interrupt') },
      icon('stop'),
      t('form.stop'),
    ),
  );
}
