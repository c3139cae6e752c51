/** The keys of every command, to be seen and to be changed: a page of the settings. */

import { FIXED_KEYS, reserved } from '../app/key-map.js';
import { combination, MAC, shownKeys } from '../app/keymap.js';
import { score } from '../core/search.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** What is being done: keys are waited for, or have been pressed and cost something. */
/** @typedef {{ id: string, keys: string | null } | null} Recording */

const MODIFIERS = new Set(['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Fn']);

/** Commands by what they are about, in an order of its own. @param {Application} editor @param {string} query */
export function commandGroups({ commands, t, translator, keys }, query) {
  const order = ['file', 'tab', 'edit', 'select', 'nudge', 'align', 'group', 'subgraph', 'view', 'run', 'picture'];
  /** @type {Map<string, string[]>} */
  const groups = new Map(order.map((name) => [name, []]));
  for (const id of commands.keys()) {
    const names = [labelOf({ commands, t, translator }, id), ...translator.all(`command.${id}`), ...keys.of(id).map((each) => shownKeys(each))];
    if (query !== '' && !names.some((name) => score(query, name) > 20)) continue;
    const group = id.split('.')[0] ?? '';
    groups.set(group, [...(groups.get(group) ?? []), id]);
  }
  return [...groups]
    .filter(([, ids]) => ids.length > 0)
    .map(([group, ids]) => ({ title: groupTitle({ t, translator }, group), ids }));
}

/** @param {Pick<Application, 't' | 'translator'>} editor @param {string} group */
function groupTitle({ t, translator }, group) {
  return translator.has(`keys.group.${group}`) ? t(`keys.group.${group}`) : group;
}

/** @param {Pick<Application, 'commands' | 't' | 'translator'>} editor @param {string} id */
export function labelOf({ commands, t }, id) {
  return commands.get(id)?.title?.() ?? t(`command.${id}`);
}

/**
 * @param {Application} editor
 * @param {string} query only commands that it finds
 * @returns {HTMLElement | null} null when there are none
 */
export function keyMapRows(editor, query) {
  if (commandGroups(editor, query).length === 0) return null;
  const recording = signal(/** @type {Recording} */ (null));
  const host = h('div', { class: 'key-map' });
  effect(() => {
    const groups = commandGroups(editor, query);
    fill(
      host,
      h('p', { class: 'settings-note' }, editor.t('keys.note')),
      groups.map(({ title, ids }) =>
        h('section', { 'aria-label': title }, h('h4', null, title), ids.map((id) => keyRow(editor, id, recording))),
      ),
    );
    if (recording.get()) queueMicrotask(() => /** @type {HTMLElement | null} */ (host.querySelector('.key-recorder, .key-question button'))?.focus());
  });
  return host;
}

/** @param {Application} editor @param {string} id @param {Signal<Recording>} recording */
function keyRow(editor, id, recording) {
  const { keys, t } = editor;
  const label = labelOf(editor, id);
  const now = recording.get();
  const mine = now?.id === id ? now : null;
  const fixed = (FIXED_KEYS.get(id) ?? []).map((each) => h('kbd', { 'data-tip': t('keys.fixed') }, shownKeys(each)));
  return h(
    'div',
    { class: 'key-row', 'data-command': id },
    h('span', { class: 'key-label' }, label),
    h(
      'div',
      { class: 'key-chips' },
      fixed,
      keys.of(id).map((each) => chip(editor, id, each)),
      mine?.keys === null ? recorder(editor, id, recording) : addButton(editor, id, recording),
      keys.isChanged(id)
        ? iconButton('undo', `${t('settings.reset')}: ${label}`, t('settings.reset'), () => keys.reset(id))
        : h('span', { class: 'icon-button small', 'aria-hidden': 'true' }),
    ),
    mine && mine.keys !== null ? question(editor, id, mine.keys, recording) : null,
  );
}

/** @param {string} picture @param {string} label @param {string} tip @param {() => void} run */
const iconButton = (picture, label, tip, run) =>
  h('button', { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': tip, onclick: run }, icon(picture));

/** @param {Application} editor @param {string} id @param {string} each */
function chip(editor, id, each) {
  const { keys, t } = editor;
  const others = othersWith(editor, id, each);
  const shown = shownKeys(each);
  return h(
    'span',
    { class: others.length > 0 ? 'key-chip shared' : 'key-chip' },
    h('kbd', { 'data-tip': others.length > 0 ? t('keys.also', { names: names(editor, others) }) : null }, shown),
    h(
      'button',
      {
        class: 'key-remove',
        type: 'button',
        'aria-label': t('keys.remove', { keys: shown, command: labelOf(editor, id) }),
        onclick: () => keys.set(id, keys.of(id).filter((other) => other !== each)),
      },
      icon('close'),
    ),
  );
}

/** @param {Application} editor @param {string} id @param {Signal<Recording>} recording */
function addButton(editor, id, recording) {
  const label = editor.t('keys.add', { command: labelOf(editor, id) });
  return iconButton('add', label, editor.t('keys.add-tip'), () => recording.set({ id, keys: null }));
}

/** @param {Application} editor @param {string} id @param {string} keys */
function othersWith({ keys: map }, id, keys) {
  const fixed = [...FIXED_KEYS].filter(([, own]) => own.includes(keys)).map(([other]) => other);
  return [...new Set([...map.commandsOf(keys), ...fixed])].filter((other) => other !== id);
}

/** @param {Application} editor @param {readonly string[]} ids */
const names = (editor, ids) => ids.map((each) => labelOf(editor, each)).join(', ');

/** Waits for keys. @param {Application} editor @param {string} id @param {Signal<Recording>} recording */
function recorder(editor, id, recording) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || MODIFIERS.has(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return finish(id, recording);
    const keys = combination(event, MAC);
    if (othersWith(editor, id, keys).length > 0 || reserved(keys)) recording.set({ id, keys });
    else take(editor, id, keys, recording);
  };
  const stop = () => {
    if (recording.peek()?.id === id && recording.peek()?.keys === null) recording.set(null);
  };
  return h(
    'button',
    { class: 'key-recorder', type: 'button', onkeydown: onKey, onblur: stop, 'aria-label': editor.t('keys.press') },
    editor.t('keys.press'),
  );
}

/** @param {Application} editor @param {string} id @param {string} keys @param {Signal<Recording>} recording */
function take(editor, id, keys, recording) {
  editor.keys.set(id, [...editor.keys.of(id), keys]);
  finish(id, recording);
}

/** @param {string} id @param {Signal<Recording>} recording */
function finish(id, recording) {
  recording.set(null);
  const row = document.querySelector(`.key-map [data-command="${CSS.escape(id)}"]`);
  /** @type {HTMLElement | null | undefined} */ (row?.querySelector('.key-chips > .icon-button'))?.focus();
}

/**
 * The keys are another command's, or the browser's: what shall be done?
 * @param {Application} editor
 * @param {string} id
 * @param {string} keys
 * @param {Signal<Recording>} recording
 */
function question(editor, id, keys, recording) {
  const { t } = editor;
  const map = editor.keys;
  const others = othersWith(editor, id, keys);
  const movable = others.filter((other) => map.of(other).includes(keys));
  const cost = reserved(keys);
  const shown = shownKeys(keys);
  const move = () => {
    for (const other of movable) map.set(other, map.of(other).filter((each) => each !== keys));
    take(editor, id, keys, recording);
  };
  const button = (/** @type {string} */ text, /** @type {() => void} */ run, kind = 'button') =>
    h('button', { class: kind, type: 'button', onclick: run }, text);
  return h(
    'div',
    { class: 'key-question', role: 'group', 'aria-label': t('keys.conflict') },
    others.length > 0 ? h('p', null, icon('warning'), t('keys.taken', { keys: shown, names: names(editor, others) })) : null,
    cost ? h('p', null, icon('warning'), t(`keys.reserved.${cost}`, { keys: shown })) : null,
    h(
      'div',
      { class: 'key-answers' },
      movable.length > 0 ? button(t('keys.move'), move, 'button primary') : null,
      button(t(others.length > 0 ? 'keys.both' : 'keys.anyway'), () => take(editor, id, keys, recording)),
      button(t('ui.cancel'), () => finish(id, recording)),
    ),
  );
}
