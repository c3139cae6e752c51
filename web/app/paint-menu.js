/** Painting, as nodes with pictures offer it in their menu. */

import { originOf, setPicture } from '../core/painted-picture.js';
import { paintRequest } from './commands-painter.js';

/** @import { Application, MenuPart } from '../types/app.d.ts' */
/** @import { LayerName, PaintRequest } from '../types/painter.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/** @type {MenuPart} */
export function paintEntries(editor, target) {
  if (target.kind !== 'node') return [];
  const request = paintRequest(editor, target.id, 'mask');
  if (!request) return [];
  const { t } = editor;
  const open = (/** @type {LayerName} */ layer) => () => editor.openPainter({ ...request, layer });
  if (request.input === null) return [{ label: t('paint.on-result'), icon: 'brush', run: open('paint') }];
  return [
    { label: t('paint.mask'), icon: 'mask', run: open('mask') },
    { label: t('paint.sketch'), icon: 'brush', run: open('paint') },
    ...backEntry(editor, request),
  ];
}

/** @param {Application} editor @param {PaintRequest} request @returns {MenuEntry[]} */
function backEntry(editor, { node, input, picture }) {
  const present = node === null ? undefined : editor.document.nodes.get(node);
  if (!present || input === null) return [];
  const origin = originOf(present, input, picture);
  if (!origin) return [];
  const run = () => editor.perform(setPicture(present, input, origin.original, null));
  return [{ label: editor.t('paint.back'), icon: 'undo', run }];
}
