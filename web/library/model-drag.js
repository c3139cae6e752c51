/** Models on the canvas: as a node that loads them, or in the node under the pointer that takes such a file. */

import { followCanvasDrop, inputBelow } from '../app/canvas-drop.js';
import { addModel, loaderOf } from '../app/dropped-files.js';
import { setValue } from '../core/edits.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

/**
 * Put a model where the view's centre is.
 * @param {Application} editor
 * @param {string} kind
 * @param {string} name
 */
export function putModel(editor, kind, name) {
  const host = document.querySelector('#canvas')?.getBoundingClientRect();
  const client = host ? { x: host.left + host.width / 2 - 140, y: host.top + host.height / 2 - 60 } : { x: 0, y: 0 };
  addAt(editor, kind, name, client);
}

/** @param {Application} editor @param {string} kind @param {string} name @param {Point} client */
function addAt(editor, kind, name, client) {
  const place = editor.view?.toDocument(client) ?? client;
  if (!addModel(editor, kind, name, place)) editor.notify('info', editor.t('upload.no-loader', { name }));
}

/** Whether a kind of models has a node that takes it. @param {Application} editor @param {string} kind */
export const canBeAdded = ({ specs }, kind) => kind === 'embeddings' || loaderOf(specs.peek(), kind) !== null;

/**
 * @param {Application} editor
 * @param {DragEvent} event
 * @param {string} kind
 * @param {string} name
 */
export function dragModel(editor, event, kind, name) {
  const transfer = event.dataTransfer;
  if (!transfer) return;
  transfer.effectAllowed = 'copy';
  transfer.setData('text/plain', name);
  followCanvasDrop((drop) => {
    const below = inputBelow(editor, drop, ({ options }) => options.files === kind);
    if (!below) return addAt(editor, kind, name, { x: drop.clientX, y: drop.clientY });
    editor.perform(setValue(below.node.id, below.input, name));
    editor.selection.set([below.node.id]);
  });
}
