/** Widgets that a subgraph shows outside stay shown when their nodes are put into a subgraph of their own, or out of one. */

import { hasControl } from './spec.js';
import { followMoved, shownOf, showing } from './promotion.js';
import { INPUTS, isBorder, portsOf } from './subgraph-border.js';
import { CONTROL, OWN_INPUT } from './subgraph-face.js';
import { changeLevels } from './subgraphs.js';

/** @import { Contents, Level, NodeId } from '../types/document.d.ts' */
/** @import { FaceWidget, NodeSpec } from '../types/spec.d.ts' */
/** @import { Listed } from './subgraph-face.js' */

/**
 * The subgraph's own input that feeds an input of a node in it.
 * @param {Level} level
 * @param {Listed} widget
 * @returns {Listed | null}
 */
function feeding({ links, nodes }, { node, name }) {
  const link = links.find(({ from, to, input }) => from === INPUTS && to === node && input === name);
  const port = link && portsOf(nodes.find(({ id }) => id === INPUTS))[link.output];
  return port ? { node: OWN_INPUT, name: port.name, source: '' } : null;
}

/**
 * @param {Contents} contents after nodes of a subgraph were put into another one
 * @param {string} id of the subgraph that had them
 * @param {Level} before it, as it was
 * @param {ReadonlySet<NodeId>} nodes
 * @param {NodeId} instance that has them now
 * @returns {Contents}
 */
export function afterExtraction(contents, id, before, nodes, instance) {
  const widgets = shownOf(contents, id, nodes).filter((widget) => widget.name !== CONTROL && !feeding(before, widget));
  const shown = changeLevels(contents, (level, own) => {
    if (own !== id) return level;
    return { ...level, nodes: level.nodes.map((node) => (node.id === instance ? showing(node, widgets) : node)) };
  });
  return followMoved(shown, id, (widget) => {
    if (!nodes.has(widget.node)) return [widget];
    if (widget.name === CONTROL) return [{ node: instance, name: CONTROL, source: '' }];
    return [feeding(before, widget) ?? { node: instance, name: widget.name, source: widget.node }];
  });
}

/**
 * @param {Contents} contents after what is in an instance was put in its place
 * @param {string} id of the subgraph that had the instance
 * @param {Level} before it, as it was
 * @param {NodeId} instance
 * @param {NodeSpec | null} spec of the instance
 * @param {Level} inner what was in it
 * @param {readonly NodeId[]} fresh the ids that its nodes have now, in their order
 * @returns {Contents}
 */
export function afterUnpacking(contents, id, before, instance, spec, inner, fresh) {
  const nodes = inner.nodes.filter((node) => !isBorder(node));
  const ids = new Map(nodes.map((node, index) => [node.id, fresh[index] ?? '']));
  const place = (/** @type {string} */ node) => ids.get(node) ?? '';
  return followMoved(contents, id, (widget) => {
    if (widget.node !== instance) return [widget];
    const fed = feeding(before, widget);
    if (fed) return [fed];
    const found = widgetOf(spec, widget);
    if (!found) return [widget];
    if (widget.name === CONTROL) return [{ node: place(found.inner), name: CONTROL, source: '' }];
    if (found.node !== null) return [{ node: place(found.node), name: found.name, source: found.source }];
    const port = spec?.subgraph?.ports.findIndex(({ name }) => name === found.key);
    const fedBy = inner.links.filter(({ from, output }) => from === INPUTS && output === port);
    return fedBy.map(({ to, input }) => ({ node: place(to), name: input, source: '' }));
  });
}

/** @param {NodeSpec | null} spec @param {Listed} listed @returns {FaceWidget | undefined} */
function widgetOf(spec, { name, source }) {
  const widgets = spec?.subgraph?.widgets.filter((widget) => widget.name !== CONTROL && widget.input) ?? [];
  if (name === CONTROL) return widgets.find(({ input }) => input && hasControl(input));
  const exact = source === '' ? undefined : widgets.find((widget) => widget.inner === source && widget.name === name);
  return exact ?? widgets.find((widget) => widget.key === name) ?? widgets.find((widget) => widget.name === name);
}
