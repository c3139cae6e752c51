/** The workflow in memory: nodes, links and groups, with the indexes that views ask for. Changed by edits only. */

/** @import { Change, Contents, EditableDocument, GraphNode, Group } from '../types/document.d.ts' */
/** @import { Link, LinkId, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @typedef {{ nodes: Set<NodeId>, links: Set<LinkId>, groups: Set<number>, structure: boolean }} Touched
 */

/** @returns {Touched} */
const nothingTouched = () => ({ nodes: new Set(), links: new Set(), groups: new Set(), structure: false });

/** @param {string} name @param {unknown} id */
const absent = (name, id) => new Error(`The document has no ${name} ${id}.`);

/** @implements {EditableDocument} */
export class GraphDocument {
  /** @type {Map<NodeId, GraphNode>} */
  nodes = new Map();
  /** @type {Map<LinkId, Link>} */
  links = new Map();
  /** @type {Map<number, Group>} */
  groups = new Map();
  /** @type {NodeId[]} */
  order = [];
  version = 0;
  /** @type {Record<string, Json>} */
  rest = {};

  /** @type {Map<NodeId, Map<string, Link>>} */
  #into = new Map();
  /** @type {Map<NodeId, Set<Link>>} */
  #outOf = new Map();
  #lastNode = 0;
  #lastLink = 0;
  #lastGroup = 0;
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
    this.version += 1;
    for (const listener of [...this.#listeners]) listener(touched);
  }

  /** @param {(touched: Touched) => void} mark */
  #touch(mark) {
    mark(this.#touched);
    if (this.#depth === 0) this.#announce();
  }

  /** @param {(change: Change) => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param {NodeId} node @param {string} input */
  linkInto(node, input) {
    return this.#into.get(node)?.get(input) ?? null;
  }

  /** @param {NodeId} node */
  linksInto(node) {
    return [...(this.#into.get(node)?.values() ?? [])];
  }

  /** @param {NodeId} node @param {number} output */
  linksFrom(node, output) {
    return [...(this.#outOf.get(node) ?? [])].filter((link) => link.output === output);
  }

  /** @param {NodeId} node */
  linksOf(node) {
    const outward = [...(this.#outOf.get(node) ?? [])].filter((link) => link.to !== node);
    return [...this.linksInto(node), ...outward];
  }

  freshNodeId() {
    this.#lastNode += 1;
    return String(this.#lastNode);
  }

  freshLinkId() {
    this.#lastLink += 1;
    return this.#lastLink;
  }

  freshGroupId() {
    this.#lastGroup += 1;
    return this.#lastGroup;
  }

  /** @returns {Contents} */
  contents() {
    return {
      nodes: this.order.map((id) => this.#node(id)),
      links: [...this.links.values()],
      groups: [...this.groups.values()],
      rest: this.rest,
    };
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
    this.#into.delete(id);
    this.#outOf.delete(id);
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

  /** @param {Link} link */
  putLink(link) {
    this.#node(link.from);
    this.#node(link.to);
    if (this.linkInto(link.to, link.input))
      throw new Error(`Input ${link.input} of node ${link.to} is linked already.`);
    this.#index(link);
    this.#touch((touched) => {
      touched.links.add(link.id);
      touched.nodes.add(link.from).add(link.to);
      touched.structure = true;
    });
  }

  /** @param {Link} link */
  #index(link) {
    this.links.set(link.id, link);
    let into = this.#into.get(link.to);
    if (!into) this.#into.set(link.to, (into = new Map()));
    into.set(link.input, link);
    let outOf = this.#outOf.get(link.from);
    if (!outOf) this.#outOf.set(link.from, (outOf = new Set()));
    outOf.add(link);
    this.#lastLink = Math.max(this.#lastLink, link.id);
  }

  /** @param {LinkId} id */
  dropLink(id) {
    const link = this.links.get(id);
    if (!link) throw absent('link', id);
    this.links.delete(id);
    this.#into.get(link.to)?.delete(link.input);
    this.#outOf.get(link.from)?.delete(link);
    this.#touch((touched) => {
      touched.links.add(id);
      touched.nodes.add(link.from).add(link.to);
      touched.structure = true;
    });
  }

  /** @param {Group} group puts a new group, or replaces the one with its id */
  putGroup(group) {
    this.groups.set(group.id, group);
    this.#lastGroup = Math.max(this.#lastGroup, group.id);
    this.#touch((touched) => touched.groups.add(group.id));
  }

  /** @param {number} id */
  dropGroup(id) {
    if (!this.groups.delete(id)) throw absent('group', id);
    this.#touch((touched) => touched.groups.add(id));
  }

  /** @param {readonly NodeId[]} order all nodes from back to front */
  reorder(order) {
    this.order = [...order];
    this.#touch((touched) => order.forEach((id) => touched.nodes.add(id)));
  }

  /** @param {Contents} contents */
  replace(contents) {
    const before = this.#touched;
    for (const id of this.nodes.keys()) before.nodes.add(id);
    for (const id of this.links.keys()) before.links.add(id);
    for (const id of this.groups.keys()) before.groups.add(id);
    this.nodes = new Map(contents.nodes.map((node) => [node.id, node]));
    this.groups = new Map(contents.groups.map((group) => [group.id, group]));
    this.order = [...this.nodes.keys()];
    this.rest = contents.rest;
    this.links = new Map();
    this.#into = new Map();
    this.#outOf = new Map();
    this.#lastNode = this.#lastLink = this.#lastGroup = 0;
    for (const link of contents.links) this.#index(link);
    for (const id of this.order) this.#countNode(id);
    for (const id of this.groups.keys()) this.#lastGroup = Math.max(this.#lastGroup, id);
    this.#countFromFile();
    this.#touch((touched) => {
      for (const id of this.nodes.keys()) touched.nodes.add(id);
      for (const id of this.links.keys()) touched.links.add(id);
      for (const id of this.groups.keys()) touched.groups.add(id);
      touched.structure = true;
    });
  }

  /** @param {NodeId} id */
  #countNode(id) {
    const number = Number(id);
    if (Number.isSafeInteger(number)) this.#lastNode = Math.max(this.#lastNode, number);
  }

  /** A file's counters keep ids of deleted nodes from being given again. */
  #countFromFile() {
    const { last_node_id: node, last_link_id: link } = this.rest;
    if (Number.isSafeInteger(node)) this.#lastNode = Math.max(this.#lastNode, Number(node));
    if (Number.isSafeInteger(link)) this.#lastLink = Math.max(this.#lastLink, Number(link));
  }
}
