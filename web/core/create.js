/** New nodes. */

import { defaultValues } from './spec.js';

/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

const ROW = 26;
const TITLE = 36;
const TEXT_AREA = 96;

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
    id,
    type: spec.type,
    title: null,
    x: Math.round(x),
    y: Math.round(y),
    width,
    height,
    mode: 0,
    collapsed: false,
    color: null,
    values: defaultValues(spec),
    savedInputs: [],
    savedOutputs: [],
    rest: {},
  };
}

/**
 * A size that suits a type; the view makes a node higher where its content needs it.
 * @param {NodeSpec} spec
 */
export function suggestedSize(spec) {
  const sockets = spec.inputs.filter((input) => !input.widget).length;
  const widgets = spec.inputs.filter((input) => input.widget);
  const areas = widgets.filter((input) => input.options.multiline).length;
  const rows = Math.max(sockets, spec.outputs.length) + widgets.length - areas;
  const width = areas > 0 ? 360 : widgets.length > 0 ? 280 : 200;
  return { width, height: TITLE + rows * ROW + areas * TEXT_AREA };
}
