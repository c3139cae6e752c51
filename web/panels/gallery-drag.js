/** Dragging a picture out of the gallery: onto the canvas, onto a picture's widget, or out of the browser. */

import { followCanvasDrop, inputBelow } from '../app/canvas-drop.js';
import { openWorkflowOf, useAsInput } from '../app/use-result.js';
import { openMenu } from '../ui/menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Result } from '../types/run.d.ts' */

/**
 * @param {Application} editor
 * @param {DragEvent} event
 * @param {Result} result
 * @param {HTMLImageElement} image what is seen under the pointer
 */
export function dragPicture(editor, event, result, image) {
  const transfer = event.dataTransfer;
  if (!transfer) return;
  const { href } = new URL(editor.pictureUrl(result), location.href);
  transfer.effectAllowed = 'copy';
  transfer.setData('text/uri-list', href);
  // Lets it be dropped into a folder of the computer.
  transfer.setData('DownloadURL', `image/png:${result.filename}:${href}`);
  transfer.setDragImage(image, 24, 24);
  followCanvasDrop((drop) => onDrop(editor, drop, result));
}

/** @param {Application} editor @param {DragEvent} event @param {Result} result */
function onDrop(editor, event, result) {
  const { attempt, t, view } = editor;
  const below = inputBelow(editor, event, ({ options }) => options.image_upload === true);
  if (below) return void attempt(() => useAsInput(editor, result, { node: { id: below.node.id, input: below.input } }));
  const client = { x: event.clientX, y: event.clientY };
  const place = view?.toDocument(client) ?? { x: 0, y: 0 };
  openMenu(
    [
      { label: t('pictures.load-here'), icon: 'image', run: () => void attempt(() => useAsInput(editor, result, { place })) },
      { label: t('pictures.open-workflow'), icon: 'folder', run: () => void attempt(() => openWorkflowOf(editor, result)) },
    ],
    client,
    { label: result.filename },
  );
}
