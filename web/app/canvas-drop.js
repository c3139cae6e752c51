/** A drag that began on the page, as far as it ends on the canvas. */

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */

/**
 * Follow a drag that has just begun, before anybody else does.
 * @param {(event: DragEvent) => void} onDrop called when it is dropped on the canvas
 */
export function followCanvasDrop(onDrop) {
  const abort = new AbortController();
  const options = { signal: abort.signal, capture: true };
  const take = (/** @type {DragEvent} */ event) => {
    if (!(event.target instanceof Element) || !event.target.closest('#canvas')) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  addEventListener('dragend', () => abort.abort(), options);
  addEventListener(
    'dragover',
    (event) => {
      if (take(event) && event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    },
    options,
  );
  addEventListener(
    'drop',
    (event) => {
      if (take(event)) onDrop(event);
    },
    options,
  );
}

/**
 * The input of the node below the pointer that takes what is dragged: the one under it, else the node's first.
 * @param {Application} editor
 * @param {DragEvent} event
 * @param {(input: InputSpec) => boolean} takes
 * @returns {{ node: Readonly<GraphNode>, input: string } | null}
 */
export function inputBelow({ document: graph, inputs }, { target }, takes) {
  if (!(target instanceof Element)) return null;
  const id = target.closest('[data-node]')?.getAttribute('data-node');
  const node = id ? graph.nodes.get(id) : undefined;
  const named = target.closest('[data-widget]')?.getAttribute('data-widget');
  const fitting = node ? inputs(node).filter((input) => input.widget && takes(input)) : [];
  const input = fitting.find(({ name }) => name === named) ?? fitting[0];
  return node && input ? { node, input: input.name } : null;
}
