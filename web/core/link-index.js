/** The links of a graph in their order, found by their ends. */

/** @import { Link, LinkId, NodeId } from '../types/document.d.ts' */

export class LinkIndex {
  /** @type {Map<LinkId, Link>} */
  #links = new Map();
  /** Where each link stands among them: one that comes back stands where it was. @type {Map<LinkId, number>} */
  #places = new Map();
  #nextPlace = 0;
  #ordered = true;
  /** Nodes whose outward links are not in their order. @type {Set<NodeId>} */
  #mixed = new Set();
  /** @type {Map<NodeId, Map<string, Link>>} */
  #into = new Map();
  /** @type {Map<NodeId, Set<Link>>} */
  #outOf = new Map();

  /** In the order in which they were made. @returns {Map<LinkId, Link>} */
  get all() {
    if (!this.#ordered) {
      this.#links = new Map([...this.#links].sort(([a], [b]) => this.#placeOf(a) - this.#placeOf(b)));
      this.#ordered = true;
    }
    return this.#links;
  }

  /** The places of all links, in their order. */
  places() {
    return [...this.all.keys()].map((id) => this.#placeOf(id));
  }

  /** @param {LinkId} id */
  #placeOf(id) {
    return this.#places.get(id) ?? -1;
  }

  /** @param {NodeId} node @returns {ReadonlySet<Link>} */
  outOf(node) {
    const links = this.#outOf.get(node) ?? new Set();
    if (!this.#mixed.delete(node)) return links;
    const sorted = new Set([...links].sort((a, b) => this.#placeOf(a.id) - this.#placeOf(b.id)));
    this.#outOf.set(node, sorted);
    return sorted;
  }

  /** The links into a node, by input. @param {NodeId} node @returns {ReadonlyMap<string, Link>} */
  into(node) {
    return this.#into.get(node) ?? new Map();
  }

  /** @param {LinkId} id */
  get(id) {
    return this.#links.get(id);
  }

  /** @param {Link} link @param {number} [place] where it stood before; else it comes last */
  put(link, place = this.#nextPlace) {
    const last = place >= this.#nextPlace;
    this.#links.set(link.id, link);
    this.#places.set(link.id, place);
    this.#nextPlace = Math.max(this.#nextPlace, place + 1);
    this.#putInto(link, last);
    if (!last) {
      this.#ordered = false;
      this.#mixed.add(link.from);
    }
    let outOf = this.#outOf.get(link.from);
    if (!outOf) this.#outOf.set(link.from, (outOf = new Set()));
    outOf.add(link);
  }

  /** @param {Link} link @param {boolean} last */
  #putInto(link, last) {
    const into = this.#into.get(link.to);
    if (!into) this.#into.set(link.to, new Map([[link.input, link]]));
    else if (last) into.set(link.input, link);
    else {
      const all = [...into, /** @type {const} */ ([link.input, link])];
      this.#into.set(link.to, new Map(all.sort(([, a], [, b]) => this.#placeOf(a.id) - this.#placeOf(b.id))));
    }
  }

  /** @param {Link} link @returns {number} its place, to be put back in */
  drop(link) {
    const place = this.#placeOf(link.id);
    this.#links.delete(link.id);
    this.#places.delete(link.id);
    this.#into.get(link.to)?.delete(link.input);
    this.#outOf.get(link.from)?.delete(link);
    return place;
  }

  /** A node without links is gone. @param {NodeId} node */
  forget(node) {
    this.#into.delete(node);
    this.#outOf.delete(node);
  }
}
