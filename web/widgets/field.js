/** The line that most widgets are: a name at the left, a control at the right. */

import { h } from '../ui/dom.js';
import { rangeOf } from './number-format.js';

/** @import {WidgetHost} from '../types/editor.d.ts' */
/** @import {Child, Props} from '../types/ui.d.ts' */

/**
 * The input's name in the user's language.
 *
 * @param {WidgetHost} host
 * @returns {string}
 */
export function labelOf(host) {
  const node = host.editor.document.nodes.get(host.node);
  return host.editor.inputLabel(node?.type ?? '', host.input.name);
}

/**
 * What a widget says of itself: its name, what its node's docstring says of it, its range.
 *
 * @param {WidgetHost} host
 * @returns {string}
 */
export function explanationOf(host) {
  const { editor, input } = host;
  const lines = [labelOf(host), input.options.tooltip ?? ''];
  if (input.type === 'INT' || input.type === 'FLOAT') {
    const { least, most } = rangeOf(input);
    if (least !== null && most !== null) lines.push(editor.t('widget.number.between', { least, most }));
    else if (least !== null) lines.push(editor.t('widget.number.least', { least }));
    else if (most !== null) lines.push(editor.t('widget.number.most', { most }));
  }
  return lines.filter((line) => line !== '').join('\n');
}

/**
 * @param {WidgetHost} host
 * @param {string} kind a class name
 * @param {Props} props
 * @param {...Child} children what stands right of the name
 * @returns {HTMLDivElement}
 */
export function field(host, kind, props, ...children) {
  return h(
    'div',
    { ...props, class: `widget widget-${kind}` },
    h('span', { class: 'widget-label', 'data-tip': explanationOf(host) }, labelOf(host)),
    children,
  );
}
