/** Files dropped on the page: workflows are opened, other pictures become nodes that load them. */

import { compose, addNodes, setValue } from '../core/edits.js';
import { createNode } from '../core/create.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

const LOADER = 'LoadImage';
const LOADER_INPUT = 'image';

/**
 * Upload a picture and put a node that loads it on the canvas.
 * @param {Application} editor
 * @param {File} file
 * @param {Point} place
 */
export async function addPicture(editor, file, place) {
  const picture = await editor.uploadImage(file);
  const spec = editor.specs.peek().get(LOADER);
  if (!spec) return;
  const node = createNode(spec, editor.document.freshNodeId(), place);
  const name = picture.subfolder ? `${picture.subfolder}/${picture.filename}` : picture.filename;
  editor.perform(compose('edit.add', [addNodes([node]), setValue(node.id, LOADER_INPUT, name)]));
  editor.selection.set([node.id]);
}

/**
 * @param {Application} editor
 * @param {HTMLElement} host
 * @returns {() => void} ends it
 */
export function followDrops(editor, host) {
  const abort = new AbortController();
  host.addEventListener('dragover', (event) => event.preventDefault(), { signal: abort.signal });
  host.addEventListener(
    'drop',
    (event) => {
      const [file] = event.dataTransfer?.files ?? [];
      // A widget that takes files has had its say first.
      if (!file || event.defaultPrevented) return;
      event.preventDefault();
      const place = editor.view?.toDocument({ x: event.clientX, y: event.clientY }) ?? { x: 0, y: 0 };
      void editor.attempt(() => openOrLoad(editor, file, place));
    },
    { signal: abort.signal },
  );
  return () => abort.abort();
}

/** @param {Application} editor @param {File} file @param {Point} place */
async function openOrLoad(editor, file, place) {
  if (await editor.files.openFile(file)) return;
  if (file.type.startsWith('image/')) await addPicture(editor, file, place);
  else editor.notify('error', editor.t('format.no-workflow-inside', { name: file.name }));
}
