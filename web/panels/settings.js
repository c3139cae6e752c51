/** Settings: the language, the kept results, and every command with its keys. */

import { shownKeys } from '../app/keymap.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { cacheSettings } from './cache-settings.js';

/** @import { Application } from '../types/app.d.ts' */

/** Keys that are the browser's own. */
const BROWSER_KEYS = [
  { id: 'edit.copy', keys: ['Mod+C'] },
  { id: 'edit.cut', keys: ['Mod+X'] },
  { id: 'edit.paste', keys: ['Mod+V'] },
  { id: 'edit.paste-linked', keys: ['Mod+Shift+V'] },
];

/** @param {Application} editor */
export function openSettings(editor) {
  const { t } = editor;
  const dialog = openDialog({
    title: t('command.view.settings'),
    closeLabel: t('ui.close'),
    wide: true,
    body: [
      h(
        'div',
        { class: 'setting' },
        h('label', { for: 'setting-language' }, t('settings.language')),
        languageField(editor, () => {
          dialog.close();
          openSettings(editor);
        }),
      ),
      cacheSettings(editor),
      h('h3', { class: 'setting-head' }, t('settings.keys')),
      h('dl', { class: 'keys' }, keyRows(editor)),
    ],
  });
}

/** @param {Application} editor @param {() => void} changed */
function languageField({ locale, t, translator }, changed) {
  const field = h(
    'select',
    {
      class: 'field',
      id: 'setting-language',
      onchange: () => {
        locale.set(field.value);
        changed();
      },
    },
    translator.locales.map((each) =>
      h('option', { value: each, selected: each === locale.peek() }, t(`language.${each}`)),
    ),
  );
  return field;
}

/** @param {Application} editor */
function keyRows({ commands, t }) {
  const own = [...commands.values()].filter(({ keys }) => keys.length > 0);
  return [...own, ...BROWSER_KEYS].map(({ id, keys }) =>
    h(
      'div',
      { class: 'key-row' },
      h('dt', null, t(`command.${id}`)),
      h(
        'dd',
        null,
        keys.map((each) => h('kbd', null, shownKeys(each))),
      ),
    ),
  );
}
