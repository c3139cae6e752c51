/** What is told to whoever does not see the canvas: its name, how to work it, and what happens. */

import { effect } from '../core/signal.js';
import { h } from '../ui/dom.js';
import { shownKeys } from './keymap.js';

/** @import { Application } from '../types/app.d.ts' */

const QUIET_MS = 250;

/** @param {Application} editor */
export function followForScreenReaders(editor) {
  describeCanvas(editor);
  tellSelection(editor);
  tellRuns(editor);
}

/** @param {Application} editor */
function describeCanvas(editor) {
  const { keys, t } = editor;
  const canvas = document.getElementById('canvas');
  const help = h('p', { class: 'visually-hidden', id: 'canvas-help' });
  document.body.append(help);
  canvas?.setAttribute('aria-describedby', 'canvas-help');
  // The ring is for those who came by keyboard, and not for long if they go on with the pointer.
  canvas?.addEventListener('pointerdown', () => canvas.classList.add('pointed'));
  canvas?.addEventListener('blur', () => canvas.classList.remove('pointed'));
  const first = (/** @type {string} */ id) => shownKeys(keys.of(id)[0] ?? '');
  effect(() => {
    canvas?.setAttribute('aria-label', t('canvas.label'));
    help.textContent = t('canvas.help', {
      outline: first('view.outline'),
      search: first('view.search'),
      palette: first('view.palette'),
      region: first('view.next-region'),
    });
  });
}

/** @param {Application} editor */
function tellSelection({ announce, document, nodeTitle, selection, t }) {
  let timer = 0;
  selection.ids.subscribe(() => {
    clearTimeout(timer);
    // A box that is being drawn selects many times.
    timer = setTimeout(() => {
      const ids = [...selection.ids.peek()];
      const node = document.nodes.get(ids[0] ?? '');
      if (ids.length === 1 && node) announce(t('announce.selected', { name: nodeTitle(node) }));
      else if (ids.length > 1) announce(t('announce.selected.many', { count: ids.length }));
    }, QUIET_MS);
  });
}

/** @param {Application} editor */
function tellRuns({ announce, run, t }) {
  run.running.subscribe((running) => {
    if (running) return announce(t('announce.running'));
    const count = [...run.problems.peek().values()].reduce((sum, each) => sum + each.length, 0) + (run.failure.peek() ? 1 : 0);
    announce(count > 0 ? t('announce.failed', { count }) : t('announce.finished'));
  });
}
