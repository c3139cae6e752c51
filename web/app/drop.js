/** Files that are dragged over the page and dropped on it. What becomes of them is loaded when it is first wanted. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */

/** Without a further `dragover` for so long, the drag has left the window or ended. */
const GONE_MS = 400;

/**
 * @param {Application} editor
 * @param {HTMLElement} host
 * @returns {() => void} ends it
 */
export function followDrops(editor, host) {
  const abort = new AbortController();
  const hint = createHint(editor, host);
  const onOver = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    // A widget or a panel that takes files says so by itself.
    if (event.defaultPrevented) return hint.hide();
    event.preventDefault();
    hint.show(event.dataTransfer);
  };
  const onDrop = (/** @type {DragEvent} */ event) => {
    hint.hide();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0 || event.defaultPrevented) return;
    event.preventDefault();
    const place = editor.view?.toDocument({ x: event.clientX, y: event.clientY }) ?? { x: 0, y: 0 };
    void editor.attempt(async () => (await import('./dropped-files.js')).takeFiles(editor, files, place));
  };
  host.addEventListener('dragover', onOver, { signal: abort.signal });
  host.addEventListener('drop', onDrop, { signal: abort.signal });
  return () => abort.abort();
}

/** Says what will happen. @param {Application} editor @param {HTMLElement} host */
function createHint({ t }, host) {
  let timer = 0;
  /** @type {HTMLElement | null} */
  let element = null;
  const hide = () => {
    clearTimeout(timer);
    element?.remove();
    element = null;
  };
  return {
    hide,
    show(/** @type {DataTransfer} */ dragged) {
      clearTimeout(timer);
      timer = setTimeout(hide, GONE_MS);
      if (element) return;
      const text = t(keyOf([...dragged.items].filter(({ kind }) => kind === 'file').map(({ type }) => type)));
      element = h('div', { class: 'drop-hint', role: 'status' }, h('div', null, icon('download'), text));
      host.append(element);
    },
  };
}

/** Browsers tell the types of files, not their names, before they are dropped. @param {readonly string[]} types */
function keyOf(types) {
  if (types.length > 1) return 'drop.several';
  const [type = ''] = types;
  if (['image/png', 'image/webp', 'image/jpeg', 'image/gif'].includes(type)) return 'drop.picture-or-workflow';
  if (type.startsWith('video/')) return 'drop.video-or-workflow';
  if (type.startsWith('image/')) return 'drop.picture';
  return type === 'application/json' ? 'drop.workflow' : 'drop.file';
}
