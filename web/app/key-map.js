/** Which keys run which commands: the commands' own, or what the user has put in their place. */

/** @import { KeyMap } from '../types/keys.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** The browser fires `copy`, `cut` and `paste` for these, and nobody can change that. */
export const FIXED_KEYS = new Map([
  ['edit.copy', ['Mod+C']],
  ['edit.cut', ['Mod+X']],
  ['edit.paste', ['Mod+V']],
  ['edit.paste-linked', ['Mod+Shift+V']],
]);

/** Combinations that a browser keeps for itself: the page never hears of them. */
const NEVER_HEARD = new Set(
  ['N', 'T', 'W', 'Shift+N', 'Shift+T', 'Shift+W', 'Tab', 'Shift+Tab', 'PageUp', 'PageDown'].map((keys) => `Mod+${keys}`),
);
/** Combinations that people know from their browser and would miss. */
const KNOWN = new Set(
  ['R', 'Shift+R', 'L', 'P', 'J', 'H', 'U', 'Shift+I', 'Shift+J', 'Shift+C', 'Shift+Delete', '+', '-', '0', ...'123456789']
    .map((keys) => `Mod+${keys}`)
    .concat('F5', 'F11', 'F12', 'Alt+F4', 'Alt+ArrowLeft', 'Alt+ArrowRight', 'Alt+D'),
);
/** A sign that is no letter and no digit, with Shift. */
const SHIFTED = /Shift\+([^A-Z0-9 ])$/;

/**
 * Keys in the one form in which they are compared: a sign that needs Shift on one keyboard and none on another has none.
 * @param {string} keys
 */
export const normalKeys = (keys) => keys.replace(SHIFTED, '$1');

/**
 * What a combination costs.
 * @param {string} keys
 * @returns {'never' | 'browser' | null} `never`: the browser keeps it; `browser`: something of the browser is lost
 */
export function reserved(keys) {
  if (NEVER_HEARD.has(keys)) return 'never';
  return KNOWN.has(keys) ? 'browser' : null;
}

/**
 * Whether keys run a command while the user writes in a field: only with Ctrl or as a function key, never what edits the
 * text, and never what edits the graph.
 * @param {string} keys
 * @param {string} command
 * @param {boolean} [mac] where Alt makes other letters
 */
export function runsWhileTyping(keys, command, mac = false) {
  if (command.startsWith('edit.')) return false;
  if (keys.startsWith('Alt+') && /^((tab|file)\.|view\.versions$)/.test(command)) return !mac || /\+Page(Up|Down)$/.test(keys);
  if (/^(Shift\+)?F\d+$/.test(keys)) return true;
  if (!keys.includes('Mod+')) return false;
  return keys.endsWith('+Enter') || !/^Mod\+(Shift\+)?(A|C|V|X|Y|Z|Arrow\w+|Backspace|Delete|Home|End|Tab)$/.test(keys);
}

/**
 * @param {ReadonlyMap<string, Command>} commands
 * @param {Signal<Json>} changed what the user has changed: keys by the ids of commands
 * @returns {KeyMap}
 */
export function createKeyMap(commands, changed) {
  const own = (/** @type {string} */ id) => (commands.get(id)?.keys ?? []).map(normalKeys);
  const overrides = () => record(changed.get());
  /** @param {string} id */
  function of(id) {
    const keys = overrides()[id];
    return Array.isArray(keys) ? keys.map(String) : own(id);
  }
  return {
    of,
    own,
    isChanged: (id) => id in overrides(),
    anyChanged: () => Object.keys(overrides()).length > 0,
    commandsOf: (keys) => [...commands.keys()].filter((id) => of(id).includes(keys)),
    set(id, keys) {
      const { [id]: _before, ...others } = record(changed.peek());
      const wanted = [...new Set(keys.map(normalKeys))];
      const same = wanted.length === own(id).length && wanted.every((each, index) => own(id)[index] === each);
      changed.set(same ? others : { ...others, [id]: wanted });
    },
    reset(id) {
      const { [id]: _before, ...others } = record(changed.peek());
      changed.set(others);
    },
    resetAll: () => changed.set({}),
  };
}

/** @param {Json} value @returns {{ [key: string]: Json }} */
const record = (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});
