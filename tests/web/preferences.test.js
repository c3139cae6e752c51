import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { themeOf } from '../../web/app/appearance.js';
import { createTranslator } from '../../web/app/i18n.js';
import { PREFERENCES } from '../../web/app/preference-table.js';
import { createPreferences, stored } from '../../web/app/preferences.js';
import { syncPreferences } from '../../web/app/preference-sync.js';
import { signal } from '../../web/core/signal.js';

const storage = (kept = {}) => ({ kept, getItem: (key) => kept[key] ?? null, setItem: (key, text) => void (kept[key] = text) });
const texts = (locale) => JSON.parse(readFileSync(new URL(`../../web/locales/${locale}.json`, import.meta.url), 'utf8'));
const THEME = 'safelight.setting.appearance.theme';

test('what is set is kept, and what was kept and does not fit is not taken', () => {
  const place = storage();
  const preferences = createPreferences(place);
  preferences.of('appearance.theme').set('light');
  preferences.of('appearance.scale').set(120);
  assert.equal(createPreferences(place).of('appearance.theme').peek(), 'light');
  assert.equal(createPreferences(place).of('appearance.scale').peek(), 120);
  for (const text of ['"pink"', '7', 'null', '{', '[]']) {
    assert.equal(createPreferences(storage({ [THEME]: text })).of('appearance.theme').peek(), 'system', text);
  }
  assert.equal(stored(storage({ [THEME]: '{' }), 'appearance.theme'), null);
});

test('a storage that is full stops nobody', () => {
  const full = { getItem: () => null, setItem: () => assert.ok(false, 'full') };
  const preferences = createPreferences({ ...full, setItem: () => { throw new Error('full'); } });
  preferences.of('appearance.theme').set('dark');
  assert.equal(preferences.of('appearance.theme').peek(), 'dark');
});

test('packs offer settings, and take them back', () => {
  const preferences = createPreferences(storage());
  const end = preferences.define({ id: 'pack.wide', kind: 'toggle', default: false });
  assert.throws(() => preferences.define({ id: 'pack.wide', kind: 'toggle', default: false }));
  preferences.of('pack.wide').set(true);
  end();
  assert.throws(() => preferences.of('pack.wide'));
});

test('what another browser has set is taken over if it fits, and told to nobody', () => {
  const preferences = createPreferences(storage());
  const told = [];
  preferences.onSet((id) => told.push(id));
  preferences.adopt('appearance.theme', 'light', 1000);
  preferences.adopt('appearance.scale', 'wide', 1000);
  preferences.adopt('nothing.known', true, 1000);
  assert.deepEqual([preferences.of('appearance.theme').peek(), preferences.setAt('appearance.theme'), told], ['light', 1000, []]);
  assert.equal(preferences.of('appearance.scale').peek(), 100);
  preferences.of('appearance.theme').set('dark');
  assert.deepEqual(told, ['appearance.theme']);
  assert.ok(preferences.setAt('appearance.theme') > 1000);
});

/** A browser, whose changes are at once on the server. */
function browser(settings) {
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const window = new EventTarget();
  for (const name of ['addEventListener', 'removeEventListener']) globalThis[name] = window[name].bind(window);
  const preferences = createPreferences(storage());
  const client = { settings: async () => settings, changeSettings: async (changes) => void Object.assign(settings, changes) };
  const sync = syncPreferences({ client, preferences, run: { connection: signal('open') } });
  return { preferences, sync, leave: () => window.dispatchEvent(new Event('pagehide')) };
}

test('a setting goes with the user to another browser, and the newest holds', async () => {
  const settings = {};
  const first = browser(settings);
  await first.sync.first;
  first.preferences.of('appearance.theme').set('light');
  first.leave();
  first.sync.end();
  const second = browser(settings);
  second.preferences.adopt('appearance.theme', 'dark', 1);
  await second.sync.first;
  assert.equal(second.preferences.of('appearance.theme').peek(), 'light');
  second.sync.end();
  const third = browser(settings);
  third.preferences.adopt('appearance.theme', 'contrast', Date.now() + 1000);
  await third.sync.first;
  third.leave();
  assert.equal(settings['editor.appearance.theme'].value, 'contrast');
  third.sync.end();
});

test('every setting that is shown has a name, an explanation, and names of its choices', () => {
  for (const locale of ['en', 'zh-CN']) {
    const { has } = createTranslator(new Map([[locale, texts(locale)]]), locale);
    const wanted = PREFERENCES.filter(({ kind }) => kind !== 'record').flatMap(({ id, choices = [] }) => [
      `setting.${id}`,
      `setting.${id}.help`,
      `setting.group.${id.split('.')[0]}`,
      ...(id === 'appearance.language' ? [] : choices.map((choice) => `setting.${id}.${choice}`)),
    ]);
    assert.deepEqual(wanted.filter((key) => !has(key)), [], locale);
  }
});

test('the system decides the theme unless the user has', () => {
  const system = (...queries) => (query) => queries.some((each) => query.includes(each));
  assert.equal(themeOf('system', system()), 'dark');
  assert.equal(themeOf('system', system('light')), 'light');
  assert.equal(themeOf('system', system('light', 'more')), 'contrast');
  assert.equal(themeOf('light', system('more')), 'light');
});

test('a language that comes later does not touch what is shown in another', async () => {
  const later = { 'zh-CN': { a: '甲', 'node.X.title': '某' } };
  const translator = createTranslator(new Map([['en', { a: 'A' }]]), 'en', async (locale) => later[locale] ?? {});
  await translator.load('zh-CN');
  assert.deepEqual([translator.t('a'), translator.all('node.X.title')], ['A', ['某']]);
  translator.locale.set('zh-CN');
  assert.equal(translator.t('a'), '甲');
});
