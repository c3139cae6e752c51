/** Dragging a link out of a socket, a link that is there off its input, or with Shift all links off their output. */

import { compose, link, unlink } from '../../core/edits.js';
import { isBorderId } from '../../core/subgraph-border.js';
import { inputType, moveOutput, removeLinks } from '../../core/rewire.js';
import { NODES, OVERLAY } from '../frame.js';
import { aim } from './aim.js';
import { isFar } from './slack.js';

/** @import {Gesture, Hit, LinkDraft, Stage, Stroke} from '../../types/canvas.d.ts' */
/** @import {Edit, NodeId} from '../../types/document.d.ts' */
/** @import {LinkEnd} from '../../types/editor.d.ts' */
/** @import {PointerTip} from '../../ui/tooltip.js' */

/**
 * @param {Stage} stage
 * @param {Stroke} press
 * @param {Extract<Hit, { kind: 'input' | 'output' }>} socket
 * @param {PointerTip} tip says why a link is refused
 * @returns {Gesture}
 */
export function dragLink(stage, press, socket, tip) {
  const { scene, loop, editor } = stage;
  /** @type {LinkDraft | null} */
  let last = null;
  const show = (/** @type {LinkDraft | null} */ draft) => {
    const began = (scene.draft.link === null) !== (draft === null);
    scene.draft.link = draft;
    loop.invalidate(began ? OVERLAY | NODES : OVERLAY);
    // A link that is picked up is not painted.
    if (began && (draft ?? last)?.picked.size) stage.nodesMoved([]);
    last = draft;
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
      if (!scene.draft.link && !isFar(press, stroke)) return;
      const draft = scene.draft.link ?? begin(stage, socket, press.shift);
      if (!draft) return;
      const { target, refusal, convert } = aim(stage, draft, stroke);
      const to = target ? scene.socket(target.id, 'output' in draft.end ? 'input' : 'output', target.socket) : null;
      show({ ...draft, target, to: to ?? stroke.place });
      tip.show(refusal ? sentence(stage, refusal, convert) : '', stroke.client.x, stroke.client.y, true);
    },
    end(stroke) {
      const draft = scene.draft.link;
      if (!draft) return clear();
      const { target, refusal, convert, over } = aim(stage, draft, stroke);
      clear();
      if (target) return connect(stage, draft, target);
      if (convert) return editor.openConverters(stroke.client, convert);
      if (refusal !== null) return tip.leave(refusal, stroke.client.x, stroke.client.y);
      if (over) return;
      if (draft.moved) editor.openSearch(stroke.client, allInputs(stage, draft.moved) ?? draft.end);
      else if (draft.picked.size > 0) editor.perform(removeLinks(draft.picked));
      else editor.openSearch(stroke.client, draft.end);
    },
    cancel: clear,
  };
}

/** What an output feeds, for a new node to feed it. @param {Stage} stage @param {{ from: NodeId, output: number }} source */
function allInputs({ editor }, { from, output }) {
  const [first, ...also] = editor.document.linksFrom(from, output).map(({ to, input }) => ({ node: to, input }));
  return first ? { ...first, also } : null;
}

/** @param {Stage} stage @param {string} refusal @param {import('../../types/editor.d.ts').Wanted | null} convert */
function sentence({ editor }, refusal, convert) {
  const [first] = convert ? editor.converters(convert) : [];
  return first ? `${refusal}\n${editor.t('link.convert', { node: editor.typeTitle(first.spec) })}` : refusal;
}

/**
 * A linked input gives its link to the pointer; with Shift an output gives all of its links; another end begins a new one.
 *
 * @param {Stage} stage
 * @param {Extract<Hit, { kind: 'input' | 'output' }>} socket
 * @param {boolean} all
 * @returns {LinkDraft | null}
 */
function begin({ editor, scene }, socket, all) {
  const { document } = editor;
  const leaving = socket.kind === 'output' && all ? document.linksFrom(socket.id, socket.output) : [];
  const linked = socket.kind === 'input' ? document.linkInto(socket.id, socket.input) : null;
  const [first, ...others] = leaving;
  /** @type {LinkEnd} */
  let end;
  if (first) end = { node: first.to, input: first.input };
  else if (linked) end = { node: linked.from, output: linked.output };
  else if (socket.kind === 'output') end = { node: socket.id, output: socket.output };
  else end = { node: socket.id, input: socket.input };
  const from = 'output' in end ? scene.socket(end.node, 'output', String(end.output)) : scene.socket(end.node, 'input', end.input);
  if (!from) return null;
  return {
    end,
    picked: new Set([...leaving.map(({ id }) => id), ...(linked ? [linked.id] : [])]),
    moved: first && socket.kind === 'output' ? { from: socket.id, output: socket.output } : null,
    from,
    more: others.flatMap(({ to, input }) => scene.socket(to, 'input', input) ?? []),
    to: from,
    type: 'output' in end ? editor.outputType(end.node, end.output) : inputType(document, editor.spec, end.node, end.input),
    target: null,
  };
}

/**
 * @param {Stage} stage
 * @param {LinkDraft} draft
 * @param {{ id: NodeId, socket: string }} target
 */
function connect({ editor }, { end, picked, moved }, target) {
  const { document } = editor;
  if (moved) {
    const next = { from: target.id, output: Number(target.socket) };
    const done = next.from === moved.from && next.output === moved.output ? null : moveOutput(document, editor.spec, moved, next);
    if (done && 'edit' in done) editor.perform(done.edit);
    return;
  }
  const made =
    'output' in end
      ? { from: end.node, output: end.output, to: target.id, input: target.socket }
      : { from: target.id, output: Number(target.socket), to: end.node, input: end.input };
  const [before] = [...picked].flatMap((id) => document.links.get(id) ?? []);
  if (before && before.to === made.to && before.input === made.input) return;
  const given = editor.outputType(made.from, made.output);
  // A new input of a subgraph has the type of what it is linked to.
  const type = given === '*' && isBorderId(made.from) ? inputType(document, editor.spec, made.to, made.input) : given;
  /** @type {Edit[]} */
  const edits = before ? [unlink(before.id)] : [];
  // A link that is moved keeps its points.
  edits.push(link({ id: before?.id ?? document.freshLinkId(), type, ...made }));
  editor.perform(compose('edit.link', edits));
}
