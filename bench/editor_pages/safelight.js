// Our editor, moved by the events and keys that a person's trackpad and keyboard send.

import { serve } from './frames.js';

const canvas = document.querySelector('#canvas');

function wheel(deltaX, deltaY, ctrlKey) {
  const box = canvas.getBoundingClientRect();
  const [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2];
  canvas.dispatchEvent(new WheelEvent('wheel', { deltaX, deltaY, ctrlKey, clientX, clientY, bubbles: true, cancelable: true }));
}

function press(key, more = {}) {
  const code = /^\w$/.test(key) ? (/\d/.test(key) ? `Digit${key}` : `Key${key.toUpperCase()}`) : key;
  canvas.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true, ...more }));
}

// All leave the node selected, so that each key is an edit.
const EDITS = [
  () => press('m', { ctrlKey: true }),
  () => press('b', { ctrlKey: true }),
  () => press('c', { altKey: true }),
  () => press('z', { ctrlKey: true }),
];

serve({
  near() {
    press('Escape');
    press('.');
    press('1', { altKey: true });
  },
  fit() {
    press('Escape');
    press('.');
  },
  pan: (dx, dy) => wheel(dx + 1e-9, dy, false),
  // A pinch: the zoom is the exponential of a hundredth of the movement.
  zoom: (factor) => wheel(0, -100 * Math.log(factor), true),
  edit: (number) => EDITS[number % EDITS.length](),
});
