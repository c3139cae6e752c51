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
    await import(script);
  } catch (error) {
    editor.reportPack(pack, error, script);
  }
}
