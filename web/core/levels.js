/** The levels of a document: its root, and the subgraphs that instances lead to. One of them is shown. */

/** @import { Contents, Definitions, GraphNode, Level, NodeId } from '../types/document.d.ts' */

export class Levels {
  /** The shown one is in it as it was when it was shown. @type {Definitions} */
  definitions = new Map();
  /** @type {readonly NodeId[]} */
  path = [];
  /** The id of the shown subgraph; null at the root. @type {string | null} */
  shown = null;
  /** The root, while another level is shown. @type {Level | null} */
  #root = null;
  /** The shown level as it was when it was shown. @type {Level | null} */
  #loaded = null;
  /** @type {WeakMap<Level, Map<NodeId, GraphNode>>} */
  #nodes = new WeakMap();

  /**
   * All of the document.
   * @param {Level} now the shown level as it is
   * @returns {Contents}
   */
  contents(now) {
    const { definitions, shown } = this;
    if (shown === null || !this.#root) return { ...now, definitions };
    const { source } = this.#loaded ?? {};
    if (this.#loaded && sameLevel(this.#loaded, now)) return { ...this.#root, definitions };
    return { ...this.#root, definitions: new Map(definitions).set(shown, source ? { ...now, source } : now) };
  }

  /**
   * @param {Contents} contents
   * @param {readonly NodeId[]} path
   * @returns {Level} what is to be shown: where the path leads, or the deepest level on the way that there is
   */
  open({ definitions = new Map(), ...root }, path) {
    this.definitions = definitions;
    /** @type {Level} */
    let level = root;
    this.shown = null;
    /** @type {NodeId[]} */
    const steps = [];
    for (const id of path) {
      const type = this.#nodesOf(level).get(id)?.type;
      const next = type === undefined ? undefined : definitions.get(type);
      if (type === undefined || !next) break;
      level = next;
      this.shown = type;
      steps.push(id);
    }
    this.path = steps;
    this.#root = steps.length > 0 ? root : null;
    this.#loaded = level;
    return level;
  }

  /**
   * @param {string} place a node's ids from the root
   * @param {ReadonlyMap<NodeId, GraphNode>} live the nodes of the shown level
   * @returns {GraphNode | null}
   */
  nodeAt(place, live) {
    /** @type {string | null} */
    let level = null;
    /** @type {GraphNode | undefined} */
    let node;
    for (const id of place.split(':')) {
      /** @type {Level | null | undefined} */
      const kept = level === null ? this.#root : this.definitions.get(level);
      node = (level === this.shown ? live : kept && this.#nodesOf(kept))?.get(id);
      if (!node) return null;
      level = node.type;
    }
    return node ?? null;
  }

  /** @param {Level} level */
  #nodesOf(level) {
    let nodes = this.#nodes.get(level);
    if (!nodes) this.#nodes.set(level, (nodes = new Map(level.nodes.map((node) => [node.id, node]))));
    return nodes;
  }
}

/** Whether two levels say the same. @param {Omit<Level, 'source'>} a @param {Omit<Level, 'source'>} b */
export function sameLevel(a, b) {
  return same(a.nodes, b.nodes) && same(a.links, b.links) && same(a.groups, b.groups) && equal(a.rest, b.rest);
}

/** @param {readonly object[]} a @param {readonly object[]} b */
const same = (a, b) => a.length === b.length && a.every((each, index) => equal(each, b[index]));

/** @param {object} a @param {object | undefined} b */
const equal = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
