/** The marks that packs put beside a node's title. */

import { fill, h } from '../ui/dom.js';

/** @import {Editor} from '../types/editor.d.ts' */
/** @import {GraphNode} from '../types/document.d.ts' */

/**
 * @param {HTMLElement} element
 * @param {Editor} editor
 * @param {Readonly<GraphNode>} node
 */
export function showMarks(element, editor, node) {
  const marks = editor.decorations.peek().flatMap((decorate) => decorate(node) ?? []);
  element.hidden = marks.length === 0;
  fill(
    element,
    marks.map(({ badge = '•', tip, tone = 'neutral' }) => h('span', { class: `node-mark ${tone}`, 'data-tip': tip }, badge)),
  );
}
