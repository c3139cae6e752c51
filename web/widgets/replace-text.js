/** Changing a part of a text field so that the browser's own undo takes it back. */

/**
 * @param {HTMLTextAreaElement | HTMLInputElement} box
 * @param {{ start: number, end: number, text: string, selectionStart: number, selectionEnd: number }} change
 */
export function replaceText(box, { start, end, text, selectionStart, selectionEnd }) {
  box.focus({ preventScroll: true });
  box.setSelectionRange(start, end);
  // There is no other way into the undo of a text field; where it is missing, the text changes all the same.
  const done = text === '' ? document.execCommand('delete') : document.execCommand('insertText', false, text);
  if (!done) {
    box.setRangeText(text, start, end);
    box.dispatchEvent(new InputEvent('input', { bubbles: true }));
  }
  box.setSelectionRange(selectionStart, selectionEnd);
}
