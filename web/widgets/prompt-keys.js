/** Ctrl with an arrow in a prompt: weights of the words at the caret. */

import { stepWeight } from './prompt-weights.js';
import { replaceText } from './replace-text.js';

const STEP = 0.1;
const FINE_STEP = 0.05;
const TAG = /<(?:lora|lyco):[^>]*$/;

/**
 * @param {HTMLTextAreaElement} box
 * @returns {() => void} ends it
 */
export function followWeightKeys(box) {
  const follow = (/** @type {KeyboardEvent} */ event) => onKey(event, box);
  box.addEventListener('keydown', follow);
  return () => box.removeEventListener('keydown', follow);
}

/** @param {KeyboardEvent} event @param {HTMLTextAreaElement} box */
function onKey(event, box) {
  if (event.isComposing || event.defaultPrevented) return;
  const up = event.key === 'ArrowUp';
  if (!(up || event.key === 'ArrowDown') || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  const { value, selectionStart, selectionEnd } = box;
  const step = event.shiftKey || TAG.test(value.slice(0, selectionEnd)) ? FINE_STEP : STEP;
  event.preventDefault();
  const made = stepWeight(value, selectionStart, selectionEnd, up ? step : -step);
  if (made) replaceText(box, made);
}
