/** The panel of versions: what the workflow was, and what differs. */

import { fileOf } from '../app/stored-workflows.js';
import { effect, signal } from '../core/signal.js';
import { changeContents } from '../core/subgraphs.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { comparisonList } from './comparison-list.js';
import { titleOf as comparisonTitle } from './comparison-view.js';
import { compareStates, compareWithPresent, otherStates } from './comparison.js';
import { clockText, exactTime, timeText } from './time-text.js';
import { askVersionName } from './version-name.js';

/** @import { Application, Mount } from '../types/app.d.ts' */
/** @import { NamedState, Version } from '../types/files.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/** What the panel knows: the versions of the stored workflow, null while they are not known. @typedef {Signal<readonly Version[] | null>} Known */

/** @type {Mount} */
export function mountVersions(host, editor) {
  const versions = /** @type {Known} */ (signal(null));
  const differences = h('section', { class: 'side-section comparison' });
  const list = h('section', { class: 'side-section' });
  void loadStyle('files');
  fill(host, differences, list);
  const load = async () => {
    const storedAs = editor.storedAs.peek();
    versions.set(storedAs === null ? null : await editor.userFiles.versions(fileOf(storedAs)));
  };
  const reload = () => void editor.attempt(load);
  const level = signal(editor.document.shown);
  const ends = [
    editor.document.onChange(() => level.set(editor.document.shown)),
    effect(() => {
      level.get();
      showDifferences(editor, differences);
    }),
    effect(() => {
      editor.storedAs.get();
      // Each save makes one.
      editor.dirty.get();
      reload();
    }),
    effect(() => fill(list, versionList(editor, versions.get(), reload))),
  ];
  return () => ends.forEach((end) => end());
}

/** @param {Application} editor @param {HTMLElement} host */
function showDifferences(editor, host) {
  const { t } = editor;
  const comparison = editor.comparison.get();
  const shown = comparison?.tab === editor.tabs.shown.get() ? comparison : null;
  host.hidden = shown === null;
  if (!shown) return;
  fill(
    host,
    h(
      'div',
      { class: 'side-section-head' },
      h('h3', { 'data-tip': comparisonTitle(editor, shown) }, comparisonTitle(editor, shown)),
      h(
        'button',
        { class: 'text-button', type: 'button', onclick: () => editor.comparison.set(null) },
        t('difference.end'),
      ),
    ),
    comparisonList(editor, shown),
  );
}

/** @param {Application} editor @param {readonly Version[] | null} versions @param {() => void} reload */
function versionList(editor, versions, reload) {
  const { t } = editor;
  const button = h(
    'button',
    {
      class: 'text-button',
      type: 'button',
      'aria-haspopup': 'menu',
      onclick: () =>
        void editor.attempt(async () => {
          const entries = await otherStates(editor, (state) => compareWithPresent(editor, state));
          openMenu(entries, button, { label: t('command.file.compare'), edge: 'end' });
        }),
    },
    t('difference.with'),
  );
  const head = h('div', { class: 'side-section-head' }, h('h3', null, t('versions.saved')), button);
  if (versions === null) {
    const save = h(
      'button',
      { class: 'button', type: 'button', onclick: () => editor.execute('file.save') },
      t('command.file.save'),
    );
    return [head, h('p', { class: 'side-empty' }, t('versions.unsaved')), save];
  }
  const keep = h(
    'button',
    { class: 'button version-keep', type: 'button', onclick: () => void editor.attempt(keepNamed) },
    icon('add'),
    t('command.file.keep-version'),
  );
  if (versions.length === 0) return [head, keep, h('p', { class: 'side-empty' }, t('versions.none'))];
  return [
    head,
    keep,
    h(
      'ol',
      { class: 'versions' },
      versions.map((version) => versionRow(editor, version, versions, reload)),
    ),
  ];

  async function keepNamed() {
    const name = await askVersionName(editor, '');
    if (name === null) return;
    await editor.userFiles.keepVersion(fileOf(editor.storedAs.peek() ?? ''), editor.toFile(), name);
    reload();
  }
}

/** @param {Application} editor @param {Version} version */
const titleOf = (editor, version) => version.name ?? clockText(editor, version.time);

/**
 * @param {Application} editor
 * @param {Version} version
 * @param {readonly Version[]} all
 * @param {() => void} reload
 */
function versionRow(editor, version, all, reload) {
  const { t } = editor;
  const title = titleOf(editor, version);
  const about = [timeText(editor, version.time), version.automatic ? t('versions.automatic') : null];
  const more = iconButton('more', t('versions.more', { name: title }), () =>
    openMenu(versionEntries(editor, version, all, reload), more, { label: title, edge: 'end' }),
  );
  more.setAttribute('aria-haspopup', 'menu');
  return h(
    'li',
    { class: version.name === null ? 'version' : 'version named' },
    h(
      'button',
      {
        class: 'version-text',
        type: 'button',
        'data-tip': `${exactTime(editor, version.time)}\n${t('versions.compare')}`,
        onclick: () => void editor.attempt(async () => compareWithPresent(editor, await stateOf(editor, version))),
      },
      h('span', { class: 'version-title' }, title),
      h('span', { class: 'version-about' }, about.filter(Boolean).join(' · ')),
    ),
    iconButton(
      'undo',
      t('versions.return', { name: title }),
      () => void editor.attempt(() => returnTo(editor, version)),
    ),
    more,
  );
}

/** @param {string} picture @param {string} label @param {() => void} onclick */
const iconButton = (picture, label, onclick) =>
  h(
    'button',
    { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, onclick },
    icon(picture),
  );

/**
 * @param {Application} editor
 * @param {Version} version
 * @param {readonly Version[]} all
 * @param {() => void} reload
 * @returns {MenuEntry[]}
 */
function versionEntries(editor, version, all, reload) {
  const { t, userFiles } = editor;
  const file = fileOf(editor.storedAs.peek() ?? '');
  const run = (/** @type {() => void | Promise<void>} */ action) => () => void editor.attempt(action);
  const others = all
    .filter((other) => other.id !== version.id)
    .map((other) => ({
      label: titleOf(editor, other),
      run: run(async () => {
        const [older, newer] = [version, other].sort((a, b) => a.time - b.time);
        if (older && newer) compareStates(editor, await stateOf(editor, older), await stateOf(editor, newer));
      }),
    }));
  return [
    {
      label: t('versions.compare'),
      icon: 'eye',
      run: run(async () => compareWithPresent(editor, await stateOf(editor, version))),
    },
    { label: t('versions.compare-other'), items: others, disabled: others.length === 0 },
    {
      label: t('versions.return', { name: titleOf(editor, version) }),
      icon: 'undo',
      run: run(() => returnTo(editor, version)),
    },
    { label: t('versions.open'), icon: 'file', run: run(() => openBeside(editor, version)) },
    'separator',
    {
      label: t(version.name === null ? 'versions.give-name' : 'versions.rename'),
      icon: 'edit',
      run: run(async () => {
        const name = await askVersionName(editor, version.name ?? '');
        if (name === null) return;
        await userFiles.nameVersion(file, version.id, name);
        reload();
      }),
    },
    {
      label: t('versions.forget'),
      icon: 'trash',
      danger: true,
      run: run(async () => {
        await userFiles.forgetVersion(file, version.id);
        reload();
      }),
    },
  ];
}

/** @param {Application} editor @param {Version} version @returns {Promise<NamedState>} */
async function stateOf(editor, version) {
  const content = await editor.userFiles.version(fileOf(editor.storedAs.peek() ?? ''), version.id);
  return { title: titleOf(editor, version), contents: editor.files.readContents(content) };
}

/** As one step that can be taken back. @param {Application} editor @param {Version} version */
async function returnTo(editor, version) {
  const { title, contents } = await stateOf(editor, version);
  editor.perform(changeContents('edit.restore', contents));
  editor.notify('info', editor.t('versions.returned', { name: title }), {
    label: editor.t('ui.undo'),
    run: () => editor.undo(),
  });
}

/** @param {Application} editor @param {Version} version */
async function openBeside(editor, version) {
  const { title, contents } = await stateOf(editor, version);
  editor.tabs.open(contents, { name: `${editor.name.peek()} – ${title}` });
}
