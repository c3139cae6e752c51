/** Where the editor starts. */

import { mountCanvas } from '../canvas/canvas.js';
import { Client } from '../net/client.js';
import { mountEmptyHint } from '../panels/empty-hint.js';
import { createSurface } from '../panels/surface.js';
import { mountRail } from '../panels/rail.js';
import { mountSide } from '../panels/side.js';
import { mountTabBar } from '../panels/tab-bar.js';
import { mountToolbar } from '../panels/toolbar.js';
import { watchTips } from '../ui/tooltip.js';
import { followClipboard } from './clipboard.js';
import { connect } from './connection.js';
import { DraftStore } from './draft-store.js';
import { claimWindow } from './window-claim.js';
import { followDrops } from './drop.js';
import { createEditor } from './editor.js';
import { loadExtensions } from './extensions.js';
import { followAppearance } from './appearance.js';
import { createTranslator, firstLocale, loadMoreTexts, loadSentences, loadTexts } from './i18n.js';
import { followFormView } from './form-view.js';
import { followKeys } from './keymap.js';
import { followLevels } from './levels.js';
import { stored } from './preferences.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { WindowRecord } from '../types/files.d.ts' */

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element ${id}.`);
  return element;
}

/** @param {Application} editor @param {WindowRecord} window */
async function openFirst(editor, window) {
  const texts = editor.attempt(() => editor.translator.load(editor.locale.peek()));
  await Promise.all([texts, editor.followServer(), editor.attempt(() => loadExtensions(editor))]);
  if (!(await editor.drafts.restore(window))) await editor.files.openDefault();
}

async function start() {
  const store = new DraftStore();
  const first = firstLocale(stored(localStorage, 'appearance.language'), navigator.languages);
  const [texts, window] = await Promise.all([loadTexts(first), claimWindow(store)]);
  const translator = createTranslator(
    new Map([[first, texts]]),
    first,
    (each) => loadMoreTexts(each, each === first),
    loadSentences,
  );
  const editor = createEditor(new Client(window.id, location.origin), translator, createSurface, store);
  followAppearance(editor);
  mountToolbar(part('toolbar'), editor);
  mountRail(part('rail'), editor);
  mountTabBar(part('tabs'), editor);
  mountSide(part('side'), editor);
  editor.view = mountCanvas(part('canvas'), editor);
  mountEmptyHint(part('canvas'), editor);
  followFormView(part('app'), part('canvas'), editor);
  followKeys(editor);
  followLevels(editor, part('canvas'));
  followClipboard(editor);
  followDrops(editor, part('app'));
  watchTips(document.body);
  await editor.attempt(() => openFirst(editor, window));
  editor.drafts.follow();
  connect(editor);
  void followLater(editor);
}

/** What can wait until the editor is there. @param {Application} editor */
async function followLater(editor) {
  const { translator } = editor;
  void import('./first-uses.js').then((uses) => uses.loadFirstUses());
  (await import('./auto-queue.js')).followRunMode(editor);
  (await import('./job-notices.js')).followJobEnds(editor);
  (await import('./heat.js')).followHeat(editor, part('canvas'));
  (await import('./auto-save.js')).followAutoSave(editor);
  await editor.attempt(() => editor.drafts.look());
  (await import('./screen-reader.js')).followForScreenReaders(editor);
  // Search finds nodes in every language.
  await editor.attempt(async () => void (await Promise.all(translator.locales.map(translator.load))));
  await (await import('./preference-sync.js')).syncPreferences(editor).first;
  // Whoever is here for the first time.
  if (JSON.stringify(editor.preferences.of('tour.seen').peek()) === '{}') {
    await (await import('../panels/tour.js')).offerTour(editor);
  }
}

await start();
