/** Runs scripts that were written for ComfyUI's editor. Loaded only where a pack has some. */

import { ComfyApp } from './comfy-app.js';
import { ComfyDialog, element } from './comfy-ui.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * Their modules import `scripts/app.js` and others, which give what `window.comfyAPI` has: so their contract wants it.
 * @param {Application} editor
 * @param {readonly { pack: string, script: string }[]} scripts
 */
export async function runComfyScripts(editor, scripts) {
  const app = new ComfyApp(editor);
  window.comfyAPI = { app: { app }, api: { api: app.api }, ui: { $el: element, ComfyDialog } };
  window.app = app;
  for (const { pack, script } of scripts) {
    try {
      await app.of(pack, () => import(script));
    } catch (error) {
      editor.reportPack(pack, error, script);
    }
  }
  await app.begin();
}
