/** Which part of the painted background a change of the document or of the selection is seen in. */

import { union } from './rect.js';

/** @import {Change, LinkId, NodeId, ReadonlyDocument} from '../types/document.d.ts' */
/** @import {Rect} from '../types/canvas.d.ts' */
/** @import {Scene} from './scene.js' */

/** A change of more nodes than these is taken for a change of everything. */
const MANY = 64;

/** @typedef {{ nodes: ReadonlySet<NodeId>, links: ReadonlySet<LinkId> }} Touched */

/**
 * @param {ReadonlyDocument} document
 * @param {Change} change
 * @returns {Touched | null} null for everything
 */
export function touchedBy(document, { nodes, links, groups, level, replaced }) {
  const elsewhere = groups.size > 0 || level || replaced || nodes.size + links.size === 0;
  return elsewhere ? null : withLinks(document, nodes, links);
}

/**
 * @param {ReadonlyDocument} document
 * @param {ReadonlySet<NodeId>} nodes
 * @param {Iterable<LinkId>} [links] others than theirs
 * @returns {Touched | null} null when there are many
 */
export function withLinks(document, nodes, links = []) {
  if (nodes.size > MANY) return null;
  const all = new Set(links);
  for (const id of nodes) for (const link of document.linksOf(id)) all.add(link.id);
  return { nodes, links: all };
}

/**
 * @param {Scene} scene
 * @param {Touched | null} touched
 * @param {Rect | null} [more]
 */
export function around(scene, touched, more = null) {
  const rect = touched && scene.around(touched.nodes, touched.links);
  return rect && more ? union(rect, more) : (rect ?? more);
}
