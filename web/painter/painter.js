/** The painter: masks and sketches on a picture, in the whole window. */

import { signal } from '../core/signal.js';
import { confirm } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { Board } from './board.js';
import { PaintCamera } from './camera.js';
import { loadPainting } from './files.js';
import { keepPainting } from './keep.js';
import { mountPainter } from './mount.js';
import { applyRefinement, NOTHING } from './refine-section.js';
import { createSettings } from './settings.js';
import { Sheet } from './sheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { LayerName, Painting, PaintRequest, SavedParts, Studio, Tool } from '../types/painter.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/**
 * Open the painter on a picture. What is painted becomes a new file; the picture itself is not touched.
 *
 * @param {Application} editor
 * @param {PaintRequest} request
 */
export async function openPainter(editor, request) {
  if (document.querySelector('.painter')) return;
  const { t } = editor;
  const abort = new AbortController();
  const host = h(
    'div',
    { class: 'painter', role: 'dialog', 'aria-modal': true, 'aria-label': t(`painter.title.${request.layer}`), tabindex: -1 },
    h('p', { class: 'paint-loading', role: 'status' }, t('painter.loading')),
  );
  const app = document.getElementById('app');
  const before = document.activeElement;
  const shut = () => {
    abort.abort();
    host.remove();
    app?.removeAttribute('inert');
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  try {
    const [painting] = await Promise.all([loadPainting(editor, request), show()]);
    const studio = createStudio(editor, request, painting, abort.signal, { host, shut });
    mountPainter(host, studio, request, abort.signal);
    painting.bitmap.close();
  } catch (error) {
    shut();
    throw error;
  }

  async function show() {
    await loadStyle('painter');
    document.body.append(host);
    app?.setAttribute('inert', '');
    host.focus();
  }
}

/**
 * @param {Application} editor
 * @param {PaintRequest} request
 * @param {Painting} painting
 * @param {AbortSignal} ended
 * @param {{ host: HTMLElement, shut: () => void }} window
 * @returns {Studio}
 */
function createStudio(editor, request, painting, ended, { host, shut }) {
  const { width, height } = painting.bitmap;
  const board = new Board(width, height, (layer, rect) => sheet.markDirty(layer, rect));
  const sheet = new Sheet(board, painting.bitmap);
  const live = h('p', { class: 'visually-hidden', role: 'status' });
  host.append(live);
  if (painting.mask) board.load('mask', painting.mask);
  if (painting.paint) board.load('paint', painting.paint);
  const settings = createSettings(localStorage);
  ended.addEventListener('abort', () => sheet.destroy());
  /** @type {Studio} */
  const studio = {
    editor,
    board,
    sheet,
    settings,
    camera: new PaintCamera(width, height),
    tool: /** @type {Signal<Tool>} */ (signal('brush')),
    layer: /** @type {Signal<LayerName>} */ (signal(request.layer)),
    maskOnly: signal(false),
    maskHidden: signal(false),
    refinement: signal(NOTHING),
    saving: signal(false),
    view: signal(0),
    steps: signal(0),
    lastPoint: null,
    outline: /** @type {Signal<readonly Point[]>} */ (signal([])),
    set: (change) => settings.set({ ...settings.peek(), ...change }),
    announce: (text) => (live.textContent = text),
    save: (what) => void editor.attempt(() => leave.save(what)),
    close: () => void leave.close(),
  };
  const leave = waysOut(studio, request, painting, { host, shut });
  return studio;
}

/**
 * @param {Studio} studio
 * @param {PaintRequest} request
 * @param {Painting} painting
 * @param {{ host: HTMLElement, shut: () => void }} window
 */
function waysOut(studio, request, painting, { host, shut }) {
  const { board, editor, refinement, saving } = studio;
  return { save, close };

  /** @param {SavedParts} what */
  async function save(what) {
    if (saving.peek() || board.busy) return;
    saving.set(true);
    host.classList.add('saving');
    try {
      applyRefinement(studio);
      await keepPainting(editor, request, painting, board, { mask: what !== 'paint', paint: what !== 'mask' });
      board.markSaved();
      shut();
    } finally {
      saving.set(false);
      host.classList.remove('saving');
    }
  }

  async function close() {
    if (saving.peek()) return;
    const { t } = editor;
    const question = {
      title: t('painter.discard.title'),
      text: t('painter.discard.text'),
      yes: t('painter.discard'),
      no: t('painter.go-on'),
      danger: true,
    };
    const { grown, soft } = refinement.peek();
    if ((!board.changed && grown === 0 && soft === 0) || (await confirm(question))) shut();
  }
}
