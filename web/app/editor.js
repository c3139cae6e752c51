/** The editor put together: document, history, selection, server, language. Panels and the canvas receive it. */

import { GraphDocument } from '../core/document.js';
import { History } from '../core/history.js';
import { createSelection } from '../core/selection.js';
import { computed, signal } from '../core/signal.js';
import { VIRTUAL_SPECS } from '../core/virtual.js';
import { createEditActions, createFileActions, createServerActions } from './actions.js';
import { createCommands } from './commands.js';
import { Files } from './files.js';
import { cachedFinder, createLinkQueries } from './link-queries.js';
import { followMissingTypes } from './missing-types.js';
import { createNames, explainInputs } from './names.js';
import { QueueList } from './queue-list.js';
import { createPreferences } from './preferences.js';
import { RunStates } from './run-state.js';
import { SIDE_PANELS } from './side-panels.js';

/** @import { Application, SidePanel, Translator } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { ServerProblem } from '../types/net.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Client } from '../net/client.js' */

/** @typedef {'openSearch' | 'openMenu' | 'openPictures' | 'openSettings' | 'askName' | 'notify'} SurfaceAction */
/** What opens on the page. @typedef {Pick<Application, SurfaceAction>} Surface */

/**
 * @param {Client} client
 * @param {Translator} translator
 * @param {(editor: Application) => Surface} createSurface given by the panels, so that this module needs none of them
 * @returns {Application}
 */
export function createEditor(client, translator, createSurface) {
  const document = new GraphDocument();
  const history = new History(document);
  const queue = new QueueList(client);
  const types = /** @type {Signal<ReadonlyMap<string, NodeSpec>>} */ (signal(VIRTUAL_SPECS));
  const specs = computed(() => explainInputs(types.get(), translator));
  const findSpec = cachedFinder(document, specs);
  const commands = /** @type {Map<string, Command>} */ (new Map());
  const state = {
    client,
    document,
    history,
    selection: createSelection(document),
    specs,
    run: new RunStates(queue, (id) => document.nodes.has(id)),
    queue,
    translator,
    commands,
    locale: translator.locale,
    t: translator.t,
    dirty: history.dirty,
    name: signal(''),
    storedAs: /** @type {Signal<string | null>} */ (signal(null)),
    queuedSeeds: new Map(),
    batch: signal(1),
    panel: /** @type {Signal<string | null>} */ (signal(null)),
    panels: /** @type {Signal<readonly SidePanel[]>} */ (signal(SIDE_PANELS)),
    preferences: createPreferences(localStorage),
    serverProblems: /** @type {Signal<readonly ServerProblem[]>} */ (signal([])),
    packProblems: /** @type {Signal<readonly ServerProblem[]>} */ (signal([])),
    missingTypes: followMissingTypes(document, specs, findSpec),
    view: null,
    ...createNames(translator, findSpec),
    ...createLinkQueries(document, findSpec, translator),
  };
  // The parts below need the whole that they become part of.
  const editor = /** @type {Application} */ (/** @type {unknown} */ (state));
  Object.assign(editor, createEditActions(editor), createFileActions(editor), createServerActions(editor, types));
  Object.assign(editor, createSurface(editor), { files: new Files(editor) });
  for (const command of createCommands(editor)) commands.set(command.id, command);
  return editor;
}
