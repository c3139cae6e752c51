/** What the editor does: to the document, with the server. */

import { copyNodes, pasteNodes } from '../core/clipboard.js';
import { parseExactly } from '../core/exact-integer.js';
import { FormatError, isWorkflow, writeWorkflow } from '../core/format.js';
import { readSpecs } from '../core/spec.js';
import { VIRTUAL_SPECS } from '../core/virtual.js';
import { giveOrder } from '../net/jobs.js';
import { ServerError } from '../net/server-error.js';
import { chosenContent } from './chosen.js';
import { refusalText } from './problems.js';
import { packTexts } from './pack-texts.js';

/** @import { Application, Translator } from '../types/app.d.ts' */
/** @import { ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** @typedef {'perform' | 'undo' | 'redo' | 'execute' | 'open' | 'attempt'} EditAction */
/** How far what is pasted again lies beside what was pasted first. */
const BESIDE = 30;

/** @typedef {'toFile' | 'copyText' | 'pasteText'} FileAction */
/** @typedef {'pictureUrl' | 'uploadImage' | 'uploadFile' | 'submit' | 'reloadSpecs' | 'refreshNodes' | 'freeMemory' | 'giveOrder'} ServerAction */
/** @typedef {'followServer' | 'reloadPacks' | 'reportPack'} PackAction */

/**
 * @param {Application} editor
 * @returns {Pick<Application, EditAction>}
 */
export const createEditActions = (editor) => ({
  perform: (edit) => editor.history.perform(edit),
  undo() {
    const label = editor.history.undoLabel.peek();
    editor.history.undo();
    if (label !== null) editor.announce(editor.t('announce.undone', { what: editor.t(label) }));
  },
  redo() {
    const label = editor.history.redoLabel.peek();
    editor.history.redo();
    if (label !== null) editor.announce(editor.t('announce.redone', { what: editor.t(label) }));
  },
  execute(id) {
    const command = editor.commands.get(id);
    if (!command) throw new Error(`There is no command ${id}.`);
    if (command.enabled?.() !== false) void editor.attempt(() => command.run());
  },
  open: (contents, name) => void editor.tabs.open(contents, { name }),
  async attempt(action) {
    try {
      await action();
    } catch (error) {
      editor.notify('error', sentenceOf(error, editor.translator));
    }
  },
});

/**
 * @param {Application} editor
 * @returns {Pick<Application, FileAction>}
 */
export const createFileActions = (editor) => ({
  toFile: () => writeWorkflow(editor.document, editor.specs.peek()),
  copyText() {
    const { nodes, groups } = chosenContent(editor);
    return JSON.stringify(copyNodes(editor.document, nodes, editor.specs.peek(), groups));
  },
  pasteText(text, { keepIncoming, beside }) {
    const file = parseWorkflow(text);
    if (file === null) return false;
    const at = beside || !editor.view ? null : freePlace(editor.document, editor.view.pointer());
    const { edit, ids, groups } = pasteNodes(editor.document, file, editor.specs.peek(), { at, keepIncoming });
    editor.perform(edit);
    editor.selection.set(ids, { groups });
    return true;
  },
});

/**
 * @param {Application} editor
 * @param {Signal<ReadonlyMap<string, NodeSpec>>} types
 * @returns {Pick<Application, ServerAction | PackAction>}
 */
export const createServerActions = (editor, types) => ({
  pictureUrl: (picture, preview = false) => editor.client.pictureUrl(picture, preview),
  async uploadImage(file, subfolder = '') {
    const picture = await editor.client.uploadImage(file, subfolder);
    await editor.reloadSpecs();
    return picture;
  },
  async uploadFile(file, subfolder = '') {
    const kept = await editor.client.uploadFile(file, subfolder);
    await editor.reloadSpecs();
    return kept;
  },
  async submit(options = {}) {
    const { tabs } = editor;
    const tab = tabs.shown.peek();
    const { submit } = await import('./submit.js');
    const now = tabs.shown.peek();
    if (now === tab) return submit(editor, options);
    // Another workflow came to the front while the module was loaded: what was shown is what is wanted.
    tabs.show(tab.id);
    const queued = tabs.shown.peek() === tab && submit(editor, options);
    tabs.show(now.id);
    return queued;
  },
  async reloadSpecs() {
    types.set(new Map([...readSpecs(await editor.client.objectInfo()), ...VIRTUAL_SPECS]));
  },
  refreshNodes: () => types.set(new Map(types.peek())),
  freeMemory: async () => (await import('./free-memory.js')).freeMemory(editor),
  giveOrder: (to, order) =>
    void editor.attempt(async () => {
      await giveOrder(editor.client, to, order);
      // What is seen only later, or elsewhere, is told.
      const told = `order.told.${order}`;
      if (editor.translator.has(told)) editor.notify('info', editor.t(told));
    }),
  async followServer() {
    const { client, translator, serverProblems } = editor;
    const [texts, problems] = await Promise.all([client.packTexts(), client.problems(), editor.reloadSpecs()]);
    translator.learn(packTexts(texts, translator.locales));
    serverProblems.set(problems);
  },
  async reloadPacks(restart) {
    const { client, notify, t } = editor;
    const { done, packs } = await client.reloadPacks(restart);
    if (!done) return notify('info', t('packs.reload-waits'));
    await editor.followServer();
    const failed = packs.filter(({ state }) => state === 'failed').map(({ name }) => name);
    if (failed.length > 0) notify('warning', t('packs.failed', { names: failed.join(', ') }));
    else notify('info', t('packs.reloaded'));
  },
  reportPack(pack, error, place) {
    const message = editor.t('packs.threw', { error: error instanceof Error ? error.message : String(error) });
    const problem = { kind: /** @type {const} */ ('pack'), subject: pack, message, cure: place ?? '' };
    const known = editor.packProblems.peek();
    if (known.some((other) => other.subject === pack && other.message === message)) return;
    editor.packProblems.set([...known, problem]);
  },
});

/**
 * A place where no node's corner is: what is pasted twice does not hide what was pasted first.
 * @param {ReadonlyDocument} document
 * @param {Point} place
 */
function freePlace(document, { x, y }) {
  const taken = new Set([...document.nodes.values()].map((node) => `${node.x} ${node.y}`));
  let place = { x: Math.round(x), y: Math.round(y) };
  while (taken.has(`${place.x} ${place.y}`)) place = { x: place.x + BESIDE, y: place.y + BESIDE };
  return place;
}

/** @param {string} text */
function parseWorkflow(text) {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const file = parseExactly(text);
    return isWorkflow(file) ? file : null;
  } catch {
    return null;
  }
}

/** @param {unknown} error @param {Translator} translator */
function sentenceOf(error, translator) {
  if (error instanceof FormatError) return translator.t(error.key, error.values);
  if (error instanceof ServerError) return refusalText(error, translator);
  return error instanceof Error ? error.message : String(error);
}
