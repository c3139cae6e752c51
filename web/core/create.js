/** New nodes. */

import { defaultValues } from './spec.js';

/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */

// What the canvas needs below a node's title; it makes higher what needs more.
const MARGIN = 14;
const SOCKET_ROW = 21;
const FIELD = 28;
const TEXT_AREA = 80;
const PICTURE = 152;
const CURVE = 164;

/** A node of which nothing but its type is said. @param {string} type @returns {GraphNode} */
export const blankNode = (type) => ({
  id: '',
  type,
  title: null,
  x: 0,
  y: 0,
  width: 0,
  height: 0,
  mode: 0,
  collapsed: false,
  color: null,
  values: {},
  savedInputs: [],
  savedOutputs: [],
  rest: {},
});

/**
 * A node of a type, with its widgets at their defaults.
 * @param {NodeSpec} spec
 * @param {NodeId} id
 * @param {{ x: number, y: number }} place
 * @returns {GraphNode}
 */
export function createNode(spec, id, { x, y }) {
  const { width, height } = suggestedSize(spec);
  return {
    ...blankNode(spec.type),
    id,
    x: Math.round(x),
    y: Math.round(y),
    width,
    height,
    // An instance of a subgraph shows the inner values until it has its own.
    values: spec.subgraph ? {} : defaultValues(spec),
  };
}

/**
 * A size that suits a type; the view makes a node higher where its content needs it.
 * @param {NodeSpec} spec
 */
export function suggestedSize(spec) {
  const sockets = spec.inputs.filter((input) => !input.widget).length + (spec.variadic ? 1 : 0);
  const widgets = spec.inputs.filter((input) => input.widget && !input.options.advanced);
  const width = widgets.some((input) => input.options.multiline) ? 360 : widgets.length > 0 ? 280 : 200;
  const rows = Math.max(sockets, spec.outputs.length);
  return { width, height: widgets.reduce((sum, input) => sum + fieldHeight(input), MARGIN + rows * SOCKET_ROW) };
}

/** @param {InputSpec} input */
function fieldHeight({ options, type }) {
  if (type === 'CURVE') return CURVE;
  if (options.multiline) return TEXT_AREA;
  return options.image_upload ? PICTURE : FIELD;
}
