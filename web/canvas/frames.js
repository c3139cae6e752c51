/** What collapsed groups hide. */

import { nodeBox } from '../core/boxes.js';
import { isCollapsed, wholeGroups } from '../core/groups.js';
import { passingLinks } from '../core/reroutes.js';

/** @import {Link, NodeId, ReadonlyDocument} from '../types/document.d.ts' */

export class Frames {
  /** The outermost collapsed group around each hidden node, group and point. @type {Map<NodeId, number>} */
  nodes = new Map();
  /** @type {Map<number, number>} */
  groups = new Map();
  /** @type {Map<number, number>} */
  points = new Map();

  /** @param {ReadonlyDocument} document */
  constructor(document) {
    const collapsed = [...document.groups.values()].filter(isCollapsed).map(({ id }) => id);
    const contents = new Map(collapsed.map((id) => [id, wholeGroups(document, [id], nodeBox)]));
    for (const [id, content] of contents) {
      const inner = [...contents].some(([other, { groups }]) => other !== id && groups.has(id));
      if (inner) continue;
      for (const node of content.nodes) this.nodes.set(node, id);
      for (const point of content.points) this.points.set(point, id);
      for (const group of content.groups) if (group !== id) this.groups.set(group, id);
    }
    if (this.nodes.size > 0) this.#hidePoints(document);
  }

  /** A point goes with its links. @param {ReadonlyDocument} document */
  #hidePoints(document) {
    for (const [id, links] of passingLinks(document)) {
      const frames = new Set(links.flatMap((each) => document.links.get(each) ?? []).map((link) => this.#frameOf(link)));
      const [frame] = frames;
      if (frames.size === 1 && frame !== undefined) this.points.set(id, frame);
    }
  }

  /** The collapsed group that has both ends of a link. @param {Readonly<Link>} link */
  #frameOf({ from, to }) {
    const frame = this.nodes.get(from);
    return frame === this.nodes.get(to) ? frame : undefined;
  }
}
