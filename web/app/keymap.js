/** Keys to commands: the page's only key listener. */

import { isTyping } from '../ui/dom.js';
import { normalKeys, runsWhileTyping } from './key-map.js';

/** @import { Application } from '../types/app.d.ts' */

export const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '');
/** Keys that mean something to a focused button or link. */
const CONTROL_KEYS = new Set(['Enter', ' ', 'Tab']);
/** Signs of a Chinese keyboard that stand where these stand on an English one. */
const WIDE = new Map([
  ['。', '.'],
  ['、', '\\'],
]);

/**
 * A key press as commands name it, e.g. `Mod+Shift+Z`.
 * @param {Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>} event
 * @param {boolean} mac
 */
export function combination(event, mac) {
  const key = keyName(event);
  const mod = mac ? event.metaKey : event.ctrlKey;
  return normalKeys([mod && 'Mod', event.altKey && 'Alt', event.shiftKey && 'Shift', key].filter(Boolean).join('+'));
}

/** @param {Pick<KeyboardEvent, 'key' | 'code' | 'altKey'>} event */
function keyName({ key, code, altKey }) {
  const place = /^(?:Key|Digit)(.)$/.exec(code)?.[1];
  const sign = WIDE.get(key) ?? key.normalize('NFKC');
  // Alt makes other characters of letters on some keyboards, and some have no Latin letters: the place says which.
  if (place !== undefined && (altKey || (sign.length === 1 && sign > '~'))) return place;
  return sign.length === 1 ? sign.toUpperCase() : sign;
}

/** @type {Readonly<Record<string, string>>} */
const SIGNS = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', ' ': 'Space', Escape: 'Esc' };
/** @type {Readonly<Record<string, string>>} */
const PC_NAMES = { ...SIGNS, Mod: 'Ctrl', Delete: 'Del', PageUp: 'PgUp', PageDown: 'PgDn' };
/** @type {Readonly<Record<string, string>>} */
const MAC_NAMES = { ...SIGNS, Mod: '⌘', Alt: '⌥', Shift: '⇧', Enter: '↩', Backspace: '⌫', Tab: '⇥' };

/** @param {string} keys as commands name them @param {boolean} [mac] */
export function shownKeys(keys, mac = MAC) {
  const names = mac ? MAC_NAMES : PC_NAMES;
  // The plus sign is a key itself.
  const parts = keys.split(/\+(?!$)/);
  return parts.map((key) => names[key] ?? key).join(mac ? '' : '+');
}

/**
 * What a tooltip says of a command: its label and its first keys.
 * @param {Application} editor
 * @param {string} id
 * @param {string} [label]
 */
export function tipOf({ keys, t }, id, label = t(`command.${id}`)) {
  const [first] = keys.of(id);
  return first ? `${label} (${shownKeys(first)})` : label;
}

/**
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followKeys(editor) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.isComposing || event.key === 'Process') return;
    // Of a dialog that has lost its focus; Escape shall close it.
    if (document.querySelector(':modal')) return;
    const pressed = combination(event, MAC);
    const commands = editor.keys.commandsOf(pressed);
    // Several commands may share keys where only one of them can be done at a time.
    const command = commands.find((id) => editor.commands.get(id)?.enabled?.() !== false) ?? commands[0];
    if (command === undefined || belongsToFocus(event, pressed, command)) return;
    event.preventDefault();
    editor.execute(command);
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

/** @param {KeyboardEvent} event @param {string} pressed @param {string} command */
function belongsToFocus({ target, key }, pressed, command) {
  if (isTyping(target)) return !runsWhileTyping(pressed, command, MAC);
  if (!(target instanceof HTMLElement) || pressed !== key) return false;
  const inPanel = target.closest('#toolbar, #rail, #side, dialog, [role="menu"], .floating') !== null;
  if (CONTROL_KEYS.has(key)) return inPanel || target.closest('.node-widget') !== null;
  return inPanel && key === 'Escape';
}
