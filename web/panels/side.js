/** The panel at the side. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application, SidePanel } from '../types/app.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountSide(host, editor) {
  let unmount = () => {};
  let wanted = /** @type {SidePanel | null} */ (null);
  effect(() => {
    const id = editor.panel.get();
    const panel = editor.panels.get().find((each) => each.id === id) ?? null;
    editor.locale.get();
    wanted = panel;
    unmount();
    unmount = () => {};
    host.hidden = panel === null;
    if (panel !== null) void editor.attempt(() => show(panel));
  });

  /** @param {SidePanel} panel */
  async function show(panel) {
    const body = h('div', { class: 'side-body' });
    host.setAttribute('aria-label', titleOf(editor, panel));
    fill(host, head(editor, panel), body);
    const mount = await panel.load();
    if (wanted === panel && body.isConnected) unmount = mount(body, editor);
  }
}

/** @param {Application} editor @param {SidePanel} panel */
function head(editor, panel) {
  return h(
    'div',
    { class: 'side-head' },
    h('h2', null, titleOf(editor, panel)),
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

/** @param {Application} editor @param {SidePanel} panel */
const titleOf = (editor, panel) => panel.title?.(editor) ?? editor.t(`panel.${panel.id}`);
