/** The context menu of a widget: its own entries, its default, its value to copy and paste. */

import { setValue } from '../core/edits.js';
import { defaultValue } from '../core/spec.js';
import { bounded, numberOf, typedNumber } from './number-format.js';
import { tellBeside } from './told.js';

/** @import {Point, Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {InputSpec, Json} from '../types/spec.d.ts' */
/** @import {MenuEntry} from '../types/ui.d.ts' */

/**
 * @param {WidgetHost} host
 * @param {Widget} widget
 * @param {Point} client
 */
export function openWidgetMenu(host, widget, client) {
  const { editor, input, node } = host;
  const own = widget.menu?.() ?? [];
  const general = generalEntries(host, widget);
  const entries = own.length > 0 ? [...own, /** @type {const} */ ('separator'), ...general] : general;
  editor.openMenu(client, { kind: 'node', id: node, widget: { input: input.name, entries } });
}

/**
 * @param {WidgetHost} host
 * @param {Widget} widget
 * @returns {MenuEntry[]}
 */
function generalEntries(host, widget) {
  const { editor, input, node } = host;
  const { t } = editor;
  const present = editor.document.nodes.get(node)?.values[input.name] ?? null;
  const normal = defaultValue(input);
  const write = (/** @type {Json} */ value) => editor.perform(setValue(node, input.name, value));
  return [
    {
      label: t('widget.menu.reset'),
      icon: 'undo',
      disabled: Object.is(present, normal),
      run: () => write(normal),
    },
    { label: t('widget.menu.copy'), icon: 'copy', run: () => void editor.attempt(() => copyText(String(present ?? ''))) },
    { label: t('widget.menu.paste'), icon: 'paste', run: () => void editor.attempt(paste) },
  ];

  async function paste() {
    const text = await navigator.clipboard.readText();
    const value = readValue(input, text, present);
    if (value === null) tellBeside(widget.element, t('widget.menu.cannot_paste', { text: shortened(text) }));
    else write(value);
  }
}

/** @param {string} text */
const copyText = (text) => navigator.clipboard.writeText(text);

/** @param {string} text */
const shortened = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/**
 * What a copied text is as a value of an input.
 *
 * @param {InputSpec} input
 * @param {string} text
 * @param {Json} present
 * @returns {Json} null when it is none
 */
export function readValue(input, text, present) {
  const plain = text.trim();
  if (input.choices) return input.choices.includes(plain) ? plain : null;
  if (input.type === 'BOOLEAN') {
    if (/^(true|yes|on|1)$/i.test(plain)) return true;
    return /^(false|no|off|0)$/i.test(plain) ? false : null;
  }
  if (input.type === 'INT' || input.type === 'FLOAT') {
    const typed = typedNumber(input, plain, numberOf(input, present));
    return typed === null ? null : bounded(input, typed);
  }
  return input.options.multiline ? text : text.replace(/\s*\n\s*/g, ' ');
}
