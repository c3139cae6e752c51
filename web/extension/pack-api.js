/** The editor's interface for one pack. What a pack's code throws is told as its problem, and the editor goes on. */

import { panelCommand } from '../app/commands.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { createPackDocument, packNode } from './pack-document.js';
import { listen } from './pack-events.js';
import { packMenu } from './pack-menu.js';

/** @import { Application, SidePanel } from '../types/app.d.ts' */
/** @import { Command, Decorate } from '../types/editor.d.ts' */
/** @import { PackCommand, PackDialog, PackPanel, PackSetting, Safelight } from '../types/extension.d.ts' */

/**
 * Runs code of the pack; what it throws is told, and gives `otherwise`.
 * @typedef {<T>(code: () => T, otherwise: T) => T} Guard
 */

/**
 * @param {Application} editor
 * @param {string} pack
 * @returns {Safelight}
 */
export function createPackApi(editor, pack) {
  /** @type {Guard} */
  const guard = (code, otherwise) => {
    try {
      return code();
    } catch (error) {
      editor.reportPack(pack, error);
      return otherwise;
    }
  };
  const { client, t } = editor;
  /** @type {Safelight} */
  const api = {
    version: '1.0',
    pack,
    document: Object.freeze(createPackDocument(editor)),
    t,
    language: () => editor.locale.peek(),
    registerWidget(name, mount, options) {
      const takeBack = editor.packWidgets.add(pack, name, mount, options);
      editor.refreshNodes();
      return () => {
        takeBack();
        editor.refreshNodes();
      };
    },
    registerCommand: (command) => addCommand(editor, commandOf(editor, pack, command)),
    registerKeys: (command, keys) => addKeys(editor, command, keys),
    registerPanel: (panel) => addPanel(editor, guard, panel),
    registerMenu: (entries) => add(editor.menuParts, packMenu(editor, entries, guard)),
    registerDecoration: (decorate) =>
      addDecoration(editor, (node) => guard(() => decorate(packNode(editor, node)), null)),
    decorationsChanged: () => editor.decorations.set([...editor.decorations.peek()]),
    registerSetting: (setting) => addSetting(editor, setting),
    on: (event, listener) => listen(editor, event, (data) => guard(() => listener(data), undefined)),
    execute: (command) => editor.execute(command),
    async queue({ front = false, targets } = {}) {
      await editor.submit({ front, ...(targets ? { targets: [...targets] } : {}) });
    },
    interrupt: () => client.interrupt(null),
    notify: (kind, text) => editor.notify(kind, text),
    openDialog: (dialog) => showDialog(editor, guard, dialog),
    fetch: (path, options) => fetch(new URL(path, location.origin), options),
    pictureUrl: (picture) => editor.pictureUrl(picture),
  };
  return Object.freeze(api);
}

/** @param {Application} editor @param {Decorate} decorate */
function addDecoration({ decorations }, decorate) {
  decorations.set([...decorations.peek(), decorate]);
  return () => decorations.set(decorations.peek().filter((other) => other !== decorate));
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} item
 */
function add(list, item) {
  list.push(item);
  return () => {
    const index = list.indexOf(item);
    if (index >= 0) list.splice(index, 1);
  };
}

/**
 * @param {Application} editor
 * @param {string} pack
 * @param {PackCommand} command
 * @returns {Command}
 */
function commandOf({ reportPack, t }, pack, { id, title, keys = [], enabled, run }) {
  return {
    id,
    keys,
    title: () => t(title),
    async run() {
      try {
        await run();
      } catch (error) {
        reportPack(pack, error);
      }
    },
    ...(enabled ? { enabled: () => enabled() } : {}),
  };
}

/** @param {Application} editor @param {Command} command */
function addCommand({ commands }, command) {
  if (commands.has(command.id)) throw new Error(`There is a command ${command.id} already.`);
  commands.set(command.id, command);
  return () => {
    if (commands.get(command.id) === command) commands.delete(command.id);
  };
}

/** @param {Application} editor @param {string} id @param {readonly string[]} keys */
function addKeys({ commands }, id, keys) {
  const command = commands.get(id);
  if (!command) throw new Error(`There is no command ${id}.`);
  commands.set(id, { ...command, keys: [...command.keys, ...keys] });
  return () => {
    const now = commands.get(id);
    if (now) commands.set(id, { ...now, keys: now.keys.filter((key) => !keys.includes(key)) });
  };
}

/** @param {Application} editor @param {Guard} guard @param {PackPanel} panel */
function addPanel(editor, guard, { id, title, icon = 'puzzle', keys = [], mount }) {
  const { panel: shown, panels, t } = editor;
  if (panels.peek().some((other) => other.id === id)) throw new Error(`There is a panel ${id} already.`);
  /** @type {SidePanel} */
  const panel = {
    id,
    icon,
    keys,
    title: () => t(title),
    load: async () => (host) => guard(() => mount(host), undefined) ?? (() => {}),
  };
  const removeCommand = addCommand(editor, { ...panelCommand(editor, panel), title: () => t(title) });
  panels.set([...panels.peek(), panel]);
  return () => {
    removeCommand();
    if (shown.peek() === id) shown.set(null);
    panels.set(panels.peek().filter((other) => other !== panel));
  };
}

/** @param {Application} editor @param {PackSetting} setting */
function addSetting({ preferences, t }, { title, ...setting }) {
  const takeBack = preferences.define({ ...setting, title: () => t(title) });
  const value = preferences.of(setting.id);
  return {
    get: () => value.peek(),
    set: (/** @type {import('../types/spec.d.ts').Json} */ chosen) => value.set(chosen),
    subscribe: (/** @type {(value: import('../types/spec.d.ts').Json) => void} */ listener) => value.subscribe(listener),
    takeBack,
  };
}

/** @param {Application} editor @param {Guard} guard @param {PackDialog} dialog */
function showDialog({ t }, guard, { title, wide = false, mount }) {
  const body = h('div', { class: 'pack-dialog' });
  let unmount = () => {};
  const { close } = openDialog({ title: t(title), closeLabel: t('ui.close'), body, wide }, () =>
    guard(() => unmount(), undefined),
  );
  unmount = guard(() => mount(body), undefined) ?? unmount;
  return close;
}
