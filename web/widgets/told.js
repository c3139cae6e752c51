/** A sentence beside a field, shown for a moment: what became of what was typed. */

import { h } from '../ui/dom.js';
import { placeBelow } from '../ui/place.js';

const SHOWN_MS = 3500;

/**
 * @param {HTMLElement} field
 * @param {string} text
 */
export function tellBeside(field, text) {
  document.querySelector('.told')?.remove();
  const told = h('div', { class: 'tooltip refusal told', role: 'status' }, text);
  document.body.append(told);
  placeBelow(told, field.getBoundingClientRect());
  const end = () => told.remove();
  setTimeout(end, SHOWN_MS);
  for (const event of ['pointerdown', 'wheel']) addEventListener(event, end, { once: true, capture: true, passive: true });
}
