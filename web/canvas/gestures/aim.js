/** What a dragged link would be dropped on. */

import { refusal as refusalOf } from '../../core/compatible.js';
import { hit } from '../hit.js';
import { fittingOf } from '../nodes.js';
import { ROW } from '../metrics.js';

/** @import {LinkDraft, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {NodeId} from '../../types/document.d.ts' */
/** @import {Point, Wanted} from '../../types/editor.d.ts' */

/**
 * `over` is true on any node; `convert` is a link that is refused for its type alone, and that a node between its ends
 * could make possible.
 * @typedef {{ target: LinkDraft['target'], refusal: string | null, convert: Wanted | null, over: boolean }} Aim
 */

/** @type {Aim} */
const NOTHING = { target: null, refusal: null, convert: null, over: false };

/**
 * A socket, the row of one, or the best socket of the node under the pointer.
 *
 * @param {Stage} stage
 * @param {LinkDraft} draft
 * @param {Stroke} stroke
 * @returns {Aim}
 */
export function aim(stage, { end, moved }, { place, coarse }) {
  const { editor } = stage;
  const under = hit(stage, place, { coarse });
  const side = 'output' in end ? 'input' : 'output';
  if (under.kind === side) {
    return onSocket(stage, end, under.id, under.kind === 'input' ? under.input : String(under.output));
  }
  if (!('id' in under) || typeof under.id !== 'string') return NOTHING;
  const { id } = under;
  if (id === end.node || id === moved?.from) return { ...NOTHING, over: true };
  const names = fittingOf(stage, id, end)?.names ?? [];
  const row = rowAt(stage, id, side, place);
  const socket = row !== null && names.includes(row) ? row : names[0];
  if (socket !== undefined) return { ...NOTHING, target: { id, socket }, over: true };
  if (row !== null) return onSocket(stage, end, id, row);
  const node = editor.document.nodes.get(id);
  const type = 'output' in end ? editor.outputType(end.node, end.output) : typeOfInput(stage, end.node, end.input);
  const refusal = editor.t('canvas.nothing_fits', { node: node ? editor.nodeTitle(node) : '', type });
  const only = node && 'output' in end ? editor.inputs(node).filter((input) => !input.widget) : [];
  const wanted = only.length === 1 && only[0] && 'output' in end ? { from: end.node, output: end.output, to: id, input: only[0].name } : null;
  return { target: null, refusal, convert: wanted && editor.converters(wanted).length > 0 ? wanted : null, over: true };
}

/**
 * @param {Stage} stage
 * @param {LinkDraft['end']} end
 * @param {NodeId} id
 * @param {string} socket
 * @returns {Aim}
 */
function onSocket({ editor }, end, id, socket) {
  const wanted =
    'output' in end
      ? { from: end.node, output: end.output, to: id, input: socket }
      : { from: id, output: Number(socket), to: end.node, input: end.input };
  const refused = refusalOf(editor.document, editor.spec, wanted);
  if (!refused) return { ...NOTHING, target: { id, socket }, over: true };
  const possible = refused.key === 'link.refused.type' && editor.converters(wanted).length > 0;
  return { target: null, refusal: editor.t(refused.key, refused.values), convert: possible ? wanted : null, over: true };
}

/**
 * The socket whose row, or whose widget, is under the pointer.
 *
 * @param {Stage} stage
 * @param {NodeId} id
 * @param {'input' | 'output'} side
 * @param {Point} place
 * @returns {string | null}
 */
function rowAt({ scene }, id, side, place) {
  const layout = scene.layout(id);
  const { x, y } = scene.origin(id);
  const down = place.y - y;
  if (layout.height === 0 || down < 0) return null;
  if (side === 'input') {
    const widget = layout.widgets.find((each) => down >= each.y && down <= each.y + each.height);
    if (widget) return widget.input.name;
    if (place.x - x > layout.width * 0.6) return null;
  } else if (place.x - x < layout.width * 0.4) return null;
  const places = side === 'input' ? layout.inputs.filter((each) => !each.widget) : layout.outputs;
  return places.find((each) => Math.abs(each.y - down) <= ROW / 2)?.name ?? null;
}

/** @param {Stage} stage @param {NodeId} id @param {string} name */
function typeOfInput({ editor }, id, name) {
  const node = editor.document.nodes.get(id);
  return (node && editor.inputs(node).find((input) => input.name === name)?.type) ?? '*';
}
