/** The scripts that packs bring for the editor. One that fails is a problem in the list, and the editor goes on. */

/** @import { Application } from '../types/app.d.ts' */

/** A script that has not run by then is waited for no longer; the nodes are drawn anew when it has. */
const PATIENCE_MS = 3000;

/**
 * @param {Application} editor
 * @returns {Promise<void>} resolves when the scripts have run, or some take too long
 */
export async function loadExtensions(editor) {
  const packs = await editor.client.packs();
  const running = packs.flatMap(({ name, scripts }) => scripts.map((script) => runScript(editor, name, script)));
  const foreign = packs.flatMap(({ name, comfy_scripts: scripts }) => scripts.map((script) => ({ pack: name, script })));
  if (foreign.length > 0) running.push(runForeign(editor, foreign));
  if (running.length === 0) return;
  let late = false;
  const all = Promise.all(running).then(() => (late ? editor.reloadSpecs() : undefined));
  const tooLong = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([all, tooLong]);
  late = true;
}

/** @param {Application} editor @param {string} pack @param {string} script */
async function runScript(editor, pack, script) {
  try {
    const { default: setUp } = await import(script);
    if (typeof setUp !== 'function') throw new Error(editor.t('packs.no-set-up'));
    const { createPackApi } = await import('../extension/pack-api.js');
    await setUp(createPackApi(editor, pack));
  } catch (error) {
    editor.reportPack(pack, error, script);
  }
}

/** @param {Application} editor @param {readonly { pack: string, script: string }[]} scripts */
async function runForeign(editor, scripts) {
  const { runComfyScripts } = await import('../comfy/start.js');
  await runComfyScripts(editor, scripts);
}
