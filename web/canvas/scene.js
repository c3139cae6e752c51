/**
 * The document as the canvas sees it: boxes of nodes and ends of links in typed arrays, back to front, with what a
 * gesture shows before it becomes an edit. Finding what is visible is a linear scan. A link that passes points is
 * several stretches, each with ends of its own.
 */

import { groupBox } from '../core/groups.js';
import { pointsOf, readRoutes } from '../core/reroutes.js';
import { Frames } from './frames.js';
import { Layouts } from './layouts.js';
import { GROUP_TITLE, TITLE } from './metrics.js';
import { typeToken } from './palette.js';
import { union } from './rect.js';
import { boxesIn, extentOf, stretchBox, stretchesIn } from './scans.js';

/** @import {Change, Group, Link, LinkId, NodeId} from '../types/document.d.ts' */
/** @import {Editor, Point} from '../types/editor.d.ts' */
/** @import {Draft, NodeLayout, Rect, Results} from '../types/canvas.d.ts' */
/** @import {Json} from '../types/spec.d.ts' */
/** @import {Routes} from '../core/reroutes.js' */

export class Scene {
  /** Nodes from back to front. @type {readonly NodeId[]} */
  nodeIds = [];
  /** Place of a node in `nodeIds`. @type {Map<NodeId, number>} */
  indexOf = new Map();
  /** Left, top (of the title), width and height of each node. */
  boxes = new Float32Array(0);
  /** @type {LinkId[]} */
  linkIds = [];
  /** x and y of where each stretch begins, then of where it ends. */
  ends = new Float32Array(0);
  /** The colour of each link, as an index into `tokens`. */
  linkColors = new Uint8Array(0);
  /** @type {string[]} */
  tokens = [];
  /** @type {Draft} */
  draft = { moved: null, resized: null, resizedGroup: null, link: null, box: null, marks: null };
  /** @type {Frames} */
  frames;
  /** @type {Routes} */
  routes = { points: new Map(), last: new Map() };

  /** @type {Editor} */
  #editor;
  #layouts;
  /** @type {Map<string, number>} */
  #colors = new Map();
  /** @type {Map<LinkId, number>} */
  #linkIndex = new Map();
  /** The points that links of the document pass. @type {Set<number> | null} */
  #points = null;
  /** What the routes were read from. @type {Json | undefined} */
  #extra = undefined;

  /** @param {Editor} editor */
  constructor(editor) {
    this.#editor = editor;
    this.#layouts = new Layouts(editor);
    this.frames = new Frames(editor.document);
    this.rebuild();
  }

  /** After the types or the language have changed: every layout is made anew. */
  forgetLayouts() {
    this.#layouts.clear();
    this.rebuild();
  }

  rebuild() {
    const { document } = this.#editor;
    this.nodeIds = [...document.order];
    this.indexOf = new Map(this.nodeIds.map((id, index) => [id, index]));
    this.boxes = new Float32Array(this.nodeIds.length * 4);
    this.#layouts.tidy();
    this.frames = new Frames(document);
    if (document.rest['extra'] !== this.#extra) this.routes = readRoutes(document.rest);
    this.#extra = document.rest['extra'];
    this.#points = null;
    this.nodeIds.forEach((id, index) => this.#placeNode(id, index));
    this.#rebuildLinks();
  }

  #rebuildLinks() {
    const { links } = this.#editor.document;
    const bent = this.routes.last.size > 0;
    this.linkIds = [];
    this.#linkIndex = new Map();
    for (const id of links.keys()) {
      this.#linkIndex.set(id, this.linkIds.length);
      this.linkIds.push(id);
      if (bent && this.routes.last.has(id)) for (const _ of pointsOf(this.routes, id)) this.linkIds.push(id);
    }
    this.ends = new Float32Array(this.linkIds.length * 4);
    this.linkColors = new Uint8Array(this.linkIds.length);
    for (const link of links.values()) this.#placeLink(link);
  }

  /** @param {Change} change */
  update(change) {
    // A link may give its ends sockets that they do not have without it.
    if (change.links.size > 0) for (const id of change.nodes) this.#layouts.forget(id);
    const all = change.structure || change.nodes.size === this.nodeIds.length;
    // A group may have been collapsed, or a collapsed one moved.
    if (all || change.groups.size > 0) this.rebuild();
    else this.updateNodes(change.nodes);
  }

  /**
   * Place nodes and their links again.
   *
   * @param {Iterable<NodeId>} ids
   */
  updateNodes(ids) {
    const { document } = this.#editor;
    /** @type {Set<Readonly<Link>>} */
    const links = new Set();
    for (const id of ids) {
      const index = this.indexOf.get(id);
      if (index === undefined) continue;
      this.#placeNode(id, index);
      for (const link of document.linksOf(id)) links.add(link);
    }
    for (const link of links) this.#placeLink(link);
  }

  /** Place links again, whose points have moved. @param {Iterable<LinkId>} ids */
  updateLinks(ids) {
    for (const id of ids) {
      const link = this.#editor.document.links.get(id);
      if (link) this.#placeLink(link);
    }
  }

  /**
   * @param {NodeId} id
   * @returns {NodeLayout}
   */
  layout(id) {
    return this.#layouts.of(this.#node(id), this.draft.resized);
  }

  /**
   * The top left of a node's body, with the gesture that moves it.
   *
   * @param {NodeId} id
   * @returns {Point}
   */
  origin(id) {
    const node = this.#node(id);
    const { moved } = this.draft;
    return moved?.nodes.has(id) ? { x: node.x + moved.dx, y: node.y + moved.dy } : { x: node.x, y: node.y };
  }

  /**
   * A socket's centre; null when the node has no such socket.
   *
   * @param {NodeId} id
   * @param {'input' | 'output'} side
   * @param {string} name an input's name, or an output's number
   * @returns {Point | null}
   */
  socket(id, side, name) {
    const layout = this.layout(id);
    const places = side === 'input' ? layout.inputs : layout.outputs;
    const frame = this.frames.nodes.get(id);
    if (frame !== undefined) return this.#frameSocket(frame, side);
    const place = places.find((each) => each.name === name);
    if (!place) return null;
    const { x, y } = this.origin(id);
    return { x: side === 'input' ? x : x + layout.width, y: y + place.y };
  }

  /** @param {number} group @param {'input' | 'output'} side */
  #frameSocket(group, side) {
    const { x, y, width } = this.#frameRect(group);
    return { x: side === 'input' ? x : x + width, y: y + GROUP_TITLE / 2 };
  }

  /** @param {number} id @returns {Rect} */
  #frameRect(id) {
    const group = this.#editor.document.groups.get(id);
    return group ? this.groupRect(group) : { x: 0, y: 0, width: 0, height: 0 };
  }

  /** Ids of the points that are seen. @returns {Iterable<number>} */
  shownPoints() {
    const { links } = this.#editor.document;
    if (this.routes.last.size === 0) return [];
    this.#points ??= new Set(
      [...this.routes.last.keys()].filter((id) => links.has(id)).flatMap((id) => pointsOf(this.routes, id).map((point) => point.id)),
    );
    const hidden = this.frames.points;
    return hidden.size === 0 ? this.#points : [...this.#points].filter((id) => !hidden.has(id));
  }

  /** The token of each shown point: that of its first link. @returns {Map<number, string>} */
  pointColors() {
    /** @type {Map<number, string>} */
    const colors = new Map();
    for (const link of this.routes.last.keys()) {
      const index = this.#linkIndex.get(link);
      if (index === undefined) continue;
      const token = this.tokens[this.linkColors[index] ?? 0] ?? '--type-any';
      for (const { id } of pointsOf(this.routes, link)) if (!colors.has(id)) colors.set(id, token);
    }
    return colors;
  }

  /** @param {number} id @returns {Point | null} a point of links, with the gesture that moves it */
  point(id) {
    const point = this.routes.points.get(id);
    if (!point) return null;
    const { moved } = this.draft;
    return moved?.points.has(id) ? { x: point.x + moved.dx, y: point.y + moved.dy } : { x: point.x, y: point.y };
  }

  /**
   * @param {Iterable<NodeId>} ids
   * @returns {Rect | null} around the nodes with their titles; null when there are none
   */
  bounds(ids) {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const id of ids) {
      const at = (this.indexOf.get(id) ?? -1) * 4;
      if (at < 0) continue;
      const [x = 0, y = 0, width = 0, height = 0] = this.boxes.subarray(at, at + 4);
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + width);
      bottom = Math.max(bottom, y + height);
    }
    return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** @returns {Rect | null} around all nodes; null when there are none */
  extent() {
    return extentOf(this.boxes);
  }

  /**
   * @param {Iterable<NodeId>} nodes
   * @param {Iterable<LinkId>} links
   * @returns {Rect | null} around them as they are placed; null when none is
   */
  around(nodes, links) {
    let all = this.bounds(nodes);
    for (const id of links) {
      const first = this.#linkIndex.get(id) ?? this.linkIds.length;
      for (let at = first; this.linkIds[at] === id; at += 1) {
        const stretch = stretchBox(this.ends, at);
        if (stretch) all = all ? union(all, stretch) : stretch;
      }
    }
    return all;
  }

  /**
   * @param {Readonly<Group>} group
   * @returns {Rect} with the gesture that moves or resizes it
   */
  groupRect(group) {
    const { moved, resizedGroup } = this.draft;
    if (resizedGroup?.id === group.id) return resizedGroup.rect;
    const box = groupBox(group);
    return moved?.groups.has(group.id) ? { ...box, x: box.x + moved.dx, y: box.y + moved.dy } : box;
  }

  /**
   * Nodes that touch a rectangle, back to front, as indexes of `nodeIds`.
   *
   * @param {Rect} rect
   * @returns {number[]}
   */
  nodesIn(rect) {
    const found = boxesIn(this.boxes, rect);
    const hidden = this.frames.nodes;
    return hidden.size === 0 ? found : found.filter((index) => !hidden.has(this.nodeIds[index] ?? ''));
  }

  /**
   * Links whose box touches a rectangle, as indexes of `linkIds`.
   *
   * @param {Rect} rect
   * @returns {number[]}
   */
  linksIn(rect) {
    return stretchesIn(this.ends, rect);
  }

  /** @param {NodeId} id */
  #node(id) {
    const node = this.#editor.document.nodes.get(id);
    if (!node) throw new Error(`The document has no node ${id}.`);
    return node;
  }

  /**
   * What the node's layout has room for.
   *
   * @param {NodeId} id
   * @returns {Results}
   */
  resultsShown(id) {
    return this.#layouts.shown(id);
  }

  /**
   * @param {NodeId} id
   * @param {number} index
   */
  #placeNode(id, index) {
    const frame = this.frames.nodes.get(id);
    if (frame !== undefined) {
      const { x, y, width, height } = this.#frameRect(frame);
      this.boxes.set([x, y, width, height], index * 4);
      return;
    }
    const layout = this.layout(id);
    const { x, y } = this.origin(id);
    this.boxes.set([x, y - TITLE, layout.width, layout.height + TITLE], index * 4);
  }

  /** @param {Readonly<Link>} link */
  #placeLink(link) {
    const first = this.#linkIndex.get(link.id);
    if (first === undefined) return;
    const color = this.#colorOf(this.#editor.outputType(link.from, link.output));
    const places = this.#stops(link);
    for (let stretch = 0; this.linkIds[first + stretch] === link.id; stretch += 1) {
      const from = places?.[stretch];
      const to = places?.[stretch + 1];
      // What cannot be seen is found nowhere.
      const at = (first + stretch) * 4;
      this.ends[at] = from && to ? from.x : NaN;
      this.ends[at + 1] = from && to ? from.y : NaN;
      this.ends[at + 2] = from && to ? to.x : NaN;
      this.ends[at + 3] = from && to ? to.y : NaN;
      this.linkColors[first + stretch] = color;
    }
  }

  /**
   * Where a link begins, bends and ends.
   *
   * @param {Readonly<Link>} link
   * @returns {Point[] | null} null inside a collapsed group
   */
  #stops(link) {
    const { nodes, points } = this.frames;
    const frame = nodes.get(link.from);
    if (frame !== undefined && frame === nodes.get(link.to)) return null;
    const from = this.socket(link.from, 'output', String(link.output)) ?? this.origin(link.from);
    const to = this.socket(link.to, 'input', link.input) ?? this.origin(link.to);
    if (!this.routes.last.has(link.id)) return [from, to];
    const between = pointsOf(this.routes, link.id).map(({ id, x, y }) => {
      const hiddenIn = points.get(id);
      if (hiddenIn !== undefined) return this.#frameSocket(hiddenIn, hiddenIn === frame ? 'output' : 'input');
      return this.point(id) ?? { x, y };
    });
    return [from, ...between, to];
  }

  /** @param {string} type @returns {number} the place of its colour in `tokens` */
  #colorOf(type) {
    let index = this.#colors.get(type);
    if (index === undefined) {
      const token = typeToken(type);
      index = this.tokens.indexOf(token);
      if (index < 0) index = this.tokens.push(token) - 1;
      this.#colors.set(type, index);
    }
    return index;
  }
}
