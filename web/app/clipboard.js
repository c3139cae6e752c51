/** Copy, cut and paste between the document and the system's clipboard. */

import { compose, removeGroup, removeNodes } from '../core/edits.js';
import { isTyping } from '../ui/dom.js';
import { chosenContent, hasChosen } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */

/** @param {Application} editor */
function copy(editor) {
  editor.copied = editor.copyText();
  return editor.copied;
}

/** @param {Application} editor */
export async function copyToClipboard(editor) {
  const text = copy(editor);
  // Absent where the page was not loaded over a secure connection.
  await navigator.clipboard?.writeText(text);
}

/** @param {Application} editor */
export async function cutToClipboard(editor) {
  const removed = removal(editor);
  await copyToClipboard(editor);
  editor.perform(removed);
}

/** What cutting takes away. @param {Application} editor */
function removal(editor) {
  const { nodes, groups } = chosenContent(editor);
  return compose('edit.cut', [removeNodes([...nodes]), ...[...groups].map((id) => removeGroup(id, 'edit.cut'))]);
}

/** @param {Application} editor @param {boolean} [keepIncoming] */
export async function pasteFromClipboard(editor, keepIncoming = false) {
  const text = await navigator.clipboard?.readText().catch(() => '');
  const options = { keepIncoming, beside: false };
  if (text && (editor.pasteText(text, options) || (await pasteParameters(editor, text)))) return;
  editor.pasteText(editor.copied, options);
}

/** The parameters of a picture are opened as a workflow. @param {Application} editor @param {string} text */
async function pasteParameters(editor, text) {
  return (await import('./infotext.js')).openInfotext(editor, text);
}

/** @param {Application} editor @param {File} picture */
async function pastePicture(editor, picture) {
  const place = editor.view?.pointer() ?? { x: 0, y: 0 };
  await (await import('./dropped-files.js')).addPicture(editor, picture, place);
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
    // Not the text of the selection: that may be of a field that has not the focus any more.
    const isTextSelected = document.getSelection()?.isCollapsed === false;
    if (isTyping(event.target) || !hasChosen(editor) || isTextSelected) return;
    event.preventDefault();
    event.clipboardData?.setData('text/plain', copy(editor));
    if (event.type === 'cut') editor.perform(removal(editor));
  };

  const pasteOf = async (/** @type {string} */ text, /** @type {boolean} */ keeping) => {
    if (!editor.pasteText(text, { keepIncoming: keeping, beside: false })) await pasteParameters(editor, text);
  };

  const onPaste = (/** @type {ClipboardEvent} */ event) => {
    if (isTyping(event.target)) return;
    const [picture] = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'));
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (picture) void editor.attempt(() => pastePicture(editor, picture));
    else if (text !== '') void editor.attempt(() => pasteOf(text, keepIncoming));
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
