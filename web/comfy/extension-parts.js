/** What an extension of ComfyUI's editor declares as data: commands, keys, settings, tabs. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { ComfyExtension, ComfyKeybinding, ComfySetting, ComfyTab } from '../types/comfy.d.ts' */
/** @import { Preference } from '../types/app.d.ts' */

/**
 * @param {Application} editor
 * @param {string} pack
 * @param {ComfyExtension} extension
 * @param {(tab: ComfyTab) => void} addTab
 */
export function registerParts(editor, pack, { commands = [], keybindings = [], settings = [], bottomPanelTabs = [] }, addTab) {
  for (const { id, label = id, function: run } of commands) {
    const keys = keybindings.filter(({ commandId }) => commandId === id).map(combination);
    editor.commands.set(id, { id, keys, title: () => label, run: () => guarded(editor, pack, run) });
  }
  for (const setting of settings) addSetting(editor, pack, setting);
  for (const tab of bottomPanelTabs) addTab(tab);
}

/** @param {Application} editor @param {string} pack @param {(...values: unknown[]) => unknown} run @param {...unknown} values */
async function guarded(editor, pack, run, ...values) {
  try {
    await run(...values);
  } catch (error) {
    editor.reportPack(pack, error);
  }
}

/** @param {ComfyKeybinding} binding */
function combination({ combo: { alt, ctrl, key, meta, shift } }) {
  const named = key.length === 1 ? key.toUpperCase() : key;
  return [(ctrl || meta) && 'Mod', alt && 'Alt', shift && 'Shift', named].filter(Boolean).join('+');
}

/** @param {Application} editor @param {string} pack @param {ComfySetting} setting */
function addSetting(editor, pack, setting) {
  const preference = preferenceOf(setting);
  if (!preference || editor.preferences.all.peek().some(({ id }) => id === setting.id)) return;
  editor.preferences.define(preference);
  const { onChange } = setting;
  if (!onChange) return;
  const value = editor.preferences.of(setting.id);
  let before = value.peek();
  void guarded(editor, pack, onChange, before, undefined);
  value.subscribe((now) => {
    void guarded(editor, pack, onChange, now, before);
    before = now;
  });
}

/** @param {ComfySetting} setting @returns {Preference | null} null for kinds that the settings dialog does not have */
function preferenceOf({ id, name, type, defaultValue, options = [], attrs = {} }) {
  const about = { id, title: () => name };
  if (type === 'boolean') return { ...about, kind: 'toggle', default: Boolean(defaultValue) };
  if (type === 'number' || type === 'slider') {
    const { min, max, step } = attrs;
    const limits = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }), ...(step === undefined ? {} : { step }) };
    return { ...about, kind: 'number', default: Number(defaultValue ?? 0), ...limits };
  }
  if (type === 'combo') {
    const choices = options.map((option) => (typeof option === 'string' ? option : String(option.value ?? option.text)));
    return { ...about, kind: 'choice', default: String(defaultValue ?? choices[0] ?? ''), choices };
  }
  return type === 'text' ? { ...about, kind: 'text', default: String(defaultValue ?? '') } : null;
}
