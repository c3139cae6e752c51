/**
 * The document as the canvas sees it: boxes of nodes and ends of links in typed arrays, back to front, with what a
 * gesture shows before it becomes an edit. Finding what is visible is a linear scan.
 */

import { layoutNode } from './layout.js';
import { TITLE } from './metrics.js';
import { typeToken } from './palette.js';

/** @import {Change, GraphNode, Group, Link, LinkId, NodeId} from '../types/document.d.ts' */
/** @import {Editor, Point} from '../types/editor.d.ts' */
/** @import {Draft, NodeLayout, Rect, Results} from '../types/canvas.d.ts' */

/** @typedef {{ node: Readonly<GraphNode>, results: Results, layout: NodeLayout }} Cached */

export class Scene {
  /** Nodes from back to front. @type {readonly NodeId[]} */
  nodeIds = [];
  /** Place of a node in `nodeIds`. @type {Map<NodeId, number>} */
  indexOf = new Map();
  /** Left, top (of the title), width and height of each node. */
  boxes = new Float32Array(0);
  /** @type {LinkId[]} */
  linkIds = [];
  /** x and y of each link's output, then of its input. */
  ends = new Float32Array(0);
  /** The colour of each link, as an index into `tokens`. */
  linkColors = new Uint8Array(0);
  /** @type {string[]} */
  tokens = [];
  /** @type {Draft} */
  draft = { moved: null, resized: null, resizedGroup: null, link: null, box: null };

  /** @type {Editor} */
  #editor;
  /** @type {Map<NodeId, Cached>} */
  #layouts = new Map();
  /** @type {Map<LinkId, number>} */
  #linkIndex = new Map();

  /** @param {Editor} editor */
  constructor(editor) {
    this.#editor = editor;
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
    for (const id of this.#layouts.keys()) if (!document.nodes.has(id)) this.#layouts.delete(id);
    this.nodeIds.forEach((id, index) => this.#placeNode(id, index));
    this.linkIds = [...document.links.keys()];
    this.#linkIndex = new Map(this.linkIds.map((id, index) => [id, index]));
    this.ends = new Float32Array(this.linkIds.length * 4);
    this.linkColors = new Uint8Array(this.linkIds.length);
    let index = 0;
    for (const link of document.links.values()) this.#placeLink(link, index++);
  }

  /** @param {Change} change */
  update(change) {
    // A link may give its ends sockets that they do not have without it.
    if (change.links.size > 0) for (const id of change.nodes) this.#layouts.delete(id);
    if (change.structure || change.nodes.size === this.nodeIds.length) this.rebuild();
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
    for (const link of links) this.#placeLink(link, this.#linkIndex.get(link.id) ?? 0);
  }

  /**
   * @param {NodeId} id
   * @returns {NodeLayout}
   */
  layout(id) {
    const node = this.#node(id);
    const results = this.#results(id);
    const cached = this.#layouts.get(id);
    const { resized } = this.draft;
    if (resized?.id === id) {
      return layoutNode(this.#editor, { ...node, width: resized.width, height: resized.height }, results);
    }
    if (cached && cached.node === node && cached.results === results) return cached.layout;
    const layout = layoutNode(this.#editor, node, results);
    this.#layouts.set(id, { node, results, layout });
    return layout;
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
    const place = places.find((each) => each.name === name);
    if (!place) return null;
    const { x, y } = this.origin(id);
    return { x: side === 'input' ? x : x + layout.width, y: y + place.y };
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

  /**
   * @param {Readonly<Group>} group
   * @returns {Rect} with the gesture that moves or resizes it
   */
  groupRect(group) {
    const { moved, resizedGroup } = this.draft;
    const size = resizedGroup?.id === group.id ? resizedGroup : group;
    const shift = moved?.groups.has(group.id) ? moved : { dx: 0, dy: 0 };
    return { x: group.x + shift.dx, y: group.y + shift.dy, width: size.width, height: size.height };
  }

  /**
   * Nodes that touch a rectangle, back to front, as indexes of `nodeIds`.
   *
   * @param {Rect} rect
   * @returns {number[]}
   */
  nodesIn({ x, y, width, height }) {
    const { boxes } = this;
    const right = x + width;
    const bottom = y + height;
    const found = [];
    for (let index = 0, at = 0; at < boxes.length; index += 1, at += 4) {
      const left = boxes[at] ?? 0;
      const top = boxes[at + 1] ?? 0;
      if (left < right && top < bottom && left + (boxes[at + 2] ?? 0) > x && top + (boxes[at + 3] ?? 0) > y) found.push(index);
    }
    return found;
  }

  /**
   * Links whose box touches a rectangle, as indexes of `linkIds`.
   *
   * @param {Rect} rect
   * @returns {number[]}
   */
  linksIn({ x, y, width, height }) {
    const { ends } = this;
    const right = x + width;
    const bottom = y + height;
    const found = [];
    for (let index = 0, at = 0; at < ends.length; index += 1, at += 4) {
      const x1 = ends[at] ?? 0;
      const y1 = ends[at + 1] ?? 0;
      const x2 = ends[at + 2] ?? 0;
      const y2 = ends[at + 3] ?? 0;
      // A link that runs backwards bulges out of the box of its ends.
      const bulge = x2 < x1 ? 160 : 0;
      if (Math.min(x1, x2) - bulge < right && Math.max(x1, x2) + bulge > x && Math.min(y1, y2) < bottom && Math.max(y1, y2) > y) {
        found.push(index);
      }
    }
    return found;
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
    return this.#layouts.get(id)?.results ?? 'none';
  }

  /**
   * @param {NodeId} id
   * @returns {Results}
   */
  #results(id) {
    const { pictures, texts, preview } = this.#editor.run.node(id).peek();
    if (pictures.length > 0 || texts.length > 0) return 'made';
    return preview === null ? 'none' : 'preview';
  }

  /**
   * @param {NodeId} id
   * @param {number} index
   */
  #placeNode(id, index) {
    const layout = this.layout(id);
    const { x, y } = this.origin(id);
    this.boxes.set([x, y - TITLE, layout.width, layout.height + TITLE], index * 4);
  }

  /**
   * @param {Readonly<Link>} link
   * @param {number} index
   */
  #placeLink(link, index) {
    const from = this.socket(link.from, 'output', String(link.output)) ?? this.origin(link.from);
    const to = this.socket(link.to, 'input', link.input) ?? this.origin(link.to);
    this.ends.set([from.x, from.y, to.x, to.y], index * 4);
    this.linkColors[index] = this.#tokenIndex(typeToken(this.#editor.outputType(link.from, link.output)));
  }

  /** @param {string} token */
  #tokenIndex(token) {
    const index = this.tokens.indexOf(token);
    return index >= 0 ? index : this.tokens.push(token) - 1;
  }
}
