/** Dragging a link out of a socket, or a link that is there off its input. */

import { compose, link, unlink } from '../../core/edits.js';
import { BACK, NODES, OVERLAY } from '../frame.js';
import { hit } from '../hit.js';
import { fittingOf } from '../nodes.js';

/** @import {Gesture, Hit, LinkDraft, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {Edit, NodeId} from '../../types/document.d.ts' */
/** @import {LinkEnd, Point} from '../../types/editor.d.ts' */
/** @import {PointerTip} from '../../ui/tooltip.js' */

const SLACK = 4;

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {Extract<Hit, { kind: 'input' | 'output' }>} socket
 * @param {PointerTip} tip says why a link is refused
 * @returns {Gesture}
 */
export function dragLink(stage, press, socket, tip) {
  const { scene, loop } = stage;
  const show = (/** @type {LinkDraft | null} */ draft) => {
    const began = (scene.draft.link === null) !== (draft === null);
    scene.draft.link = draft;
    loop.invalidate(began ? OVERLAY | NODES | BACK : OVERLAY);
    stage.host.classList.toggle('linking', draft !== null);
  };
  const clear = () => {
    tip.hide();
    show(null);
  };
  return {
    cursor: 'crosshair',
    follows: true,
    move(stroke) {
      const far = Math.hypot(stroke.screen.x - press.screen.x, stroke.screen.y - press.screen.y) > SLACK;
      if (!scene.draft.link && !far) return;
      const draft = scene.draft.link ?? begin(stage, socket);
      if (!draft) return;
      const { target, refusal } = aim(stage, draft.end, stroke.place);
      const to = target ? scene.socket(target.id, 'output' in draft.end ? 'input' : 'output', target.socket) : null;
      show({ ...draft, target, to: to ?? stroke.place });
      tip.show(refusal ?? '', stroke.client.x, stroke.client.y, true);
    },
    end(stroke) {
      const draft = scene.draft.link;
      if (!draft) return clear();
      const { target, refusal, over } = aim(stage, draft.end, stroke.place);
      clear();
      if (target) return connect(stage, draft, target);
      if (refusal !== null) return stage.editor.notify('warning', refusal);
      if (over) return;
      if (draft.picked !== null) stage.editor.perform(unlink(draft.picked));
      else stage.editor.openSearch(stroke.client, draft.end);
    },
    cancel: clear,
  };
}

/**
 * A linked input gives its link to the pointer; another end begins a new one.
 *
 * @param {Stage} stage
 * @param {Extract<Hit, { kind: 'input' | 'output' }>} socket
 * @returns {LinkDraft | null}
 */
function begin({ editor, scene }, socket) {
  const linked = socket.kind === 'input' ? editor.document.linkInto(socket.id, socket.input) : null;
  /** @type {LinkEnd} */
  let end;
  if (linked) end = { node: linked.from, output: linked.output };
  else if (socket.kind === 'output') end = { node: socket.id, output: socket.output };
  else end = { node: socket.id, input: socket.input };
  const from = 'output' in end ? scene.socket(end.node, 'output', String(end.output)) : scene.socket(end.node, 'input', end.input);
  if (!from) return null;
  return { end, picked: linked?.id ?? null, from, to: from, type: typeOf(editor, end), target: null };
}

/**
 * @param {Stage['editor']} editor
 * @param {LinkEnd} end
 */
function typeOf(editor, end) {
  if ('output' in end) return editor.outputType(end.node, end.output);
  const node = editor.document.nodes.get(end.node);
  return (node && editor.inputs(node).find((input) => input.name === end.input)?.type) ?? '*';
}

/**
 * What the link would be dropped on: a socket, or the best one of the node under the pointer.
 *
 * @param {Stage} stage
 * @param {LinkEnd} end
 * @param {Point} place
 * @returns {{ target: LinkDraft['target'], refusal: string | null, over: boolean }} `over` is true on any node
 */
function aim(stage, end, place) {
  const { editor } = stage;
  const under = hit(stage, place);
  const wanted = 'output' in end ? 'input' : 'output';
  if (under.kind === wanted) {
    const socket = under.kind === 'input' ? under.input : String(under.kind === 'output' ? under.output : 0);
    const refusal = refusalOf(editor, end, under.id, socket);
    return refusal === null ? { target: { id: under.id, socket }, refusal, over: true } : { target: null, refusal, over: true };
  }
  if (!('id' in under) || typeof under.id !== 'string') return { target: null, refusal: null, over: false };
  if (under.id === end.node) return { target: null, refusal: null, over: true };
  const [socket] = fittingOf(stage, under.id, end)?.names ?? [];
  if (socket !== undefined) return { target: { id: under.id, socket }, refusal: null, over: true };
  const node = editor.document.nodes.get(under.id);
  const refusal = editor.t('canvas.nothing_fits', { node: node ? editor.nodeTitle(node) : '', type: typeOf(editor, end) });
  return { target: null, refusal, over: true };
}

/**
 * @param {Stage['editor']} editor
 * @param {LinkEnd} end
 * @param {NodeId} id
 * @param {string} socket
 */
function refusalOf(editor, end, id, socket) {
  if ('output' in end) return editor.refusal(end.node, end.output, id, socket);
  return editor.refusal(id, Number(socket), end.node, end.input);
}

/**
 * @param {Stage} stage
 * @param {LinkDraft} draft
 * @param {{ id: NodeId, socket: string }} target
 */
function connect({ editor }, { end, picked }, target) {
  const { document } = editor;
  const made =
    'output' in end
      ? { from: end.node, output: end.output, to: target.id, input: target.socket }
      : { from: target.id, output: Number(target.socket), to: end.node, input: end.input };
  const before = picked === null ? null : document.links.get(picked);
  if (before && before.to === made.to && before.input === made.input) return;
  const type = editor.outputType(made.from, made.output);
  /** @type {Edit[]} */
  const edits = before ? [unlink(before.id)] : [];
  edits.push(link({ id: document.freshLinkId(), type, ...made }));
  editor.perform(compose('edit.link', edits));
}
