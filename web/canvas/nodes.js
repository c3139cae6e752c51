/** The pool of node elements: near nodes are elements, and an element that went out of view serves another node. */

import { BACK, NODES } from './frame.js';
import { shownInputs } from './layout.js';
import { NEAR } from './metrics.js';
import { NodeView } from './node-view.js';
import { Placement } from './placement.js';
import { contains, grown } from './rect.js';

/** @import {Rect, Stage} from '../types/canvas.d.ts' */
/** @import {NodeId} from '../types/document.d.ts' */
/** @import {LinkEnd} from '../types/editor.d.ts' */

/** Nodes within this part of the view's size outside of it stay elements. */
const OVERSCAN = 0.15;
/** Elements are looked through again before the view comes nearer than this to where they end. */
const LEAST_OVERSCAN = 0.03;
/** Elements out of use that are kept for each kind of node. */
const KEPT = 12;
const KEPT_IN_ALL = 120;
/** So many are made in one frame; the others are painted until their turn comes. */
const MOUNTS = 24;
/** Changed elements are brought up to date in the next frame. */
const ALL = Symbol('all');

export class NodePool {
  layer;
  /** @type {Stage} */
  #stage;
  /** @type {Map<NodeId, NodeView>} */
  #mounted = new Map();
  /** @type {Map<string, NodeView[]>} */
  #spare = new Map();
  /** @type {Set<NodeId> | typeof ALL} */
  #changed = new Set();
  #spares = 0;
  /** Near nodes that are painted until their turn to become elements comes. @type {Set<NodeId>} */
  #waiting = new Set();
  /** Where every node is an element; null when none is near, undefined when that is not known. @type {Rect | null | undefined} */
  #area = undefined;
  /** @type {() => void} */
  #onWaiting;
  /** The end of the dragged link that elements are marked for. @type {LinkEnd | null} */
  #marked = null;
  #placement;
  #moving = false;

  /**
   * @param {Stage} stage
   * @param {HTMLElement} layer
   * @param {() => void} onWaiting near nodes have to be painted
   */
  constructor(stage, layer, onWaiting) {
    this.#stage = stage;
    this.layer = layer;
    this.#placement = new Placement(layer);
    this.#onWaiting = onWaiting;
  }

  /** Whether a node is painted: it is too far to be an element, or has to wait. @param {NodeId} id */
  paints(id) {
    return this.#stage.camera.scale < NEAR ? !this.#mounted.has(id) : this.#waiting.has(id);
  }

  /** @returns {ReadonlyMap<NodeId, NodeView>} */
  get mounted() {
    return this.#mounted;
  }

  /** @param {Iterable<NodeId>} ids */
  markChanged(ids) {
    if (this.#changed !== ALL) for (const id of ids) this.#changed.add(id);
  }

  markAllChanged() {
    this.#changed = ALL;
  }

  /** Remove every element. */
  clear() {
    for (const [id, view] of this.#mounted) this.#drop(id, view);
    this.#clearSpares();
  }

  /** The types have changed: make every element anew, but for one that a person is typing in. */
  renew() {
    for (const [id, view] of this.#mounted) if (!isPinned(view)) this.#drop(id, view);
    this.#clearSpares();
    this.markAllChanged();
  }

  /** @param {NodeId} id @param {NodeView} view */
  #drop(id, view) {
    view.destroy();
    this.#mounted.delete(id);
    this.#area = undefined;
  }

  #clearSpares() {
    for (const views of this.#spare.values()) for (const view of views) view.destroy();
    this.#spare.clear();
    this.#spares = 0;
  }

  /**
   * Mount what is near, release what is not, and bring what has changed up to date.
   *
   * @param {number} ratio device pixels for each CSS pixel
   */
  draw(ratio) {
    this.#setTransform(ratio);
    if (!this.#isCurrent()) this.#bringUpToDate();
  }

  /** Whether the elements are those that the view needs; a pan by a little needs no others. */
  #isCurrent() {
    if (this.#changed === ALL || this.#changed.size > 0 || this.#waiting.size > 0 || this.#area === undefined) return false;
    const { camera } = this.#stage;
    if (camera.scale < NEAR) return this.#area === null && this.#mounted.size === 0;
    return this.#area !== null && contains(this.#area, grown(camera.view(), LEAST_OVERSCAN));
  }

  #bringUpToDate() {
    const { camera, scene, editor, counts, loop } = this.#stage;
    this.#area = camera.scale >= NEAR ? grown(camera.view(), OVERSCAN) : null;
    const wanted = new Set(this.#area ? scene.nodesIn(this.#area).map((index) => scene.nodeIds[index] ?? '') : []);
    for (const [id, view] of this.#mounted) {
      if (!wanted.has(id) && (!editor.document.nodes.has(id) || !isPinned(view))) this.#release(id, view);
    }
    const changed = this.#changed;
    this.#changed = new Set();
    for (const [id, view] of this.#mounted) {
      if (changed !== ALL && !changed.has(id)) continue;
      if (view.kind === kindOf(this.#stage, id)) view.update();
      else this.#release(id, view);
    }
    const missing = [...wanted].filter((id) => !this.#mounted.has(id));
    for (const id of missing.slice(0, MOUNTS)) this.#mount(id);
    const before = this.#waiting;
    this.#waiting = new Set(missing.slice(MOUNTS));
    if (this.#waiting.size > 0) loop.invalidate(NODES | BACK);
    if ([...this.#waiting].some((id) => !before.has(id))) this.#onWaiting();
    for (const [id, view] of this.#mounted) {
      // A preview that makes its node higher is not hidden by what lies below.
      const front = scene.resultsShown(id) === 'preview' ? scene.nodeIds.length : 0;
      view.stack(front + (scene.indexOf.get(id) ?? 0));
    }
    counts.mounted = this.#mounted.size;
    counts.pooled = this.#spares;
  }

  /** Put moved nodes in their places. @param {Iterable<NodeId>} ids */
  place(ids) {
    for (const id of ids) this.#mounted.get(id)?.place();
  }

  /** @param {ReadonlySet<NodeId>} selected */
  showSelection(selected) {
    for (const [id, view] of this.#mounted) view.select(selected.has(id));
  }

  /** @param {boolean} moving */
  setMoving(moving) {
    this.#moving = moving;
  }

  /** Mark what takes the dragged link. @param {LinkEnd | null} end */
  markFitting(end) {
    if (end === this.#marked) return;
    this.#marked = end;
    for (const view of this.#mounted.values()) view.markFitting(fittingOf(this.#stage, view.id, end));
  }

  /** @param {number} ratio */
  #setTransform(ratio) {
    const { camera } = this.#stage;
    const scale = camera.scale * ratio;
    const x = Math.round(-camera.x * scale) / ratio;
    const y = Math.round(-camera.y * scale) / ratio;
    this.#placement.put(`translate(${x}px, ${y}px) scale(${camera.scale})`, this.#moving);
  }

  /** @param {NodeId} id */
  #mount(id) {
    const { editor } = this.#stage;
    const node = editor.document.nodes.get(id);
    if (!node) return;
    const kind = kindOf(this.#stage, id);
    const spare = this.#spare.get(kind)?.pop();
    if (spare) this.#spares -= 1;
    const view = spare ?? new NodeView(this.#stage, node, kind);
    view.bind(id);
    view.select(editor.selection.ids.peek().has(id));
    view.markFitting(fittingOf(this.#stage, id, this.#marked));
    this.layer.insertBefore(view.element, this.#following(id));
    this.#mounted.set(id, view);
  }

  /** The element before which a node's belongs, so that Tab goes through the nodes in their order. @param {NodeId} id */
  #following(id) {
    const { indexOf } = this.#stage.scene;
    const own = indexOf.get(id) ?? 0;
    let nearest = Infinity;
    let following = null;
    for (const [other, { element }] of this.#mounted) {
      const index = indexOf.get(other) ?? -1;
      if (index < own || index >= nearest) continue;
      nearest = index;
      following = element;
    }
    return following;
  }

  /**
   * @param {NodeId} id
   * @param {NodeView} view
   */
  #release(id, view) {
    this.#mounted.delete(id);
    const spare = this.#spare.get(view.kind) ?? [];
    if (spare.length >= KEPT || this.#spares >= KEPT_IN_ALL) return view.destroy();
    this.#spare.set(view.kind, spare);
    spare.push(view);
    this.#spares += 1;
    view.element.remove();
  }
}

/**
 * An element with the keyboard's focus stays as long as its node exists, so that no keystroke is lost.
 *
 * @param {NodeView} view
 */
function isPinned(view) {
  return view.element.contains(document.activeElement);
}

/**
 * Nodes of a kind have the same sockets and widgets, so that an element can serve one after another.
 *
 * @param {Stage} stage
 * @param {NodeId} id
 */
function kindOf({ editor }, id) {
  const node = editor.document.nodes.get(id);
  if (!node) return '';
  const added = editor.addedWidgets.get(id) ?? [];
  const slots = [...shownInputs(editor, node), ...added, '→', ...editor.outputs(node)];
  return [node.type, ...slots.map((slot) => (typeof slot === 'string' ? slot : `${slot.name}:${slot.type}:${slot.label ?? ''}`))].join(' ');
}

/**
 * @param {Stage} stage
 * @param {NodeId} id
 * @param {LinkEnd | null} end of the dragged link
 * @returns {{ side: 'input' | 'output', names: readonly string[] } | null} null when nothing is to be marked
 */
export function fittingOf({ editor }, id, end) {
  if (!end || end.node === id) return null;
  if ('output' in end) return { side: 'input', names: editor.fittingInputs(end.node, end.output, id) };
  return { side: 'output', names: editor.fittingOutputs(id, end.node, end.input).map(String) };
}
