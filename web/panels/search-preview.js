/** What a node of a type looks like, and what it does: beside the list of the search. */

import { categoryToken, typeToken } from '../canvas/palette.js';
import { fits } from '../core/compatible.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { LinkType } from '../core/search.js' */

/** So many inputs are shown; a node of a pack may have any number. */
const MOST_ROWS = 12;

/**
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {LinkType | null} link what it is searched for: sockets that take it stand out
 */
export function previewNode(editor, spec, link) {
  const { t } = editor;
  const takes = link && 'output' in link ? link.output : null;
  const gives = link && 'input' in link ? link.input : null;
  const inputs = spec.inputs.slice(0, MOST_ROWS).map((input) => {
    const marked = takes !== null && fits(takes, input.type);
    return row('input', editor.inputLabel(spec.type, input.name), input.type, input.widget, marked);
  });
  const outputs = spec.outputs.map((output) => {
    return row('output', output.name, output.type, false, gives !== null && fits(output.type, gives));
  });
  const more = spec.inputs.length - inputs.length;
  const pack = packOf(spec);
  return [
    h(
      'div',
      { class: 'preview-node', 'aria-hidden': 'true', style: { '--stripe': `var(${categoryToken(spec.category)})` } },
      h('div', { class: 'preview-title' }, editor.typeTitle(spec)),
      h('div', { class: 'preview-rows' }, outputs, inputs),
      more > 0 ? h('div', { class: 'preview-more' }, t('search.more-inputs', { count: more })) : null,
    ),
    h('p', { class: 'preview-about' }, firstParagraph(editor.typeDescription(spec))),
    h(
      'p',
      { class: 'preview-origin' },
      [editor.typeCategory(spec), pack ? t('search.pack', { pack }) : ''].filter((part) => part !== '').join(' · '),
    ),
    spec.deprecated ? h('p', { class: 'preview-note' }, t('search.deprecated')) : null,
    spec.experimental ? h('p', { class: 'preview-note' }, t('search.experimental')) : null,
  ];
}

/**
 * @param {'input' | 'output'} side
 * @param {string} label
 * @param {string} type
 * @param {boolean} widget
 * @param {boolean} marked
 */
const row = (side, label, type, widget, marked) =>
  h(
    'div',
    { class: `preview-row ${side}${widget ? ' field' : ''}${marked ? ' marked' : ''}`, style: { '--type': `var(${typeToken(type)})` } },
    widget ? null : h('i', { class: 'preview-dot' }),
    h('span', null, label),
    widget || label.toUpperCase() === type ? null : h('span', { class: 'preview-type' }, type),
  );

/** @param {NodeSpec} spec @returns {string} the name of the pack; empty for the program's own nodes */
function packOf({ module }) {
  const [first, second] = module.split('.');
  return first === 'custom_nodes' ? (second ?? '') : '';
}

/** @param {string} text */
const firstParagraph = (text) => text.split('\n\n')[0]?.trim() ?? '';
