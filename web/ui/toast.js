/** Short messages at the corner of the window. */

import { h } from './dom.js';
import { icon } from './icons.js';

const SHOWN_MS = 6000;
const MOST = 4;

/**
 * Show a message; errors stay until they are closed.
 *
 * @param {'info' | 'warning' | 'error'} kind
 * @param {string} text
 * @param {string} closeLabel
 * @param {{ label: string, run: () => void }} [action] what can be done about it
 */
export function toast(kind, text, closeLabel, action) {
  const host = document.getElementById('toasts') ?? document.body;
  const close = () => element.remove();
  const act = (/** @type {() => void} */ run) => {
    close();
    run();
  };
  const element = h(
    'div',
    { class: `toast ${kind}`, role: kind === 'error' ? 'alert' : 'status' },
    icon(kind === 'info' ? 'check' : kind),
    h('div', { class: 'toast-text' }, text),
    action ? h('button', { class: 'text-button', type: 'button', onclick: () => act(action.run) }, action.label) : null,
    h('button', { class: 'icon-button', type: 'button', 'aria-label': closeLabel, onclick: close }, icon('close')),
  );
  while (host.childElementCount >= MOST) host.firstElementChild?.remove();
  host.append(element);
  if (kind !== 'error') setTimeout(close, SHOWN_MS);
}
