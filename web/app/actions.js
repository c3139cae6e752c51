/** What the editor does: to the document, with the server. */

import { copyNodes, pasteNodes } from '../core/clipboard.js';
import { FormatError, isWorkflow, writeWorkflow } from '../core/format.js';
import { readSpecs } from '../core/spec.js';
import { VIRTUAL_SPECS } from '../core/virtual.js';
import { ServerError } from '../net/server-error.js';
import { freeMemory } from './free-memory.js';
import { packTexts } from './pack-texts.js';
import { submit } from './submit.js';

/** @import { Application, Translator } from '../types/app.d.ts' */
/** @import { Contents, Edit } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** @typedef {'perform' | 'undo' | 'redo' | 'execute' | 'open' | 'show' | 'attempt'} EditAction */
/** @typedef {'toFile' | 'copyText' | 'pasteText'} FileAction */
/** @typedef {'pictureUrl' | 'uploadImage' | 'submit' | 'reloadSpecs' | 'freeMemory'} ServerAction */
/** @typedef {'followServer' | 'reloadPacks' | 'reportPack'} PackAction */

/**
 * @param {Application} editor
 * @returns {Pick<Application, EditAction>}
 */
export const createEditActions = (editor) => ({
  perform: (edit) => editor.history.perform(edit),
  undo: () => editor.history.undo(),
  redo: () => editor.history.redo(),
  execute(id) {
    const command = editor.commands.get(id);
    if (!command) throw new Error(`There is no command ${id}.`);
    if (command.enabled?.() !== false) void editor.attempt(() => command.run());
  },
  open(contents, name) {
    const first = editor.document.version === 0;
    editor.run.reset();
    editor.queuedSeeds = new Map();
    editor.perform(openEdit(editor.name, contents, name));
    if (first) editor.history.clear(true);
    else editor.history.markSaved();
    editor.selection.clear();
    editor.view?.fit();
  },
  show(ids) {
    editor.selection.set(ids);
    editor.view?.fit(ids);
  },
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
  copyText: () => JSON.stringify(copyNodes(editor.document, editor.selection.ids.peek(), editor.specs.peek())),
  pasteText(text, { keepIncoming, beside }) {
    const file = parseWorkflow(text);
    if (file === null) return false;
    const at = beside ? null : (editor.view?.pointer() ?? null);
    const { edit, ids } = pasteNodes(editor.document, file, editor.specs.peek(), { at, keepIncoming });
    editor.perform(edit);
    editor.selection.set(ids);
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
  async uploadImage(file) {
    const picture = await editor.client.uploadImage(file);
    await editor.reloadSpecs();
    return picture;
  },
  submit: (options = {}) => submit(editor, options),
  async reloadSpecs() {
    types.set(new Map([...readSpecs(await editor.client.objectInfo()), ...VIRTUAL_SPECS]));
  },
  freeMemory: () => freeMemory(editor),
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
 * Replaces the document and its name together, so that undo cannot save the old document under the new name.
 * @param {Signal<string>} shown
 * @param {Contents} contents
 * @param {string} name
 * @returns {Edit}
 */
function openEdit(shown, contents, name) {
  return {
    label: 'edit.open',
    apply(document) {
      const before = { contents: document.contents(), name: shown.peek() };
      document.replace(contents);
      shown.set(name);
      return openEdit(shown, before.contents, before.name);
    },
  };
}

/** @param {string} text */
function parseWorkflow(text) {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const file = JSON.parse(text);
    return isWorkflow(file) ? file : null;
  } catch {
    return null;
  }
}

/** @param {unknown} error @param {Translator} translator */
function sentenceOf(error, { t }) {
  if (error instanceof FormatError) return t(error.key, error.values);
  if (error instanceof ServerError) return error.status === 0 ? t('error.unreachable') : error.message;
  return error instanceof Error ? error.message : String(error);
}
