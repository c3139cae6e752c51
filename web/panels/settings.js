/** The settings: a page for each group of preferences, the keys, and what results are kept. */

import { effect, signal } from '../core/signal.js';
import { score } from '../core/search.js';
import { confirm, openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { cacheSettings } from './cache-settings.js';
import { keyMapRows } from './key-map.js';
import { helpOf, settingRow, titleOf } from './setting-row.js';

/** @import { Application, Preference } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** A page of the dialog; `rows` are those that a query finds, all of them when it is empty. */
/** @typedef {{ id: string, title: string, rows: (query: string) => HTMLElement[] }} Page */

/**
 * @param {Application} editor
 * @param {string} [page] the page to show first
 */
export async function openSettings(editor, page = 'appearance') {
  await loadStyle('settings');
  const shown = signal(page);
  const query = signal('');
  const nav = h('nav', { class: 'settings-nav' });
  const content = h('div', { class: 'settings-content', tabindex: -1 });
  const search = searchField(query);
  const body = h('div', { class: 'settings' }, h('div', { class: 'settings-side' }, search, nav), content);
  const dialog = openDialog(
    { title: editor.t('command.view.settings'), closeLabel: editor.t('ui.close'), wide: true, body },
    () => end(),
  );
  dialog.element.classList.add('settings-dialog');
  const end = effect(() => {
    const focused = document.activeElement?.id;
    describe(editor, dialog.element, search, nav);
    const pages = pagesOf(editor);
    fill(nav, pages.map((each) => navButton(each, shown, query)));
    effect(() => showPages(editor, content, pages, shown.get(), query.get()));
    if (focused) document.getElementById(focused)?.focus();
  });
  nav.querySelector('button')?.focus();
}

/** @param {Signal<string>} query */
function searchField(query) {
  const field = h('input', {
    class: 'field settings-search',
    id: 'settings-search',
    type: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => query.set(field.value),
  });
  return field;
}

/** @param {Application} editor @param {HTMLElement} dialog @param {HTMLElement} search @param {HTMLElement} nav */
function describe({ t }, dialog, search, nav) {
  dialog.setAttribute('aria-label', t('command.view.settings'));
  const title = dialog.querySelector('h2');
  if (title) title.textContent = t('command.view.settings');
  for (const name of ['aria-label', 'placeholder']) search.setAttribute(name, t('settings.search'));
  nav.setAttribute('aria-label', t('settings.pages'));
}

/** @param {Application} editor @returns {Page[]} */
function pagesOf(editor) {
  const { preferences, t } = editor;
  /** @type {Map<string, Preference[]>} */
  const groups = new Map();
  for (const each of preferences.all.get()) {
    if (each.kind === 'record') continue;
    const name = each.id.split('.')[0] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  const pages = [...groups].map(([id, group]) => ({
    id,
    title: groupTitle(editor, id, group),
    rows: (/** @type {string} */ query) =>
      group.filter((each) => matches(editor, each, query)).map((each) => settingRow(editor, each)),
  }));
  return [
    ...pages,
    { id: 'keys', title: t('settings.keys'), rows: (query) => [keyMapRows(editor, query) ?? []].flat() },
    { id: 'results', title: t('cache.title'), rows: (query) => (query === '' ? [cacheSettings(editor)] : []) },
  ];
}

/** @param {Application} editor @param {string} id @param {readonly Preference[]} group */
function groupTitle(editor, id, group) {
  const given = group.find((each) => each.group)?.group?.(editor);
  if (given !== undefined) return given;
  const key = `setting.group.${id}`;
  return editor.translator.has(key) ? editor.t(key) : id;
}

/** @param {Application} editor @param {Preference} preference @param {string} query */
function matches(editor, preference, query) {
  if (query.trim() === '') return true;
  const { id, choices = [] } = preference;
  const choiceNames = choices.flatMap((each) => editor.translator.all(`setting.${id}.${each}`));
  const names = [titleOf(editor, preference), id, ...editor.translator.all(`setting.${id}`), ...choiceNames];
  const wanted = query.trim().toLowerCase();
  return names.some((name) => score(query, name) > 20) || helpOf(editor, preference).toLowerCase().includes(wanted);
}

/** @param {Page} page @param {Signal<string>} shown @param {Signal<string>} query */
function navButton({ id, title }, shown, query) {
  const button = h(
    'button',
    {
      class: 'settings-page',
      type: 'button',
      id: `settings-page-${id}`,
      onclick: () => {
        query.set('');
        const field = /** @type {HTMLInputElement | null} */ (document.getElementById('settings-search'));
        if (field) field.value = '';
        shown.set(id);
      },
    },
    title,
  );
  effect(() => {
    const current = shown.get() === id && query.get() === '';
    if (current) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  });
  return button;
}

/**
 * @param {Application} editor
 * @param {HTMLElement} content
 * @param {readonly Page[]} pages
 * @param {string} shown
 * @param {string} query
 */
function showPages(editor, content, pages, shown, query) {
  const wanted = query === '' ? pages.filter(({ id }) => id === shown) : pages;
  const found = wanted.map(({ id, title, rows }) => ({ id, title, rows: rows(query) })).filter((each) => each.rows.length > 0);
  content.scrollTop = 0;
  fill(
    content,
    found.map((each) =>
      h(
        'section',
        { class: 'settings-section', 'aria-label': each.title },
        h('div', { class: 'settings-head' }, h('h3', null, each.title), resetButton(editor, each.id)),
        each.rows,
      ),
    ),
    found.length === 0 ? h('p', { class: 'side-empty', role: 'status' }, editor.t('settings.none')) : null,
  );
}

/** Sets a whole page back. @param {Application} editor @param {string} page */
function resetButton({ keys, preferences, t }, page) {
  const own = preferences.all.peek().filter(({ id, kind }) => kind !== 'record' && id.startsWith(`${page}.`));
  if (own.length === 0 && page !== 'keys') return null;
  const button = h('button', { class: 'text-button', type: 'button', onclick: () => void reset() }, t('settings.reset-page'));
  effect(() => {
    const changed = page === 'keys' ? keys.anyChanged() : own.some((each) => preferences.of(each.id).get() !== each.default);
    button.hidden = !changed;
  });
  async function reset() {
    const sure = await confirm({
      title: t('settings.reset-page'),
      text: t(page === 'keys' ? 'keys.reset-sure' : 'settings.reset-sure'),
      yes: t('settings.reset'),
      no: t('ui.cancel'),
    });
    if (!sure) return;
    if (page === 'keys') keys.resetAll();
    for (const each of own) preferences.of(each.id).set(each.default);
    // The button that was pressed is hidden now.
    document.getElementById(`settings-page-${page}`)?.focus();
  }
  return button;
}
