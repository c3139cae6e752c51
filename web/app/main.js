/** Where the editor starts. */

import { mountCanvas } from '../canvas/canvas.js';
import { Client } from '../net/client.js';
import { openSocket } from '../net/socket.js';
import { mountEmptyHint } from '../panels/empty-hint.js';
import { createSurface } from '../panels/surface.js';
import { mountRail } from '../panels/rail.js';
import { mountSide } from '../panels/side.js';
import { mountToolbar } from '../panels/toolbar.js';
import { watchTips } from '../ui/tooltip.js';
import { followClipboard } from './clipboard.js';
import { claimWindow, keepDraft, restoreDraft } from './drafts.js';
import { followDrops } from './drop.js';
import { createEditor } from './editor.js';
import { loadExtensions } from './extensions.js';
import { createTranslator, firstLocale, loadTexts } from './i18n.js';
import { followKeys } from './keymap.js';
import { isFailure } from './problems.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */

const LOCALE_KEY = 'safelight.locale';

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element ${id}.`);
  return element;
}

/** @param {Application} editor */
function followLocale({ locale }) {
  document.documentElement.lang = locale.peek();
  locale.subscribe((chosen) => {
    localStorage.setItem(LOCALE_KEY, chosen);
    document.documentElement.lang = chosen;
  });
}

/** Its node may be out of sight. @param {Application} editor @param {Frame} frame */
function tellFailure({ notify }, frame) {
  if (frame.type === 'execution_error' && isFailure(frame.data)) notify('error', frame.data.exception_message);
}

/** @param {Application} editor */
function connect(editor) {
  const { client, run } = editor;
  const address = new URL('/ws', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.searchParams.set('clientId', client.id);
  openSocket(address.href, {
    onFrame(frame) {
      run.onFrame(frame);
      tellFailure(editor, frame);
      if (frame.type === 'nodes_changed') void editor.attempt(() => editor.followServer());
    },
    onPreview: (preview) => run.onPreview(preview),
    onConnection: (connection) => run.setConnection(connection),
  });
}

/** @param {Application} editor @param {{ id: string, known: boolean }} window */
async function openFirst(editor, { id, known }) {
  await Promise.all([editor.followServer(), editor.attempt(() => loadExtensions(editor))]);
  if (!known || !(await restoreDraft(editor, id))) await editor.files.openDefault();
}

async function start() {
  const [texts, window] = await Promise.all([loadTexts(), claimWindow()]);
  const translator = createTranslator(texts, firstLocale(localStorage.getItem(LOCALE_KEY), navigator.languages));
  const editor = createEditor(new Client(window.id, location.origin), translator, createSurface);
  followLocale(editor);
  mountToolbar(part('toolbar'), editor);
  mountRail(part('rail'), editor);
  mountSide(part('side'), editor);
  editor.view = mountCanvas(part('canvas'), editor);
  mountEmptyHint(part('canvas'), editor);
  followKeys(editor);
  followClipboard(editor);
  followDrops(editor, part('app'));
  watchTips(document.body);
  await editor.attempt(() => openFirst(editor, window));
  keepDraft(editor, window.id);
  connect(editor);
}

await start();
