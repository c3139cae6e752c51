/** What was painted becomes the picture of its node: one edit, after the files are on the server. */

import { createNode } from '../core/create.js';
import { addNodes } from '../core/edits.js';
import { pictureValue } from '../core/node-picture.js';
import { originOf, originRecord, PAINTED, setPicture } from '../core/painted-picture.js';
import { savePainting } from './files.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Painting, PaintRequest } from '../types/painter.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Board } from './board.js' */

const LOADER = 'LoadImage';
const GAP = 40;

/**
 * @param {Application} editor
 * @param {PaintRequest} request
 * @param {Painting} painting
 * @param {Board} board
 * @param {{ mask: boolean, paint: boolean }} parts
 */
export async function keepPainting(editor, request, painting, board, parts) {
  const { document } = editor;
  const empty = (!parts.mask || board.isEmpty('mask')) && (!parts.paint || board.isEmpty('paint'));
  const node = request.node === null ? undefined : document.nodes.get(request.node);
  if (empty && node && request.input !== null) {
    // Nothing is left of what was painted.
    if (originOf(node, request.input, request.picture)) editor.perform(setPicture(node, request.input, painting.original, null));
    else if (board.changed) await keep();
    return;
  }
  await keep();

  async function keep() {
    const { picture, paint } = await savePainting(editor, painting.original, board, parts);
    await editor.reloadSpecs();
    const origin = originRecord(picture, painting.original, paint);
    const present = request.input === null || request.node === null ? undefined : document.nodes.get(request.node);
    if (present && request.input !== null) editor.perform(setPicture(present, request.input, picture, origin));
    else addLoader(editor, request, picture, origin);
  }
}

/**
 * A node that loads the picture, beside the one that shows it.
 *
 * @param {Application} editor
 * @param {PaintRequest} request
 * @param {PictureRef} picture
 * @param {Json} origin
 */
function addLoader(editor, { node }, picture, origin) {
  const { document, selection, specs } = editor;
  const spec = specs.peek().get(LOADER);
  if (!spec) throw new Error(editor.t('painter.no-loader'));
  const beside = node === null ? undefined : document.nodes.get(node);
  const place = beside
    ? { x: beside.x + beside.width + GAP, y: beside.y }
    : (editor.view?.pointer() ?? { x: 0, y: 0 });
  const made = createNode(spec, document.freshNodeId(), place);
  const properties = { [PAINTED]: { image: origin } };
  const loader = { ...made, values: { ...made.values, image: pictureValue(picture) }, rest: { properties } };
  editor.perform(addNodes([loader], [], 'edit.paint'));
  selection.set([loader.id]);
}
