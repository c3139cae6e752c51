/** The widgets that a node may name, and the values of the one that it names. */

import { widgetTargets } from '../core/widget-targets.js';
import { rank } from './choice-search.js';

/** @import {Editor, WidgetHost} from '../types/editor.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */
/** @import {Words} from '../types/widgets.d.ts' */

const MOST_SHOWN = 60;

/** Jobs know nodes by their own titles, or by those of their types in English. @param {Editor} editor @param {NodeId} id */
export function targetsOf(editor, id) {
  const { document } = editor;
  return widgetTargets(document, id, (node) => {
    const spec = editor.spec(node);
    const inputs = document.nodes.get(node.id) === node ? editor.inputs(node) : (spec?.inputs ?? []);
    return { title: node.title ?? spec?.title ?? node.type, inputs };
  });
}

/**
 * The choices of the widget that another input of the node names, for a text with a list of values.
 *
 * @param {WidgetHost} host
 * @returns {Words}
 */
export function valueWords({ editor, input, node }) {
  return {
    wanted: () => true,
    atOnce: true,
    find: async (text, caret) => {
      const typed = typedValue(text, caret);
      if (!typed) return null;
      const target = editor.document.nodes.get(node)?.values[input.options.widgetValues ?? ''];
      const found = targetsOf(editor, node).find(({ name, place }) => target === name || target === place);
      const choices = (found && choicesOf(found.input)) ?? [];
      if (choices.includes(typed.letters)) return null;
      const left = choices.filter((choice) => !typed.others.has(choice));
      const names = (typed.letters === '' ? left : rank(left, typed.letters)).slice(0, MOST_SHOWN);
      return { start: typed.start, completions: names.map((name) => ({ kind: 'value', name })) };
    },
    written: ({ name }) => written(name),
    completed(_text, start, caret, { name }) {
      const end = start + written(name).length;
      return { start, end: caret, text: written(name), selectionStart: end, selectionEnd: end };
    },
  };
}

/** @param {import('../types/spec.d.ts').InputSpec} input */
const choicesOf = ({ choices, type }) => choices ?? (type === 'BOOLEAN' ? ['true', 'false'] : null);

/** As it stands among values that have commas between them. @param {string} name */
const written = (name) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/**
 * The value that is being typed, and the others of the text.
 *
 * @param {string} text
 * @param {number} caret
 * @returns {{ start: number, letters: string, others: Set<string> } | null} null in the middle of a value
 */
export function typedValue(text, caret) {
  const [value = '', letters = ''] = /"?([^",\n]*)$/.exec(text.slice(0, caret).replace(/^.*[,\n][ \t]*/s, '')) ?? [];
  const rest = text.slice(caret);
  if (!/^[ \t"]*(?:[,\n]|$)/.test(rest)) return null;
  const start = caret - value.length;
  const others = `${text.slice(0, start)},${rest}`.split(/[,\n]/).map((each) => each.trim().replace(/^"|"$/g, ''));
  return { start, letters, others: new Set(others) };
}
