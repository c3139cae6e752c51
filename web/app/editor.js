/** The editor put together: document, history, selection, server, language. Panels and the canvas receive it. */

import { copyNodes, pasteNodes } from '../core/clipboard.js';
import { fittingInputs, fittingOutputs, refusal } from '../core/compatible.js';
import { createNode } from '../core/create.js';
import { GraphDocument } from '../core/document.js';
import { addNodes } from '../core/edits.js';
import { FormatError, isWorkflow, writeWorkflow } from '../core/format.js';
import { History } from '../core/history.js';
import { createSelection } from '../core/selection.js';
import { signal } from '../core/signal.js';
import { inputsOf, outputsOf, outputType } from '../core/sockets.js';
import { readSpecs } from '../core/spec.js';
import { specFinder, VIRTUAL_SPECS } from '../core/virtual.js';
import { ServerError } from '../net/server-error.js';
import { createCommands } from './commands.js';
import { Files } from './files.js';
import { createNames } from './names.js';
import { QueueList } from './queue-list.js';
import { RunStates } from './run-state.js';
import { submit } from './submit.js';

/** @import { Application, PanelName, Translator } from '../types/app.d.ts' */
/** @import { Contents, Edit } from '../types/document.d.ts' */
/** @import { CanvasView, Command } from '../types/editor.d.ts' */
/** @import { ServerProblem } from '../types/net.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Client } from '../net/client.js' */
/** @import { SpecOf } from '../core/sockets.js' */

/**
 * What the editor opens on the page: given by the panels, so that this module needs none of them.
 * @typedef {Pick<Application, 'openSearch' | 'openMenu' | 'openPictures' | 'notify'> & Pick<Application, 'openSettings' | 'askName'>} Surface
 */

/**
 * @param {Client} client
 * @param {Translator} translator
 * @param {(editor: Application) => Surface} createSurface
 * @returns {Application}
 */
export function createEditor(client, translator, createSurface) {
  const document = new GraphDocument();
  const history = new History(document);
  const selection = createSelection(document);
  /** @type {Signal<ReadonlyMap<string, NodeSpec>>} */
  const specs = signal(VIRTUAL_SPECS);
  const queue = new QueueList(client);
  const run = new RunStates(queue);
  /** @type {Map<string, Command>} */
  const commands = new Map();
  const findSpec = cachedFinder(document, specs);
  const names = createNames(translator, findSpec);

  /** @type {Application} */
  const editor = {
    client,
    document,
    history,
    selection,
    specs,
    run,
    queue,
    translator,
    commands,
    locale: translator.locale,
    dirty: history.dirty,
    name: signal(''),
    storedAs: /** @type {Signal<string | null>} */ (signal(null)),
    queuedSeeds: new Map(),
    batch: signal(1),
    panel: /** @type {Signal<PanelName | null>} */ (signal(null)),
    serverProblems: /** @type {Signal<readonly ServerProblem[]>} */ (signal([])),
    view: /** @type {CanvasView | null} */ (null),
    t: translator.t,
    ...names,
    spec: findSpec,
    inputs: (node) => inputsOf(node, findSpec(node)),
    outputs: (node) => outputsOf(node, findSpec(node)),
    outputType: (node, output) => outputType(document, findSpec, node, output),
    refusal(from, output, to, input) {
      const found = refusal(document, findSpec, { from, output, to, input });
      return found && translator.t(found.key, found.values);
    },
    fittingInputs: (from, output, to) => fittingInputs(document, findSpec, from, output, to),
    fittingOutputs: (from, to, input) => fittingOutputs(document, findSpec, from, to, input),
    perform: (edit) => history.perform(edit),
    undo: () => history.undo(),
    redo: () => history.redo(),
    execute(id) {
      const command = commands.get(id);
      if (!command) throw new Error(`There is no command ${id}.`);
      if (command.enabled?.() !== false) void editor.attempt(() => command.run());
    },
    pictureUrl: (picture, preview = false) => client.pictureUrl(picture, preview),
    async uploadImage(file) {
      const picture = await client.uploadImage(file);
      await editor.reloadSpecs();
      return picture;
    },
    open(contents, name) {
      const first = document.nodes.size === 0;
      run.reset();
      editor.queuedSeeds = new Map();
      history.perform(openEdit(editor.name, contents, name));
      if (first) history.clear(true);
      else history.markSaved();
      selection.clear();
      editor.view?.fit();
    },
    toFile: () => writeWorkflow(document, specs.peek()),
    addNode(spec, place) {
      const node = createNode(spec, document.freshNodeId(), place);
      editor.perform(addNodes([node]));
      selection.set([node.id]);
      return node;
    },
    submit: (options = {}) => submit(editor, options),
    async reloadSpecs() {
      specs.set(new Map([...readSpecs(await client.objectInfo()), ...VIRTUAL_SPECS]));
    },
    show(ids) {
      selection.set(ids);
      editor.view?.fit(ids);
    },
    async attempt(action) {
      try {
        await action();
      } catch (error) {
        surface.notify('error', sentenceOf(error, translator));
      }
    },
    copyText: () => JSON.stringify(copyNodes(document, selection.ids.peek(), specs.peek())),
    pasteText: (text, options) => paste(editor, text, options),
    openSearch: (client, from) => surface.openSearch(client, from),
    openMenu: (client, target) => surface.openMenu(client, target),
    openPictures: (pictures, index) => surface.openPictures(pictures, index),
    openSettings: () => surface.openSettings(),
    askName: () => surface.askName(),
    notify: (kind, text) => surface.notify(kind, text),
    files: /** @type {Application['files']} */ (/** @type {unknown} */ (null)),
  };
  editor.files = new Files(editor);
  const surface = createSurface(editor);
  for (const command of createCommands(editor)) commands.set(command.id, command);
  return editor;
}

/**
 * The finder of specs for the document as it is; made again when the types or the document's subgraphs change.
 * @param {GraphDocument} document
 * @param {Signal<ReadonlyMap<string, NodeSpec>>} specs
 * @returns {SpecOf}
 */
function cachedFinder(document, specs) {
  let types = specs.peek();
  let rest = document.rest;
  let find = specFinder(types, rest);
  return (node) => {
    if (types !== specs.peek() || rest !== document.rest) {
      types = specs.peek();
      rest = document.rest;
      find = specFinder(types, rest);
    }
    return find(node);
  };
}

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

/**
 * @param {Application} editor
 * @param {string} text
 * @param {{ keepIncoming: boolean, beside: boolean }} options
 * @returns {boolean} whether the text was a workflow
 */
function paste(editor, text, { keepIncoming, beside }) {
  if (!text.trimStart().startsWith('{')) return false;
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isWorkflow(file)) return false;
  const at = beside ? null : (editor.view?.pointer() ?? null);
  const { edit, ids } = pasteNodes(editor.document, file, editor.specs.peek(), { at, keepIncoming });
  editor.perform(edit);
  editor.selection.set(ids);
  return true;
}

/** @param {unknown} error @param {Translator} translator */
function sentenceOf(error, { t }) {
  if (error instanceof FormatError) return t(error.key, error.values);
  if (error instanceof ServerError) return error.status === 0 ? t('error.unreachable') : error.message;
  return error instanceof Error ? error.message : String(error);
}
