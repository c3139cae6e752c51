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
 */
export function toast(kind, text, closeLabel) {
  const host = document.getElementById('toasts') ?? document.body;
  const close = () => element.remove();
  const element = h(
    'div',
    { class: `toast ${kind}`, role: kind === 'error' ? 'alert' : 'status' },
    icon(kind === 'info' ? 'check' : kind),
    h('div', { class: 'toast-text' }, text),
    h('button', { class: 'icon-button', type: 'button', 'aria-label': closeLabel, onclick: close }, icon('close')),
  );
  while (host.childElementCount >= MOST) host.firstElementChild?.remove();
  host.append(element);
  if (kind !== 'error') setTimeout(close, SHOWN_MS);
}
