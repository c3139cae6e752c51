/** Copy, cut and paste between the document and the system's clipboard. */

import { removeNodes } from '../core/edits.js';
import { isTyping } from '../ui/dom.js';
import { addPicture } from './drop.js';

/** @import { Application } from '../types/app.d.ts' */

/** What was copied last: menus may not read the system's clipboard without being asked. */
let lastCopied = '';

/** @param {Application} editor */
function copy(editor) {
  lastCopied = editor.copyText();
  return lastCopied;
}

/** @param {Application} editor */
export async function copyToClipboard(editor) {
  const text = copy(editor);
  // Absent where the page was not loaded over a secure connection.
  await navigator.clipboard?.writeText(text);
}

/** @param {Application} editor */
export async function cutToClipboard(editor) {
  const ids = [...editor.selection.ids.peek()];
  await copyToClipboard(editor);
  editor.perform(removeNodes(ids, 'edit.cut'));
}

/** @param {Application} editor */
export async function pasteFromClipboard(editor) {
  const text = await navigator.clipboard?.readText().catch(() => '');
  if (!text || !editor.pasteText(text, { keepIncoming: false, beside: false })) {
    editor.pasteText(lastCopied, { keepIncoming: false, beside: false });
  }
}

/**
 * Follow the browser's copy, cut and paste.
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followClipboard(editor) {
  const abort = new AbortController();
  let keepIncoming = false;

  const onCopy = (/** @type {ClipboardEvent} */ event) => {
    const nodes = editor.selection.ids.peek();
    const text = document.getSelection()?.toString() ?? '';
    if (isTyping(event.target) || nodes.size === 0 || text !== '') return;
    event.preventDefault();
    event.clipboardData?.setData('text/plain', copy(editor));
    if (event.type === 'cut') editor.perform(removeNodes([...nodes], 'edit.cut'));
  };

  const onPaste = (/** @type {ClipboardEvent} */ event) => {
    if (isTyping(event.target)) return;
    const [picture] = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'));
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (picture) void editor.attempt(() => addPicture(editor, picture, editor.view?.pointer() ?? { x: 0, y: 0 }));
    else if (text !== '') void editor.attempt(() => void editor.pasteText(text, { keepIncoming, beside: false }));
    event.preventDefault();
  };

  // The paste event does not say whether Shift was held.
  const onKey = (/** @type {KeyboardEvent} */ event) => (keepIncoming = event.shiftKey);

  const options = { signal: abort.signal };
  document.addEventListener('copy', onCopy, options);
  document.addEventListener('cut', onCopy, options);
  document.addEventListener('paste', onPaste, options);
  document.addEventListener('keydown', onKey, { ...options, capture: true });
  return () => abort.abort();
}
