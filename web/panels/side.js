/** The panel at the side: the queue, or what is wrong. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application, PanelName } from '../types/app.d.ts' */

/** @typedef {(host: HTMLElement, editor: Application) => () => void} Mount fills the panel; the result empties it */

/** @type {Record<PanelName, () => Promise<Mount>>} */
const PANELS = {
  queue: async () => (await import('./queue.js')).mountQueue,
  problems: async () => (await import('./problems.js')).mountProblems,
};

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountSide(host, editor) {
  let unmount = () => {};
  let wanted = /** @type {PanelName | null} */ (null);
  effect(() => {
    const panel = editor.panel.get();
    editor.locale.get();
    wanted = panel;
    unmount();
    unmount = () => {};
    host.hidden = panel === null;
    if (panel !== null) void editor.attempt(() => show(panel));
  });

  /** @param {PanelName} panel */
  async function show(panel) {
    const body = h('div', { class: 'side-body' });
    host.setAttribute('aria-label', editor.t(`panel.${panel}`));
    fill(host, head(editor, panel), body);
    const mount = await PANELS[panel]();
    if (wanted === panel && body.isConnected) unmount = mount(body, editor);
  }
}

/** @param {Application} editor @param {PanelName} panel */
function head(editor, panel) {
  return h(
    'div',
    { class: 'side-head' },
    h('h2', null, editor.t(`panel.${panel}`)),
    h(
      'button',
      {
        class: 'icon-button',
        type: 'button',
        'aria-label': editor.t('ui.close'),
        onclick: () => editor.panel.set(null),
      },
      icon('close'),
    ),
  );
}
