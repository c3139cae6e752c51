/** What the element of a node has for subgraphs: the way into an instance, the look of borders, marks of shown widgets. */

import { INPUTS, isBorder } from '../core/subgraph-border.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import {GraphNode, NodeId} from '../types/document.d.ts' */
/** @import {Editor} from '../types/editor.d.ts' */
/** @import {NodeSpec} from '../types/spec.d.ts' */

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} title
 * @param {Editor} editor
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 */
export function showSubgraphPart(element, title, editor, node, spec) {
  element.classList.toggle('border', isBorder(node));
  const wanted = spec?.subgraph !== undefined;
  const button = title.querySelector('.node-enter');
  if (wanted === (button !== null)) return;
  element.classList.toggle('subgraph', wanted);
  button?.remove();
  if (wanted) title.append(enterButton(element, editor));
}

/** @param {HTMLElement} element @param {Editor} editor */
function enterButton(element, editor) {
  const label = editor.t('subgraph.enter');
  const onclick = () => void editor.enterSubgraph(element.dataset['node'] ?? '');
  return h('button', { class: 'node-enter', type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon('enter'));
}

/**
 * Whether the instance through which a subgraph is looked at shows a widget of a node inside.
 *
 * @param {Editor} editor
 * @param {NodeId} id
 * @param {string} input
 */
export function isPromoted({ document, spec }, id, input) {
  if (document.shown === null) return false;
  if (document.linkInto(id, input)?.from === INPUTS) return true;
  const instance = document.nodeAt(document.path.join(':'));
  const widgets = (instance && spec(instance)?.subgraph?.widgets) ?? [];
  return widgets.some(({ node, name }) => node === id && (name === input || input.endsWith(`:${name}`)));
}
