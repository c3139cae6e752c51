/** A picture of the graph with the workflow inside, so that it can be shown to people and opened again. */

import { portraitOf } from '../canvas/portrait.js';
import { FormatError } from '../core/format.js';
import { withText } from './png-text.js';

/** @import { Application } from '../types/app.d.ts' */

const LONGER_SIDE = 2400;

/** @param {Application} editor @returns {Promise<Blob>} a PNG file */
export async function workflowPicture(editor) {
  const drawing = editor.view && (await portraitOf(editor.view, LONGER_SIDE));
  /** @type {Blob | null} */
  const blob = drawing && (await new Promise((resolve) => drawing.toBlob(resolve, 'image/png')));
  if (!blob) throw new FormatError('files.nothing-to-draw');
  const png = new Uint8Array(await blob.arrayBuffer());
  return new Blob([withText(png, 'workflow', JSON.stringify(editor.toFile()))], { type: 'image/png' });
}
