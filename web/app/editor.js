/** The editor put together: document, history, selection, server, language. Panels and the canvas receive it. */

import { GraphDocument } from '../core/document.js';
import { History } from '../core/history.js';
import { createSelection } from '../core/selection.js';
import { computed, signal } from '../core/signal.js';
import { VIRTUAL_SPECS } from '../core/virtual.js';
import { UserFiles } from '../net/user-files.js';
import { createEditActions, createFileActions, createServerActions } from './actions.js';
import { createCommands } from './commands.js';
import { createConverting } from './converting.js';
import { Drafts } from './drafts.js';
import { Files } from './files.js';
import { createLevelActions } from './levels.js';
import { cachedFinder, createLinkQueries } from './link-queries.js';
import { createPackParts } from './pack-parts.js';
import { followMissingTypes } from './missing-types.js';
import { createKeyMap } from './key-map.js';
import { createNames, explainInputs } from './names.js';
import { QueueList } from './queue-list.js';
import { createPreferences } from './preferences.js';
import { createRunServices, createRunStates } from './run-services.js';
import { SIDE_PANELS } from './side-panels.js';
import { Tabs } from './tabs.js';
import { createWidgetServices } from './widget-services.js';

/** @import { Application, SidePanel, Translator } from '../types/app.d.ts' */
/** @import { Comparison } from '../types/files.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { ServerProblem } from '../types/net.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Client } from '../net/client.js' */
/** @import { DraftStore } from './draft-store.js' */

/** @typedef {'openSearch' | 'openConverters' | 'openMenu' | 'openPictures' | 'openPainter' | 'openCompare' | 'openSettings' | 'askName' | 'notify' | 'announce'} SurfaceAction */
/** What opens on the page. @typedef {Pick<Application, SurfaceAction>} Surface */

/**
 * @param {Client} client
 * @param {Translator} translator
 * @param {(editor: Application) => Surface} createSurface given by the panels, so that this module needs none of them
 * @param {DraftStore} store
 * @returns {Application}
 */
export function createEditor(client, translator, createSurface, store) {
  const document = new GraphDocument();
  const history = new History(document);
  const queue = new QueueList(client);
  const types = /** @type {Signal<ReadonlyMap<string, NodeSpec>>} */ (signal(VIRTUAL_SPECS));
  const specs = computed(() => explainInputs(types.get(), translator));
  const findSpec = cachedFinder(document, specs);
  const commands = /** @type {Map<string, Command>} */ (new Map());
  const preferences = createPreferences(localStorage);
  const state = {
    client,
    document,
    history,
    selection: createSelection(document),
    specs,
    run: createRunStates(queue, document, () => editor),
    queue,
    ...createRunServices(client.id, localStorage),
    translator,
    commands,
    ...createPackParts(),
    locale: translator.locale,
    t: translator.t,
    words: translator.words,
    dirty: history.dirty,
    name: signal(''),
    storedAs: /** @type {Signal<string | null>} */ (signal(null)),
    queuedSeeds: new Map(),
    copied: '',
    batch: signal(1),
    published: signal(0),
    panel: /** @type {Signal<string | null>} */ (signal(null)),
    formView: signal(false),
    comparison: /** @type {Signal<Comparison | null>} */ (signal(null)),
    panels: /** @type {Signal<readonly SidePanel[]>} */ (signal(SIDE_PANELS)),
    preferences,
    widgets: createWidgetServices(client, preferences, { local: localStorage, session: sessionStorage }, () => editor.tabs.shown.peek().id),
    keys: createKeyMap(commands, preferences.of('keys.changed')),
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
  Object.assign(editor, createLevelActions(editor, document));
  const userFiles = new UserFiles(client);
  const tabs = new Tabs(editor, document);
  const drafts = new Drafts(editor, store, userFiles, client.id);
  Object.assign(editor, createSurface(editor), createConverting(editor), { files: new Files(editor), userFiles, tabs, drafts });
  for (const command of createCommands(editor)) commands.set(command.id, command);
  return editor;
}
