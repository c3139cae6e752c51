/** The line that most widgets are: a name at the left, a control at the right. */

import { h } from '../ui/dom.js';

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
 * @param {WidgetHost} host
 * @param {string} kind a class name
 * @param {Props} props
 * @param {...Child} children what stands right of the name
 * @returns {HTMLDivElement}
 */
export function field(host, kind, props, ...children) {
  const label = labelOf(host);
  const tip = host.input.options.tooltip;
  return h(
    'div',
    { ...props, class: `widget widget-${kind}` },
    h('span', { class: 'widget-label', 'data-tip': tip ? `${label}\n${tip}` : null }, label),
    children,
  );
}
