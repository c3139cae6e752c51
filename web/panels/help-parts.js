/** Parts of a node's help: its text, its inputs and its outputs. */

import { typeToken } from '../canvas/palette.js';
import { outputName } from '../app/names.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

const MOST_CHOICES = 24;
/** A default that is longer is text, and not worth its place. */
const MOST_LETTERS = 40;

/** Paragraphs, lists and code, as docstrings have them. @param {string} text */
export function prose(text) {
  const blocks = text.trim().split(/\n\s*\n/);
  return blocks.map((block) => {
    const lines = block.split('\n').map((line) => line.trim());
    if (lines.every((line) => /^[-*] /.test(line))) return h('ul', null, lines.map((line) => h('li', null, withCode(line.slice(2)))));
    return h('p', null, withCode(lines.join(' ')));
  });
}

/** @param {string} line @returns {Child} */
const withCode = (line) => line.split(/`+/).map((part, index) => (index % 2 === 1 ? h('code', null, part) : part));

/** @param {Application} editor @param {NodeSpec} spec */
export function inputList(editor, spec) {
  const inputs = spec.variadic ? [...spec.inputs, { ...spec.variadic, name: '…' }] : spec.inputs;
  if (inputs.length === 0) return null;
  return h(
    'section',
    null,
    h('h4', null, editor.t('help.inputs')),
    h(
      'dl',
      { class: 'help-ports' },
      inputs.map((input) =>
        h(
          'div',
          { class: 'help-port' },
          h('dt', null, dot(input.type), h('span', null, editor.inputLabel(spec.type, input.name)), h('span', { class: 'help-type' }, typeName(input))),
          h('dd', null, input.options.tooltip ? h('p', null, withCode(input.options.tooltip)) : null, limits(editor, input)),
        ),
      ),
    ),
  );
}

/** @param {InputSpec} input */
const typeName = ({ type, options }) => (options.is_list ? `${type} []` : type);

/** Its range, its default, its choices. @param {Application} editor @param {InputSpec} input */
function limits({ t }, input) {
  const { options, choices, required } = input;
  const said = [];
  if (!required && !input.widget) said.push(t('help.optional'));
  if (options.min !== undefined && options.max !== undefined) said.push(t('help.range', { min: short(options.min), max: short(options.max) }));
  else if (options.min !== undefined) said.push(t('help.from', { min: short(options.min) }));
  else if (options.max !== undefined) said.push(t('help.up-to', { max: short(options.max) }));
  if (options.step !== undefined) said.push(t('help.step', { step: options.step }));
  const { default: otherwise } = options;
  if (otherwise !== undefined && otherwise !== '' && String(otherwise).length <= MOST_LETTERS) said.push(t('help.default', { value: String(otherwise) }));
  const named = choices && !options.files ? choices.slice(0, MOST_CHOICES) : [];
  return [
    said.length > 0 ? h('p', { class: 'help-limits' }, said.join(' · ')) : null,
    named.length > 0
      ? h('p', { class: 'help-limits' }, named.flatMap((each, index) => [index > 0 ? ', ' : '', h('code', null, each)]), choices && choices.length > named.length ? ' …' : '')
      : null,
  ];
}

/** Limits that only computers need are said shorter. @param {number} value */
const short = (value) => (Math.abs(value) >= 1e9 ? value.toExponential(1).replace('e+', 'e') : String(value));

/** @param {Application} editor @param {NodeSpec} spec */
export function outputList(editor, spec) {
  if (spec.outputs.length === 0) return null;
  return h(
    'section',
    null,
    h('h4', null, editor.t('help.outputs')),
    h(
      'dl',
      { class: 'help-ports' },
      spec.outputs.map((output, index) =>
        h(
          'div',
          { class: 'help-port' },
          h('dt', null, dot(output.type), h('span', null, outputName(editor.translator, spec.aliasOf ?? spec.type, index, output.name)), h('span', { class: 'help-type' }, output.list ? `${output.type} []` : output.type)),
        ),
      ),
    ),
  );
}

/** @param {string} type */
const dot = (type) => h('span', { class: 'outline-dot', 'aria-hidden': 'true', style: { '--type': `var(${typeToken(type)})` } });
