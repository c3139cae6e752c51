/** Colours that a user may give to nodes and groups. They are stored in files, so they are values, not tokens. */

import { h } from '../ui/dom.js';

export const NODE_COLORS = [
  { name: 'red', value: '#6b2f2a' },
  { name: 'amber', value: '#6b4a1f' },
  { name: 'green', value: '#2f5a3c' },
  { name: 'teal', value: '#245a5c' },
  { name: 'blue', value: '#2f4670' },
  { name: 'purple', value: '#533a6b' },
];

/**
 * Let the browser ask for any colour.
 * @param {string | null} shown
 * @param {(color: string) => void} choose
 */
export function askColor(shown, choose) {
  const value = shown !== null && /^#[0-9a-f]{6}$/i.test(shown) ? shown : '#404040';
  const input = h('input', { type: 'color', value, class: 'color-ask', 'aria-hidden': true, tabindex: -1 });
  input.addEventListener('change', () => choose(input.value));
  // It is never seen, and goes when the browser's own dialog has gone.
  input.addEventListener('blur', () => input.remove());
  document.body.append(input);
  input.focus();
  input.click();
}
