/**
 * What a press on the canvas begins.
 *
 * | press on     | left                          | Shift          | Ctrl            | Alt                 |
 * | ------------ | ----------------------------- | -------------- | --------------- | ------------------- |
 * | canvas       | pan; a click clears           | box, adds      | box             | pan                 |
 * | link         | pan; a click selects          | box, adds      | box             | pan; a click bends  |
 * | point        | select, move                  | a click adds   | a click adds    | move                |
 * | socket       | drag a link                   | all its links  | drag a link     | drag a link         |
 * | node, group  | select, move                  | a click adds   | a click adds    | place a copy        |
 * | corner       | resize                        | resize freely  | resize          | resize              |
 *
 * Ctrl with Shift takes away from what is selected; Ctrl or Shift with Alt draw around instead of a box.
 */

import { nodeBox } from '../core/boxes.js';
import { setCollapsed } from '../core/edits.js';
import { isPinned, toggleCollapsed, wholeGroups } from '../core/groups.js';
import { addPoint, passingLinks } from '../core/reroutes.js';
import { boxSelect, lassoSelect } from './gestures/box.js';
import { cutLinks } from './gestures/cut.js';
import { dragLink } from './gestures/link.js';
import { moveThings } from './gestures/move.js';
import { pan } from './gestures/pan.js';
import { resizeTheGroup, resizeTheNode } from './gestures/resize.js';
import { hit, stretchAt } from './hit.js';

/** @import {Armed, Gesture, Stage, Stroke} from '../types/canvas.d.ts' */
/** @import {LinkId, NodeId} from '../types/document.d.ts' */
/** @import {Content} from '../core/groups.js' */
/** @import {Point} from '../types/editor.d.ts' */
/** @import {PointerTip} from '../ui/tooltip.js' */

/**
 * @param {Stage} stage
 * @param {Stroke} stroke
 * @param {PointerTip} tip
 * @param {Armed | null} armed what a command has said that the next drag does
 * @returns {Gesture}
 */
export function beginGesture(stage, stroke, tip, armed) {
  if (armed === 'box') return boxSelect(stage, stroke, () => {});
  if (armed === 'lasso') return lassoSelect(stage, stroke);
  if (armed === 'cut') return cutLinks(stage, stroke, () => {});
  const under = hit(stage, stroke.place, { coarse: stroke.coarse });
  switch (under.kind) {
    case 'input':
    case 'output':
      return dragLink(stage, stroke, under, tip);
    case 'corner':
      return isPinned(stage.editor.document.nodes.get(under.id) ?? { rest: {} })
        ? moveNode(stage, stroke, under.id, () => {})
        : resizeTheNode(stage, stroke, under.id);
    case 'chevron':
      return moveNode(stage, stroke, under.id, () => foldNode(stage, under.id));
    case 'title':
    case 'node':
      return moveNode(stage, stroke, under.id, () => {
        if (!stroke.shift && !stroke.mod) stage.editor.selection.set([under.id]);
      });
    case 'point':
      return movePoint(stage, stroke, under.id);
    case 'group':
      if (under.part === 'corner') return resizeTheGroup(stage, stroke, under.id);
      return moveGroup(stage, stroke, under.id, under.part === 'chevron');
    default:
      return onGround(stage, stroke, under.kind === 'link' ? under.id : null);
  }
}

/** @param {Stage} stage @param {NodeId} id */
function foldNode({ editor }, id) {
  editor.perform(setCollapsed([id], !editor.document.nodes.get(id)?.collapsed));
}

/** @param {Stage} stage @param {number} id */
function foldGroup({ editor }, id) {
  const edit = toggleCollapsed(editor.document, id, nodeBox);
  if (!edit) return;
  editor.perform(edit);
  // What is hidden is not deleted by accident.
  editor.selection.set([], { groups: [id] });
}

/** @param {Stage} stage @param {LinkId} id @param {Point} place */
export function bendLink(stage, id, place) {
  stage.editor.perform(addPoint(id, stretchAt(stage, id, place), place));
}

/**
 * @param {Stage} stage
 * @param {Stroke} stroke
 * @param {LinkId | null} link
 * @returns {Gesture}
 */
function onGround(stage, stroke, link) {
  const { selection } = stage.editor;
  const onClick = () => {
    if (link === null) selection.clear();
    else if (stroke.alt) bendLink(stage, link, stroke.place);
    else selection.selectLink(link);
  };
  if (!stroke.shift && !stroke.mod) return pan(stage, stroke, onClick);
  return stroke.alt ? lassoSelect(stage, stroke) : boxSelect(stage, stroke, () => link !== null && onClick());
}

/** @param {Stage} stage @param {Stroke} stroke @param {NodeId} id @param {() => void} onClick */
function moveNode(stage, stroke, id, onClick) {
  const { selection } = stage.editor;
  if (stroke.shift || stroke.mod) selection.toggle(id);
  else if (!selection.ids.peek().has(id)) selection.set([id]);
  const chosen = selection.ids.peek().has(id);
  return moveThings(stage, stroke, chosen ? selected(stage) : moving(stage, [id], [], []), { kind: 'node', id }, onClick);
}

/** @param {Stage} stage @param {Stroke} stroke @param {number} id @param {boolean} folds */
function moveGroup(stage, stroke, id, folds) {
  const { selection } = stage.editor;
  if (stroke.shift || stroke.mod) selection.toggleGroup(id);
  else if (!selection.groups.peek().has(id)) selection.set([], { groups: [id] });
  const chosen = selection.groups.peek().has(id);
  return moveThings(stage, stroke, chosen ? selected(stage) : moving(stage, [], [id], []), { kind: 'group', id }, () => {
    if (folds) foldGroup(stage, id);
    else if (!stroke.shift && !stroke.mod) selection.set([], { groups: [id] });
  });
}

/** @param {Stage} stage @param {Stroke} stroke @param {number} id */
function movePoint(stage, stroke, id) {
  const { selection } = stage.editor;
  if (stroke.shift || stroke.mod) selection.togglePoint(id);
  else if (!selection.points.peek().has(id)) selection.set([], { points: [id] });
  const chosen = selection.points.peek().has(id);
  return moveThings(stage, stroke, chosen ? selected(stage) : moving(stage, [], [], [id]), { kind: 'point', id }, () => {});
}

/** @param {Stage} stage */
function selected(stage) {
  const { ids, groups, points } = stage.editor.selection;
  return moving(stage, ids.peek(), groups.peek(), points.peek());
}

/**
 * What moves together: groups with their content, and the points of links between nodes that move.
 *
 * @param {Stage} stage
 * @param {Iterable<NodeId>} nodes
 * @param {Iterable<number>} groups
 * @param {Iterable<number>} points
 * @returns {Content}
 */
function moving({ editor, scene }, nodes, groups, points) {
  const { document } = editor;
  const loose = [...groups].filter((id) => !isPinned(document.groups.get(id) ?? { rest: {} }));
  const whole = wholeGroups(document, loose, (node) => scene.bounds([node.id]) ?? nodeBox(node));
  for (const id of nodes) whole.nodes.add(id);
  for (const id of points) whole.points.add(id);
  if (scene.routes.last.size === 0) return whole;
  for (const [point, links] of passingLinks(document, scene.routes)) {
    const ends = links.flatMap((id) => document.links.get(id) ?? []);
    if (ends.every(({ from, to }) => whole.nodes.has(from) && whole.nodes.has(to))) whole.points.add(point);
  }
  return whole;
}
