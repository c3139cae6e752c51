/** What screen readers say without the focus moving. */

import { h } from './dom.js';

/** Text that is set at once is not always heard; what comes in quick succession is said together. */
const DELAY_MS = 60;

/** @param {string} text */
export function say(text) {
  const region = document.getElementById('announcer') ?? append();
  const line = h('p', null, text);
  setTimeout(() => {
    region.append(line);
    while (region.childElementCount > 4) region.firstElementChild?.remove();
  }, DELAY_MS);
}

function append() {
  const region = h('div', { class: 'visually-hidden', id: 'announcer', role: 'log', 'aria-live': 'polite' });
  document.body.append(region);
  return region;
}
