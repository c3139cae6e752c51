/** The bar of icons at the edge: which panel is shown at the side. */

import { tipOf } from '../app/keymap.js';
import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application, SidePanel } from '../types/app.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountRail(host, editor) {
  effect(() => {
    host.setAttribute('aria-label', editor.t('rail.label'));
    const panels = editor.panels.get();
    fill(
      host,
      panels.map((panel) => panelButton(editor, panel)),
      h('div', { class: 'rail-space' }),
      commandButton(editor, 'view.settings', 'settings'),
    );
  });
}

/** @param {Application} editor @param {SidePanel} panel */
function panelButton(editor, panel) {
  const label = panel.title?.(editor) ?? editor.t(`command.view.${panel.id}`);
  const count = h('span', { class: 'badge' });
  const button = h(
    'button',
    {
      class: 'rail-button',
      type: 'button',
      'data-tip': tipOf(editor, `view.${panel.id}`, label),
      onclick: () => editor.execute(`view.${panel.id}`),
    },
    icon(panel.icon),
    count,
  );
  effect(() => {
    const badge = panel.badge?.(editor) ?? { count: 0, danger: false };
    count.textContent = String(badge.count);
    count.hidden = badge.count === 0;
    count.classList.toggle('danger', badge.danger);
    button.setAttribute('aria-pressed', String(editor.panel.get() === panel.id));
    button.setAttribute('aria-label', badge.count === 0 ? label : `${label}: ${badge.count}`);
  });
  return button;
}

/** @param {Application} editor @param {string} command @param {string} picture */
function commandButton(editor, command, picture) {
  const label = editor.t(`command.${command}`);
  return h(
    'button',
    {
      class: 'rail-button',
      type: 'button',
      'aria-label': label,
      'data-tip': tipOf(editor, command, label),
      onclick: () => editor.execute(command),
    },
    icon(picture),
  );
}
