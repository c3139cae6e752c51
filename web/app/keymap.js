/** Keys to commands: the page's only key listener. */

import { isTyping } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */

const MAC = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? '');
/** Keys that mean something to a focused button or link. */
const CONTROL_KEYS = new Set(['Enter', ' ', 'Tab']);

/**
 * A key press as commands name it, e.g. `Mod+Shift+Z`.
 * @param {Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>} event
 * @param {boolean} mac
 */
export function combination(event, mac) {
  // Alt makes other characters of letters on some keyboards: the key's own place says which was meant.
  const named = event.altKey && /^(Key|Digit)/.test(event.code) ? event.code.replace(/^(Key|Digit)/, '') : event.key;
  const key = named.length === 1 ? named.toUpperCase() : named;
  const mod = mac ? event.metaKey : event.ctrlKey;
  return [mod && 'Mod', event.altKey && 'Alt', event.shiftKey && 'Shift', key].filter(Boolean).join('+');
}

/** @param {string} keys as commands name them @param {boolean} [mac] */
export function shownKeys(keys, mac = MAC) {
  const names = mac
    ? { Mod: '⌘', Alt: '⌥', Shift: '⇧', Enter: '↩', Backspace: '⌫' }
    : { Mod: 'Ctrl', Alt: 'Alt', Shift: 'Shift', Delete: 'Del' };
  const shown = keys.split('+').map((key) => (key in names ? names[/** @type {keyof names} */ (key)] : key));
  return shown.join(mac ? '' : '+');
}

/**
 * What a tooltip says of a command: its label and its first keys.
 * @param {Application} editor
 * @param {string} id
 * @param {string} [label]
 */
export function tipOf({ commands, t }, id, label = t(`command.${id}`)) {
  const [keys] = commands.get(id)?.keys ?? [];
  return keys ? `${label} (${shownKeys(keys)})` : label;
}

/**
 * @param {Application} editor
 * @returns {() => void} ends it
 */
export function followKeys(editor) {
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const pressed = combination(event, MAC);
    const command = [...editor.commands.values()].find((each) => each.keys.includes(pressed));
    if (!command || belongsToFocus(event, pressed)) return;
    event.preventDefault();
    editor.execute(command.id);
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

/** @param {KeyboardEvent} event @param {string} pressed */
function belongsToFocus({ target, key }, pressed) {
  const running = pressed.endsWith('+Enter') || pressed === 'Mod+S' || pressed === 'Mod+Shift+S' || pressed === 'Mod+O';
  if (isTyping(target)) return !running;
  if (!(target instanceof HTMLElement) || pressed !== key) return false;
  const inPanel = target.closest('#toolbar, #rail, #side, dialog, [role="menu"]') !== null;
  return inPanel && (CONTROL_KEYS.has(key) || key === 'Escape');
}
