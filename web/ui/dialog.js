/** Modal dialogs on the browser's own `<dialog>`: focus stays inside, Escape closes. */

import { h } from './dom.js';
import { icon } from './icons.js';

/** @import {Child} from '../types/ui.d.ts' */

/**
 * Open a dialog.
 *
 * @param {{ title: string, closeLabel: string, body: Child, buttons?: readonly Child[], wide?: boolean }} content
 * @param {() => void} [onClose]
 * @returns {{ element: HTMLDialogElement, close: () => void }}
 */
export function openDialog(content, onClose) {
  const close = () => element.close();
  const element = h(
    'dialog',
    { class: content.wide ? 'dialog wide' : 'dialog', 'aria-label': content.title },
    h(
      'div',
      { class: 'dialog-head' },
      h('h2', null, content.title),
      h('button', { class: 'icon-button', type: 'button', 'aria-label': content.closeLabel, onclick: close }, icon('close')),
    ),
    h('div', { class: 'dialog-body' }, content.body),
    content.buttons ? h('div', { class: 'dialog-foot' }, content.buttons) : null,
  );
  element.addEventListener('pointerdown', (event) => {
    if (event.target === element) close();
  });
  element.addEventListener('keydown', (event) => event.stopPropagation());
  element.addEventListener('close', () => {
    element.remove();
    onClose?.();
  });
  document.body.append(element);
  element.showModal();
  return { element, close };
}

/**
 * Ask a question with two answers.
 *
 * @param {{ title: string, text: string, yes: string, no: string, danger?: boolean }} question
 * @returns {Promise<boolean>} false when it was closed without an answer
 */
export function confirm(question) {
  return new Promise((resolve) => {
    let answer = false;
    const decide = (/** @type {boolean} */ value) => {
      answer = value;
      dialog.close();
    };
    const yesClass = question.danger ? 'button danger' : 'button primary';
    const dialog = openDialog(
      {
        title: question.title,
        closeLabel: question.no,
        body: h('p', { class: 'dialog-text' }, question.text),
        buttons: [
          h('button', { class: 'button', type: 'button', onclick: () => decide(false) }, question.no),
          h('button', { class: yesClass, type: 'button', onclick: () => decide(true) }, question.yes),
        ],
      },
      () => resolve(answer),
    );
  });
}
