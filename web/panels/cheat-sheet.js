/** All keys at a glance, and what the pointer does. */

import { FIXED_KEYS } from '../app/key-map.js';
import { shownKeys } from '../app/keymap.js';
import { openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { commandGroups, labelOf } from './key-map.js';

/** @import { Application } from '../types/app.d.ts' */

/** What the pointer does on the canvas; texts are `gesture.<name>` and `gesture.<name>.how`. */
const GESTURES = ['pan', 'zoom', 'add', 'link', 'unlink', 'select', 'box', 'menu'];

/** @param {Application} editor */
export async function openCheatSheet(editor) {
  const { t } = editor;
  await loadStyle('palette');
  const sheet = h('div', { class: 'cheat-sheet' });
  const show = (/** @type {string} */ query) => fill(sheet, sections(editor, query));
  const search = h('input', {
    class: 'field',
    type: 'search',
    placeholder: t('keys.search'),
    'aria-label': t('keys.search'),
    autocomplete: 'off',
    oninput: () => show(search.value.trim()),
  });
  const change = () => {
    dialog.close();
    editor.openSettings('keys');
  };
  const dialog = openDialog({
    title: t('command.view.keys'),
    closeLabel: t('ui.close'),
    wide: true,
    body: [
      h(
        'div',
        { class: 'cheat-head' },
        search,
        h('button', { class: 'button', type: 'button', onclick: change }, t('keys.change')),
      ),
      sheet,
    ],
  });
  dialog.element.classList.add('cheat-dialog');
  show('');
  search.focus();
}

/** @param {Application} editor @param {string} query */
function sections(editor, query) {
  const { keys, t } = editor;
  const shown = (/** @type {string} */ id) => [...(FIXED_KEYS.get(id) ?? []), ...keys.of(id)];
  const groups = commandGroups(editor, query).flatMap(({ title, ids }) => {
    const rows = ids.filter((id) => shown(id).length > 0).map((id) => row(labelOf(editor, id), shown(id).map((each) => h('kbd', null, shownKeys(each)))));
    return rows.length > 0 ? section(title, rows) : [];
  });
  const gestures = GESTURES.map((name) => [t(`gesture.${name}`), t(`gesture.${name}.how`)]).filter(([what = '', how = '']) =>
    `${what} ${how}`.toLowerCase().includes(query.toLowerCase()),
  );
  if (gestures.length > 0) groups.push(section(t('keys.group.pointer'), gestures.map(([what = '', how = '']) => row(what, h('span', null, how)))));
  return groups.length > 0 ? groups : h('p', { class: 'side-empty', role: 'status' }, t('palette.none'));
}

/** @param {string} title @param {readonly HTMLElement[]} rows */
const section = (title, rows) => h('section', { class: 'cheat-section' }, h('h3', null, title), h('dl', null, rows));

/** @param {string} what @param {import('../types/ui.d.ts').Child} how */
const row = (what, how) => h('div', { class: 'cheat-row' }, h('dt', null, what), h('dd', null, how));
