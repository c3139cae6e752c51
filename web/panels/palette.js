/** The command palette: every command, setting, node and workflow by a few letters of its name, in either language. */

import { shownKeys } from '../app/keymap.js';
import { everyNode, placeOf } from '../core/every-node.js';
import { score } from '../core/search.js';
import { h } from '../ui/dom.js';
import { QuickList } from '../ui/quick-list.js';
import { loadStyle } from '../ui/stylesheet.js';
import { labelOf } from './key-map.js';
import { choiceTitle, titleOf } from './setting-row.js';

/** @import { Application, Preference } from '../types/app.d.ts' */

/** `names`: what it is found by, in every language. `weight`: of two that fit alike the heavier comes first. */
/**
 * @typedef {object} Entry
 * @property {string} key
 * @property {'command' | 'setting' | 'node' | 'workflow'} kind
 * @property {string} title
 * @property {readonly string[]} names
 * @property {number} weight
 * @property {string} [keys]
 * @property {string} [detail]
 * @property {boolean} [disabled]
 * @property {() => void} run
 */

const RECENT_KEY = 'safelight.palette';
const MOST_RECENT = 12;
const MOST_SHOWN = 80;

/** @param {Application} editor */
export async function openPalette(editor) {
  await loadStyle('palette');
  const recent = readRecent();
  const ownEntries = () => [...commandEntries(editor), ...settingEntries(editor)];
  let fixed = ownEntries();
  let nodes = nodeEntries(editor);
  /** @type {Entry[]} */
  let workflows = [];
  const { t } = editor;
  /** @type {QuickList<Entry>} */
  const list = new QuickList({
    label: t('command.view.palette'),
    placeholder: t('palette.placeholder'),
    none: t('palette.none'),
    find: (query) => (query === '' ? atFirst(fixed, recent) : found(query, [...fixed, ...workflows, ...nodes], recent)),
    row: (entry) => row(editor, entry),
    disabled: (entry) => entry.disabled === true,
    choose(entry) {
      remember(recent, entry.key);
      entry.run();
    },
  });
  list.open();
  await editor.attempt(async () => {
    const { locales, load } = editor.translator;
    // The page does not wait for the names in the other language: they may not be there yet.
    [workflows] = await Promise.all([workflowEntries(editor), ...locales.map(load)]);
    if (!list.element.isConnected) return;
    fixed = ownEntries();
    nodes = nodeEntries(editor);
    list.refresh();
  });
}

/** @param {Application} editor @param {Entry} entry */
const row = ({ t }, { kind, title, keys, detail }) => [
  h('span', { class: 'search-title' }, title),
  detail ? h('span', { class: 'search-id' }, detail) : null,
  h('span', { class: 'search-category' }, keys ? h('kbd', null, keys) : t(`palette.${kind}`)),
];

/** What was used last, then all commands. @param {readonly Entry[]} entries @param {readonly string[]} recent */
function atFirst(entries, recent) {
  const usable = entries.filter(({ disabled }) => !disabled);
  const used = recent.flatMap((key) => usable.find((entry) => entry.key === key) ?? []);
  const others = usable.filter((entry) => entry.kind === 'command' && !used.includes(entry));
  return [...used, ...others];
}

/** @param {string} query @param {readonly Entry[]} entries @param {readonly string[]} recent */
function found(query, entries, recent) {
  const points = (/** @type {Entry} */ entry) => {
    const best = Math.max(...entry.names.map((name) => score(query, name)));
    const used = recent.includes(entry.key) ? 1.15 : 1;
    return best * entry.weight * used * (entry.disabled ? 0.6 : 1);
  };
  const ranked = entries.map((entry) => ({ entry, points: points(entry) })).filter((each) => each.points > 0);
  ranked.sort((a, b) => b.points - a.points);
  // Letters that merely occur in order are a guess, for when there is nothing better.
  const least = (ranked[0]?.points ?? 0) * 0.3;
  return ranked.filter((each) => each.points >= least).slice(0, MOST_SHOWN).map(({ entry }) => entry);
}

/** @param {Application} editor @returns {Entry[]} */
function commandEntries(editor) {
  const { commands, keys, translator } = editor;
  return [...commands.values()]
    .filter(({ id }) => id !== 'view.palette')
    .map((command) => {
      const title = labelOf(editor, command.id);
      const [first] = keys.of(command.id);
      return {
        key: command.id,
        kind: 'command',
        title,
        names: [title, ...translator.all(`command.${command.id}`), command.id],
        weight: 1,
        ...(first ? { keys: shownKeys(first) } : {}),
        disabled: command.enabled?.() === false,
        run: () => editor.execute(command.id),
      };
    });
}

/** Toggles are switched, and each choice is an entry. @param {Application} editor @returns {Entry[]} */
function settingEntries(editor) {
  return editor.preferences.all.peek().flatMap((preference) => {
    if (preference.kind === 'toggle') return toggleEntry(editor, preference);
    if (preference.kind === 'choice') return choiceEntries(editor, preference);
    return [];
  });
}

/** @param {Application} editor @param {Preference} preference @returns {Entry} */
function toggleEntry(editor, preference) {
  const value = editor.preferences.of(preference.id);
  const title = titleOf(editor, preference);
  return {
    key: `setting ${preference.id}`,
    kind: 'setting',
    title,
    detail: editor.t(value.peek() === true ? 'palette.turn-off' : 'palette.turn-on'),
    names: [title, ...editor.translator.all(`setting.${preference.id}`)],
    weight: 0.9,
    run: () => value.set(value.peek() !== true),
  };
}

/** @param {Application} editor @param {Preference} preference @returns {Entry[]} */
function choiceEntries(editor, preference) {
  const value = editor.preferences.of(preference.id);
  const { all } = editor.translator;
  const title = titleOf(editor, preference);
  return (preference.choices ?? [])
    .filter((choice) => choice !== value.peek())
    .map((choice) => {
      const named = `${title}: ${choiceTitle(editor, preference, choice)}`;
      const choices = [...all(`setting.${preference.id}.${choice}`), ...all(`language.${choice}`)];
      return {
        key: `setting ${preference.id} ${choice}`,
        kind: 'setting',
        title: named,
        names: [named, ...choices, ...all(`setting.${preference.id}`)],
        weight: 0.9,
        run: () => value.set(choice),
      };
    });
}

/** @param {Application} editor @returns {Entry[]} */
function nodeEntries(editor) {
  return everyNode(editor.document.contents()).map(({ node, path }) => {
    const place = placeOf(path, node.id);
    const title = editor.nodeTitle(node);
    const spec = editor.spec(node);
    return {
      key: `node ${place}`,
      kind: 'node',
      title,
      detail: [`#${place}`, ...path.map(editor.nodeTitle)].join(' · '),
      names: [title, node.type, node.id, `#${node.id}`, ...(spec ? editor.typeNames(spec) : [])],
      weight: 0.85,
      run: () => editor.reveal([place]),
    };
  });
}

/** @param {Application} editor @returns {Promise<Entry[]>} */
async function workflowEntries(editor) {
  const { files, t } = editor;
  const [stored, templates] = await Promise.all([files.stored(), files.templates()]);
  /** @type {(key: string, title: string, detail: string, run: () => Promise<void>) => Entry} */
  const entry = (key, title, detail, run) => ({
    key,
    kind: 'workflow',
    title,
    detail,
    names: [title],
    weight: 0.88,
    run: () => void editor.attempt(run),
  });
  return [
    ...stored.map(({ path, name }) => entry(`file ${path}`, name, '', () => files.openStored(path))),
    ...templates.map(({ pack, name, title }) =>
      entry(`template ${pack} ${name}`, title, t('palette.template'), () => files.openTemplate(pack, name)),
    ),
  ];
}

/** @returns {string[]} keys of what was chosen, the newest first */
function readRecent() {
  try {
    const read = JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]');
    return Array.isArray(read) ? read.map(String) : [];
  } catch {
    return [];
  }
}

/** @param {readonly string[]} recent @param {string} key */
function remember(recent, key) {
  const kept = [key, ...recent.filter((each) => each !== key)].slice(0, MOST_RECENT);
  localStorage.setItem(RECENT_KEY, JSON.stringify(kept));
}
