/** Where the parts of a node are: the same for the painted node, its element and the pointer. */

import { isAdvanced, showsAdvanced } from '../core/spec.js';
import { FIELD, roomOf } from '../widgets/kinds.js';
import { GAP, LEAST_RESULTS, LEAST_WIDTH, PAD, PREVIEW, ROW, TITLE } from './metrics.js';

/** @import {NodeLayout, Results, SocketPlace, WidgetPlace} from '../types/canvas.d.ts' */
/** @import {Editor} from '../types/editor.d.ts' */
/** @import {GraphNode} from '../types/document.d.ts' */
/** @import {InputSpec} from '../types/spec.d.ts' */

/** What a placeholder says in its body takes two lines. */
const PLACEHOLDER_NOTE = 44;
const REROUTE_WIDTH = 96;
/** Plots are wider than high. */
const FIGURE_SHAPE = 0.72;
const LEAST_FIGURES = 190;
/** Several plots, perhaps with pictures and a text above them. */
const REPORT_SHAPE = 1.3;
const LEAST_REPORT = 400;

/**
 * The inputs of a node without those whose widgets few need, unless they are asked for or linked.
 *
 * @param {Editor} editor
 * @param {Readonly<GraphNode>} node
 */
export function shownInputs(editor, node) {
  const inputs = editor.inputs(node);
  if (showsAdvanced(node) || editor.spec(node)?.subgraph || !inputs.some(isAdvanced)) return inputs;
  return inputs.filter((input) => !isAdvanced(input) || editor.document.linkInto(node.id, input.name));
}

/**
 * @param {Editor} editor
 * @param {Readonly<GraphNode>} node
 * @param {Results} results what is shown at the bottom of the body
 * @returns {NodeLayout}
 */
export function layoutNode(editor, node, results) {
  const inputs = shownInputs(editor, node);
  const outputs = editor.outputs(node);
  const hasResults = results !== 'none';
  const width = Math.max(node.width, LEAST_WIDTH);
  const sockets = inputs.filter((input) => !input.widget);
  const added = editor.addedWidgets.get(node.id) ?? [];
  const fields = [...inputs.filter((input) => input.widget), ...added];
  const rows = Math.max(sockets.length, outputs.length);
  const placeholder = editor.spec(node) === null;

  const top = PAD + rows * ROW + (placeholder ? PLACEHOLDER_NOTE : 0);
  const rooms = fields.map((input) => roomOf(input, editor.packWidgets));
  const fixed = rooms.reduce((sum, room) => sum + room.height + GAP, top + PAD);
  const least = Math.max(fixed + (hasResults ? LEAST_RESULTS + GAP : 0), PAD * 2);
  const room = hasResults ? resultsRoom(node.height - fixed - GAP, width, results) : 0;
  const height = Math.max(node.height, fixed + (hasResults ? room + GAP : 0));
  const widgets = placeWidgets(fields, rooms, top, hasResults ? 0 : height - fixed);

  const inputPlaces = sockets.map((input, row) => place(editor, node, input, PAD + (row + 0.5) * ROW));
  for (const { input, y } of widgets) if (!input.options.socketless) inputPlaces.push(place(editor, node, input, y + FIELD / 2));
  const layout = {
    width,
    height,
    least,
    inputs: inputPlaces,
    outputs: outputs.map((output, row) => ({
      name: String(row),
      type: output.type,
      label: output.label ?? editor.outputLabel(node, row, output.name),
      y: PAD + (row + 0.5) * ROW,
      widget: false,
      list: output.list,
    })),
    widgets,
    results: hasResults ? { y: height - PAD - room, height: room } : null,
  };
  if (isReroute(node)) return collapse({ ...layout, width: REROUTE_WIDTH });
  return node.collapsed ? collapse(layout) : layout;
}

/**
 * A reroute is a point on a link: it shows what passes, and nothing else.
 *
 * @param {Readonly<GraphNode>} node
 */
export function isReroute(node) {
  return node.type === 'Reroute';
}

/**
 * Pictures take the height that the node was given; where it was given none they are as high as wide, and a preview,
 * which comes and goes, is low.
 *
 * @param {number} left
 * @param {number} width
 * @param {Results} results
 */
function resultsRoom(left, width, results) {
  if (left >= LEAST_RESULTS) return left;
  if (results === 'report') return Math.max(LEAST_REPORT, width * REPORT_SHAPE);
  if (results === 'figures') return Math.max(LEAST_FIGURES, (width - 2 * PAD) * FIGURE_SHAPE);
  return results === 'preview' ? Math.min(PREVIEW, width - 2 * PAD) : width - 2 * PAD;
}

/**
 * @param {readonly InputSpec[]} fields
 * @param {readonly { height: number, grows: boolean }[]} rooms the least that each needs
 * @param {number} top
 * @param {number} spare shared by the widgets that grow
 * @returns {WidgetPlace[]}
 */
function placeWidgets(fields, rooms, top, spare) {
  const growing = rooms.filter(({ grows }) => grows).length;
  let y = top;
  return fields.map((input, index) => {
    const { height, grows } = rooms[index] ?? { height: FIELD, grows: false };
    const widget = { input, y, height: height + (grows ? Math.max(0, spare) / growing : 0) };
    y += widget.height + GAP;
    return widget;
  });
}

/**
 * @param {Editor} editor
 * @param {Readonly<GraphNode>} node
 * @param {InputSpec} input
 * @param {number} y
 * @returns {SocketPlace}
 */
function place(editor, node, input, y) {
  const label = input.label ?? editor.inputLabel(node.type, input.name);
  return { name: input.name, type: input.type, label, y, widget: input.widget, list: input.options.is_list === true };
}

/**
 * All sockets of a collapsed node are in the middle of its title.
 *
 * @param {NodeLayout} layout
 * @returns {NodeLayout}
 */
function collapse(layout) {
  const y = -TITLE / 2;
  return {
    ...layout,
    height: 0,
    inputs: layout.inputs.map((socket) => ({ ...socket, y })),
    outputs: layout.outputs.map((socket) => ({ ...socket, y })),
    widgets: [],
    results: null,
  };
}
