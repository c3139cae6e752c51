/**
 * The workflow in memory: nodes, links and groups of the level that is shown, with the indexes that views ask for, and all
 * other levels. Changed by edits only.
 */

import { Levels } from './levels.js';
import { LinkIndex } from './link-index.js';

/** @import { Change, Contents, Definitions, EditableDocument, GraphNode, Group } from '../types/document.d.ts' */
/** @import { Link, LinkId, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @typedef {object} Touched
 * @property {Set<NodeId>} nodes
 * @property {Set<LinkId>} links
 * @property {Set<number>} groups
 * @property {boolean} structure
 * @property {boolean} replaced
 * @property {boolean} level
 * @property {boolean} changed whether anything is different, and not only what is shown
 */

/** @returns {Touched} */
const nothingTouched = () => ({
  nodes: new Set(),
  links: new Set(),
  groups: new Set(),
  structure: false,
  replaced: false,
  level: false,
  changed: false,
});

/** The highest ids that a level has had. @typedef {{ node: number, link: number, group: number }} Counts */

/** @param {string} name @param {unknown} id */
const absent = (name, id) => new Error(`The document has no ${name} ${id}.`);

/** @implements {EditableDocument} */
export class GraphDocument {
  /** @type {Map<NodeId, GraphNode>} */
  nodes = new Map();
  /** @type {Map<number, Group>} */
  groups = new Map();
  /** @type {NodeId[]} */
  order = [];
  version = 0;
  /** @type {Record<string, Json>} */
  rest = {};

  #links = new LinkIndex();
  #levels = new Levels();
  /** The places of links that edits of the past count on, by the lists in which the links were taken. @type {WeakMap<readonly Link[], number[]>} */
  #places = new WeakMap();
  /** By the ids of subgraphs; the root's under null. @type {Map<string | null, Counts>} */
  #counts = new Map();
  /** @type {Set<(change: Change) => void>} */
  #listeners = new Set();
  #touched = nothingTouched();
  #depth = 0;

  /**
   * Run several primitives as one change: listeners hear of it once, at the end.
   * @template T
   * @param {() => T} change
   * @returns {T}
   */
  transact(change) {
    this.#depth += 1;
    try {
      return change();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#announce();
    }
  }

  #announce() {
    const touched = this.#touched;
    if (!touched.structure && touched.nodes.size + touched.links.size + touched.groups.size === 0) return;
    this.#touched = nothingTouched();
    if (touched.changed) this.version += 1;
    for (const listener of [...this.#listeners]) listener(touched);
  }

  /** @param {(touched: Touched) => void} mark */
  #touch(mark) {
    this.#touched.changed = true;
    mark(this.#touched);
    if (this.#depth === 0) this.#announce();
  }

  /** @param {(change: Change) => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** In the order in which they were made. */
  get links() {
    return this.#links.all;
  }

  get path() {
    return this.#levels.path;
  }

  get shown() {
    return this.#levels.shown;
  }

  get definitions() {
    return this.#levels.definitions;
  }

  /** @param {string} place */
  nodeAt(place) {
    return this.#levels.nodeAt(place, this.nodes);
  }

  /** @param {NodeId} node @param {string} input */
  linkInto(node, input) {
    return this.#links.into(node).get(input) ?? null;
  }

  /** @param {NodeId} node */
  linksInto(node) {
    return [...this.#links.into(node).values()];
  }

  /** @param {NodeId} node @param {number} output */
  linksFrom(node, output) {
    return [...this.#links.outOf(node)].filter((link) => link.output === output);
  }

  /** @param {NodeId} node */
  linksOf(node) {
    const outward = [...this.#links.outOf(node)].filter((link) => link.to !== node);
    return [...this.linksInto(node), ...outward];
  }

  get #count() {
    let counts = this.#counts.get(this.shown);
    if (!counts) this.#counts.set(this.shown, (counts = { node: 0, link: 0, group: 0 }));
    return counts;
  }

  freshNodeId() {
    this.#count.node += 1;
    return String(this.#count.node);
  }

  freshLinkId() {
    this.#count.link += 1;
    return this.#count.link;
  }

  freshGroupId() {
    this.#count.group += 1;
    return this.#count.group;
  }

  /** @returns {Contents} */
  contents() {
    const contents = this.#levels.contents({
      nodes: this.order.map((id) => this.#node(id)),
      links: [...this.links.values()],
      groups: [...this.groups.values()],
      rest: this.rest,
    });
    const level = this.shown === null ? contents : contents.definitions?.get(this.shown);
    if (level) this.#places.set(level.links, this.#links.places());
    return contents;
  }

  /** @param {NodeId} id */
  #node(id) {
    const node = this.nodes.get(id);
    if (!node) throw absent('node', id);
    return node;
  }

  /** @param {GraphNode} node @param {number} [index] */
  putNode(node, index = this.order.length) {
    if (this.nodes.has(node.id)) throw new Error(`The document already has a node ${node.id}.`);
    this.nodes.set(node.id, node);
    if (index === this.order.length) this.order.push(node.id);
    else this.order.splice(index, 0, node.id);
    this.#countNode(node.id);
    this.#touch((touched) => {
      touched.nodes.add(node.id);
      touched.structure = true;
    });
  }

  /** @param {NodeId} id */
  dropNode(id) {
    if (this.linksOf(id).length > 0) throw new Error(`Node ${id} still has links.`);
    this.#node(id);
    this.nodes.delete(id);
    this.#links.forget(id);
    this.order.splice(this.order.indexOf(id), 1);
    this.#touch((touched) => {
      touched.nodes.add(id);
      touched.structure = true;
    });
  }

  /** @param {NodeId} id @param {Partial<GraphNode>} patch */
  patchNode(id, patch) {
    this.nodes.set(id, { ...this.#node(id), ...patch });
    this.#touch((touched) => touched.nodes.add(id));
  }

  /** @param {Link} link @param {number} [place] where it stood before; else it comes last */
  putLink(link, place) {
    this.#node(link.from);
    this.#node(link.to);
    if (this.linkInto(link.to, link.input))
      throw new Error(`Input ${link.input} of node ${link.to} is linked already.`);
    this.#links.put(link, place);
    this.#count.link = Math.max(this.#count.link, link.id);
    this.#touch((touched) => {
      touched.links.add(link.id);
      touched.nodes.add(link.from).add(link.to);
      touched.structure = true;
    });
  }

  /** @param {LinkId} id @returns {number} its place, to be put back in */
  dropLink(id) {
    const link = this.#links.get(id);
    if (!link) throw absent('link', id);
    const place = this.#links.drop(link);
    this.#touch((touched) => {
      touched.links.add(id);
      touched.nodes.add(link.from).add(link.to);
      touched.structure = true;
    });
    return place;
  }

  /**
   * @param {Group} group puts a new group, or replaces the one with its id
   * @param {number} [index] where a new one comes to stand; else last
   */
  putGroup(group, index = this.groups.size) {
    if (index < this.groups.size && !this.groups.has(group.id)) {
      this.groups = new Map([...this.groups].toSpliced(index, 0, [group.id, group]));
    } else this.groups.set(group.id, group);
    this.#count.group = Math.max(this.#count.group, group.id);
    this.#touch((touched) => touched.groups.add(group.id));
  }

  /** @param {number} id @returns {number} its index, to be put back at */
  dropGroup(id) {
    const index = [...this.groups.keys()].indexOf(id);
    if (!this.groups.delete(id)) throw absent('group', id);
    this.#touch((touched) => touched.groups.add(id));
    return index;
  }

  /** @param {Record<string, Json>} rest */
  setRest(rest) {
    this.rest = rest;
    this.#touch((touched) => (touched.structure = true));
  }

  /** @param {readonly NodeId[]} order all nodes from back to front */
  reorder(order) {
    this.order = [...order];
    this.#touch((touched) => order.forEach((id) => touched.nodes.add(id)));
  }

  /** @param {readonly NodeId[]} path */
  show(path) {
    if (path.join(':') === this.path.join(':')) return;
    const { changed } = this.#touched;
    this.#load(this.contents(), path);
    this.#touched.changed = changed;
    if (this.#depth === 0) this.#announce();
  }

  /** @param {Definitions} definitions */
  setDefinitions(definitions) {
    this.#levels.definitions = definitions;
    this.#touch((touched) => {
      touched.structure = true;
      // What an instance shows hangs on its subgraph: views have to see that it is not what it was.
      for (const [id, node] of this.nodes) {
        if (!definitions.has(node.type)) continue;
        this.nodes.set(id, { ...node });
        touched.nodes.add(id);
      }
    });
  }

  /** @param {Contents} contents */
  setContents(contents) {
    this.#load(contents, this.path);
    this.setDefinitions(this.definitions);
  }

  /** @param {Contents} contents */
  replace(contents) {
    this.#counts = new Map();
    this.#load(contents, []);
    this.#touch((touched) => (touched.replaced = true));
  }

  /** @param {Contents} contents @param {readonly NodeId[]} path */
  #load(contents, path) {
    const before = this.path.join(':');
    this.#touchAll();
    const { nodes, links, groups, rest } = this.#levels.open(contents, path);
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
    this.groups = new Map(groups.map((group) => [group.id, group]));
    this.order = [...this.nodes.keys()];
    this.rest = rest;
    this.#links = new LinkIndex();
    const places = this.#places.get(links);
    for (const [index, link] of links.entries()) {
      this.#links.put(link, places?.[index]);
      this.#count.link = Math.max(this.#count.link, link.id);
    }
    for (const id of this.order) this.#countNode(id);
    for (const id of this.groups.keys()) this.#count.group = Math.max(this.#count.group, id);
    this.#countFromFile();
    this.#touchAll();
    this.#touched.structure = true;
    this.#touched.changed = true;
    if (this.path.join(':') !== before) this.#touched.level = true;
  }

  #touchAll() {
    const touched = this.#touched;
    for (const id of this.nodes.keys()) touched.nodes.add(id);
    for (const id of this.links.keys()) touched.links.add(id);
    for (const id of this.groups.keys()) touched.groups.add(id);
  }

  /** @param {NodeId} id */
  #countNode(id) {
    const number = Number(id);
    if (Number.isSafeInteger(number)) this.#count.node = Math.max(this.#count.node, number);
  }

  /** A file's counters keep ids of deleted nodes from being given again. */
  #countFromFile() {
    const { last_node_id: node, last_link_id: link } = this.rest;
    if (Number.isSafeInteger(node)) this.#count.node = Math.max(this.#count.node, Number(node));
    if (Number.isSafeInteger(link)) this.#count.link = Math.max(this.#count.link, Number(link));
  }
}
