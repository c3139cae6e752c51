/** The panel of stored workflows: in folders, searched, sorted; those that were used last, those that were deleted. */

import { deletedWorkflows, duplicateWorkflow, plainName, recentWorkflows } from '../app/stored-workflows.js';
import { restoreWorkflow, storedWorkflows, storeNew } from '../app/stored-workflows.js';
import { effect, signal } from '../core/signal.js';
import { folderTree } from '../core/folder-tree.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { deleteStored } from './delete-workflow.js';
import { renameStored } from './rename-workflow.js';
import { exactTime, timeText } from './time-text.js';

/** @import { Application, Mount } from '../types/app.d.ts' */
/** @import { Folder } from '../core/folder-tree.js' */
/** @import { StoredWorkflow } from '../types/files.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

/** @typedef {'time' | 'name'} Order */
/**
 * @typedef {object} State
 * @property {Signal<readonly StoredWorkflow[]>} files
 * @property {Signal<{ place: string, name: string, time: number }[]>} deleted
 * @property {Signal<string>} words
 * @property {Signal<Order>} order
 * @property {Signal<ReadonlySet<string>>} closed folders
 * @property {() => void} reload
 */

const MOST_RECENT = 5;

/** @type {Mount} */
export function mountWorkflows(host, editor) {
  void loadStyle('files');
  /** @type {State} */
  const state = {
    files: signal(/** @type {readonly StoredWorkflow[]} */ ([])),
    deleted: signal(/** @type {{ place: string, name: string, time: number }[]} */ ([])),
    words: signal(''),
    order: signal(/** @type {Order} */ ('time')),
    closed: signal(/** @type {ReadonlySet<string>} */ (new Set())),
    reload: () =>
      void editor.attempt(async () => {
        const [files, deleted] = await Promise.all([storedWorkflows(editor), deletedWorkflows(editor)]);
        state.files.set(files);
        state.deleted.set(deleted);
      }),
  };
  const list = h('div', { class: 'workflow-list' });
  fill(host, h('div', { class: 'workflow-head' }, searchField(editor, state), orderButton(editor, state)), list);
  const abort = takeDrops(editor, host, state);
  const ends = [
    effect(() => fill(list, state.words.get() === '' ? overview(editor, state) : found(editor, state))),
    // Whoever saves or renames makes it another list.
    editor.storedAs.subscribe(state.reload),
    editor.dirty.subscribe(state.reload),
    () => abort.abort(),
  ];
  state.reload();
  return () => ends.forEach((end) => end());
}

/** @param {Application} editor @param {State} state */
function searchField({ t }, { words }) {
  const field = h('input', {
    class: 'field',
    type: 'search',
    placeholder: t('workflows.search'),
    'aria-label': t('workflows.search'),
    oninput: () => words.set(field.value.trim().toLowerCase()),
  });
  return field;
}

/** @param {Application} editor @param {State} state */
function orderButton({ t }, { order }) {
  const button = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': t('workflows.order'),
      'data-tip': t('workflows.order'),
      'aria-haspopup': 'menu',
      onclick: () => {
        const entries = /** @type {const} */ (['time', 'name']).map((each) => ({
          label: t(`workflows.order.${each}`),
          checked: order.peek() === each,
          run: () => order.set(each),
        }));
        openMenu(entries, button, { label: t('workflows.order'), edge: 'end' });
      },
    },
    icon('sort'),
  );
  return button;
}

/** @param {Application} editor @param {State} state @returns {Child} */
function overview(editor, state) {
  const { t } = editor;
  const files = state.files.get();
  const byName = new Map(files.map((file) => [file.name, file]));
  const recent = recentWorkflows(editor)
    .flatMap((name) => byName.get(name) ?? [])
    .slice(0, MOST_RECENT);
  const deleted = state.deleted.get();
  if (files.length + deleted.length === 0) return h('p', { class: 'side-empty' }, t('workflows.none'));
  return [
    recent.length > 0 && files.length > MOST_RECENT
      ? section(
          t('workflows.recent'),
          recent.map((file) => fileRow(editor, state, file, file.name)),
        )
      : null,
    section(t('workflows.all'), folderRows(editor, state, folderTree(sorted(files, state.order.get())))),
    deleted.length > 0
      ? section(
          t('workflows.deleted'),
          deleted.map((each) => deletedRow(editor, state, each)),
        )
      : null,
  ];
}

/** @param {string} title @param {Child} rows */
const section = (title, rows) =>
  h('section', { class: 'side-section' }, h('h3', null, title), h('ul', { class: 'files' }, rows));

/** @param {readonly StoredWorkflow[]} files @param {Order} order */
const sorted = (files, order) =>
  order === 'name' ? [...files].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })) : files;

/** @param {Application} editor @param {State} state */
function found(editor, state) {
  const words = state.words.get().split(/\s+/);
  const fits = state.files.get().filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  if (fits.length === 0) return h('p', { class: 'side-empty' }, editor.t('workflows.not-found'));
  return h(
    'ul',
    { class: 'files' },
    sorted(fits, state.order.get()).map((file) => fileRow(editor, state, file, file.name)),
  );
}

/** @param {Application} editor @param {State} state @param {Folder<StoredWorkflow>} folder @returns {Child} */
function folderRows(editor, state, { folders, files }) {
  const closed = state.closed.get();
  return [
    folders.map((folder) => {
      const open = !closed.has(folder.path);
      const toggle = () => {
        const next = new Set(closed);
        if (!next.delete(folder.path)) next.add(folder.path);
        state.closed.set(next);
      };
      return h(
        'li',
        { class: 'folder' },
        h(
          'button',
          { class: 'folder-head', type: 'button', 'aria-expanded': open, 'data-folder': folder.path, onclick: toggle },
          icon(open ? 'chevron-down' : 'chevron-right'),
          icon('folder'),
          h('span', null, folder.name),
        ),
        open ? h('ul', { class: 'files' }, folderRows(editor, state, folder)) : null,
      );
    }),
    files.map((file) => fileRow(editor, state, file, file.name.split('/').at(-1) ?? file.name)),
  ];
}

/** @param {Application} editor @param {State} state @param {StoredWorkflow} file @param {string} label */
function fileRow(editor, state, file, label) {
  const open = () => void editor.attempt(() => editor.files.openStored(file.path));
  const menu = (/** @type {HTMLElement | { x: number, y: number }} */ at) =>
    openMenu(fileEntries(editor, state, file), at, { label: file.name, edge: 'end' });
  const more = h(
    'button',
    {
      class: 'icon-button small',
      type: 'button',
      'aria-label': editor.t('workflows.more', { name: file.name }),
      'aria-haspopup': 'menu',
      onclick: () => menu(more),
    },
    icon('more'),
  );
  const row = h(
    'li',
    {
      class: 'file',
      oncontextmenu: (event) => {
        event.preventDefault();
        menu({ x: event.clientX, y: event.clientY });
      },
    },
    h(
      'button',
      {
        class: 'file-open',
        type: 'button',
        'data-tip': `${file.name}\n${exactTime(editor, file.modified)}`,
        onclick: open,
      },
      icon('file'),
      h('span', { class: 'file-label' }, label),
      h('span', { class: 'file-time' }, timeText(editor, file.modified)),
    ),
    more,
  );
  effect(() => {
    row.classList.toggle('shown', editor.storedAs.get() === file.name);
    row.classList.toggle(
      'open',
      editor.tabs.list.get().some((tab) => tab.storedAs.get() === file.name),
    );
  });
  return row;
}

/** @param {Application} editor @param {State} state @param {StoredWorkflow} file */
function fileEntries(editor, state, file) {
  const { t } = editor;
  const run = (/** @type {() => Promise<void>} */ action) => () => void editor.attempt(action).then(state.reload);
  return [
    { label: t('workflows.open'), icon: 'file', run: run(() => editor.files.openStored(file.path)) },
    { label: t('files.rename'), icon: 'edit', run: run(() => renameStored(editor, file.name)) },
    {
      label: t('workflows.duplicate'),
      icon: 'copy',
      run: run(async () => void (await duplicateWorkflow(editor, file.name))),
    },
    /** @type {const} */ ('separator'),
    {
      label: t('workflows.delete'),
      icon: 'trash',
      danger: true,
      run: run(() => deleteStored(editor, file.name, state.reload)),
    },
  ];
}

/** @param {Application} editor @param {State} state @param {{ place: string, name: string, time: number }} deleted */
function deletedRow(editor, state, { place, name, time }) {
  const { t } = editor;
  const run = (/** @type {() => Promise<void>} */ action) => () => void editor.attempt(action).then(state.reload);
  return h(
    'li',
    { class: 'file deleted' },
    h(
      'span',
      { class: 'file-open' },
      icon('trash'),
      h('span', { class: 'file-label' }, name),
      h('span', { class: 'file-time' }, timeText(editor, time)),
    ),
    h(
      'button',
      {
        class: 'icon-button small',
        type: 'button',
        'aria-label': t('workflows.restore', { name }),
        'data-tip': t('workflows.restore', { name }),
        onclick: run(() => restoreWorkflow(editor, place)),
      },
      icon('undo'),
    ),
  );
}

/**
 * Workflow files that are dropped here are stored, in the folder that they are dropped on.
 * @param {Application} editor
 * @param {HTMLElement} host
 * @param {State} state
 */
function takeDrops(editor, host, state) {
  const abort = new AbortController();
  const { signal: until } = abort;
  const mark = (/** @type {boolean} */ on) => host.classList.toggle('takes-files', on);
  host.addEventListener(
    'dragover',
    (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.stopPropagation();
      mark(true);
    },
    { signal: until },
  );
  host.addEventListener('dragleave', () => mark(false), { signal: until });
  host.addEventListener(
    'drop',
    (event) => {
      mark(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      event.stopPropagation();
      const target = event.target instanceof Element ? event.target.closest('[data-folder]') : null;
      const folder = target instanceof HTMLElement ? `${target.dataset['folder']}/` : '';
      void editor.attempt(() => storeFiles(editor, files, folder)).then(state.reload);
    },
    { signal: until },
  );
  return abort;
}

/** @param {Application} editor @param {readonly File[]} files @param {string} folder */
async function storeFiles(editor, files, folder) {
  for (const file of files) {
    const content = await editor.files.readFile(file);
    if (content === null) {
      editor.notify('error', editor.t('format.no-workflow-inside', { name: file.name }));
      continue;
    }
    editor.files.readContents(content);
    const name = await storeNew(editor, plainName(folder + file.name.replace(/\.[^.]+$/, '')), content);
    editor.notify('info', editor.t('files.saved', { name }));
  }
}
