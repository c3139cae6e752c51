/** What to do with an empty canvas. */

import { effect, signal } from '../core/signal.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountEmptyHint(host, editor) {
  const { document, run, t } = editor;
  const empty = signal(true);
  document.onChange(({ structure }) => {
    if (structure) empty.set(document.nodes.size === 0);
  });
  const hint = h('p', { class: 'empty-hint' });
  host.append(hint);
  effect(() => {
    // Before the connection is open the first document has not been read yet.
    hint.hidden = !empty.get() || run.connection.get() === 'connecting';
    hint.textContent = t('canvas.empty');
  });
}
