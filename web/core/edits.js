/** Every change of a document that can be undone. An edit makes its change and returns the edit that takes it back. */

import { isBorderId, linkToNewPort } from './subgraph-border.js';

/** @import { Contents, Edit, EditableDocument, GraphNode, Group } from '../types/document.d.ts' */
/** @import { Link, LinkId, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {string} label
 * @param {(document: EditableDocument) => Edit} apply
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
const edit = (label, apply, mergeKey) => (mergeKey === undefined ? { label, apply } : { label, apply, mergeKey });

/**
 * Several edits as one, made in order.
 * @param {string} label
 * @param {readonly Edit[]} edits
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
export function compose(label, edits, mergeKey) {
  return edit(
    label,
    (document) => {
      const inverses = edits.map((each) => each.apply(document));
      return compose(label, inverses.reverse(), mergeKey);
    },
    mergeKey,
  );
}

/**
 * @param {readonly GraphNode[]} nodes
 * @param {readonly Link[]} [links] links among them, or from and to nodes that are there
 * @param {string} [label]
 */
export const addNodes = (nodes, links = [], label = 'edit.add') =>
  compose(label, [...nodes.map((node) => putNode(node, null)), ...links.map((each) => link(each, label))]);

/** @param {GraphNode} node @param {number | null} index @returns {Edit} */
function putNode(node, index) {
  return edit('edit.add', (document) => {
    document.putNode(node, index ?? document.order.length);
    return dropNode(node.id);
  });
}

/** @param {NodeId} id @returns {Edit} */
function dropNode(id) {
  return edit('edit.remove', (document) => {
    const node = nodeOf(document, id);
    const index = document.order.indexOf(id);
    document.dropNode(id);
    return putNode(node, index);
  });
}

/**
 * Remove nodes together with their links.
 * @param {readonly NodeId[]} ids
 * @param {string} [label]
 * @returns {Edit}
 */
export function removeNodes(ids, label = 'edit.remove') {
  return edit(label, (document) => {
    // The borders of a subgraph are no nodes of its file.
    const gone = inner(ids);
    const linked = new Set(gone.flatMap((id) => document.linksOf(id).map((each) => each.id)));
    return compose(label, [...[...linked].map((id) => unlink(id)), ...gone.map(dropNode)]).apply(document);
  });
}

/**
 * Link an output to an input; a link that the input had is replaced.
 * @param {Link} made
 * @param {string} [label]
 * @param {number} [place] where the link stood among the others before
 * @returns {Edit}
 */
export function link(made, label = 'edit.link', place) {
  return edit(label, (document) => {
    const port = linkToNewPort(document, made);
    if (port) return compose(label, [patchNode(port.border, port.patch, label), link(port.link, label)]).apply(document);
    const before = document.linkInto(made.to, made.input);
    const left = before ? document.dropLink(before.id) : 0;
    document.putLink(made, place);
    if (!before) return unlink(made.id, label);
    return compose(label, [unlink(made.id, label), link(before, label, left)]);
  });
}

/**
 * @param {LinkId} id
 * @param {string} [label]
 * @returns {Edit}
 */
export function unlink(id, label = 'edit.unlink') {
  return edit(label, (document) => {
    const before = document.links.get(id);
    if (!before) throw new Error(`The document has no link ${id}.`);
    return link(before, label, document.dropLink(id));
  });
}

/**
 * @param {NodeId} id
 * @param {Partial<GraphNode>} fields
 * @param {string} label
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
export function patchNode(id, fields, label, mergeKey) {
  return edit(
    label,
    (document) => {
      const node = nodeOf(document, id);
      const before = pick(node, /** @type {(keyof GraphNode)[]} */ (Object.keys(fields)));
      document.patchNode(id, fields);
      return patchNode(id, before, label, mergeKey);
    },
    mergeKey,
  );
}

/**
 * @param {GraphNode} node
 * @param {readonly (keyof GraphNode)[]} keys
 * @returns {Partial<GraphNode>}
 */
function pick(node, keys) {
  return Object.fromEntries(keys.map((key) => [key, node[key]]));
}

/**
 * @param {ReadonlyMap<NodeId, { x: number, y: number }>} places new positions
 * @param {string} [mergeKey]
 */
export const moveNodes = (places, mergeKey) =>
  compose(
    'edit.move',
    [...places].map(([id, { x, y }]) => patchNode(id, { x, y }, 'edit.move')),
    mergeKey,
  );

/** @param {NodeId} id @param {number} width @param {number} height @param {string} [mergeKey] */
export const resizeNode = (id, width, height, mergeKey) => patchNode(id, { width, height }, 'edit.resize', mergeKey);

/**
 * @param {NodeId} id
 * @param {string} name the input's name; `<name>/control` for what a seed does after queueing
 * @param {Json} value
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
export function setValue(id, name, value, mergeKey) {
  return edit(
    'edit.value',
    (document) => {
      const { values } = nodeOf(document, id);
      document.patchNode(id, { values: { ...values, [name]: value } });
      const before = values[name];
      return before === undefined ? dropValue(id, name, mergeKey) : setValue(id, name, before, mergeKey);
    },
    mergeKey,
  );
}

/** @param {NodeId} id @param {string} name @param {string} [mergeKey] @returns {Edit} */
function dropValue(id, name, mergeKey) {
  return edit(
    'edit.value',
    (document) => {
      const { [name]: before = null, ...values } = nodeOf(document, id).values;
      document.patchNode(id, { values });
      return setValue(id, name, before, mergeKey);
    },
    mergeKey,
  );
}

/** All but the borders of a subgraph. @param {readonly NodeId[]} ids */
const inner = (ids) => ids.filter((id) => !isBorderId(id));

/** @param {NodeId} id @param {string | null} title null shows the type's own title */
export const setTitle = (id, title) => patchNode(id, { title }, 'edit.title');

/** @param {readonly NodeId[]} ids @param {number} mode 0 runs, 2 is muted, 4 is bypassed */
export const setMode = (ids, mode) =>
  compose(
    'edit.mode',
    inner(ids).map((id) => patchNode(id, { mode }, 'edit.mode')),
  );

/** @param {readonly NodeId[]} ids @param {string | null} color */
export const setColor = (ids, color) =>
  compose(
    'edit.color',
    inner(ids).map((id) => patchNode(id, { color }, 'edit.color')),
  );

/** @param {readonly NodeId[]} ids @param {boolean} collapsed */
export const setCollapsed = (ids, collapsed) =>
  compose(
    'edit.collapse',
    inner(ids).map((id) => patchNode(id, { collapsed }, 'edit.collapse')),
  );

/**
 * Put nodes in front of all others, in their present order.
 * @param {readonly NodeId[]} ids
 * @returns {Edit}
 */
export function raiseNodes(ids) {
  return edit('edit.raise', (document) => {
    const raised = new Set(ids);
    const behind = document.order.filter((id) => !raised.has(id));
    return reorder([...behind, ...document.order.filter((id) => raised.has(id))], 'edit.raise').apply(document);
  });
}

/**
 * Put nodes behind all others, in their present order.
 * @param {readonly NodeId[]} ids
 * @returns {Edit}
 */
export function lowerNodes(ids) {
  return edit('edit.lower', (document) => {
    const lowered = new Set(ids);
    const before = document.order.filter((id) => !lowered.has(id));
    return reorder([...document.order.filter((id) => lowered.has(id)), ...before], 'edit.lower').apply(document);
  });
}

/** @param {readonly NodeId[]} order @param {string} label @returns {Edit} */
function reorder(order, label) {
  return edit(label, (document) => {
    const before = document.order;
    document.reorder(order);
    return reorder(before, label);
  });
}

/**
 * Add a group, or replace the one with its id (move, resize, rename, colour).
 * @param {Group} group
 * @param {string} [mergeKey]
 * @param {string} [label]
 * @param {number} [index] where it stood among the others before
 * @returns {Edit}
 */
export function putGroup(group, mergeKey, label = 'edit.group', index) {
  return edit(
    label,
    (document) => {
      const before = document.groups.get(group.id);
      document.putGroup(group, index);
      return before ? putGroup(before, mergeKey, label) : removeGroup(group.id, label);
    },
    mergeKey,
  );
}

/** @param {number} id @param {string} [label] @returns {Edit} */
export function removeGroup(id, label = 'edit.ungroup') {
  return edit(label, (document) => {
    const before = document.groups.get(id);
    if (!before) throw new Error(`The document has no group ${id}.`);
    return putGroup(before, undefined, label, document.dropGroup(id));
  });
}

/**
 * Change the fields of the file beside nodes, links and groups.
 * @param {(rest: Readonly<Record<string, Json>>) => Record<string, Json>} change
 * @param {string} label
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
export function changeRest(change, label, mergeKey) {
  return edit(
    label,
    (document) => {
      const before = document.rest;
      document.setRest(change(before));
      return changeRest(() => before, label, mergeKey);
    },
    mergeKey,
  );
}

/**
 * @param {Contents} contents
 * @param {string} [label]
 * @returns {Edit}
 */
export function replaceAll(contents, label = 'edit.open') {
  return edit(label, (document) => {
    const before = document.contents();
    document.replace(contents);
    return replaceAll(before, label);
  });
}

/** @param {ReadonlyDocument} document @param {NodeId} id */
function nodeOf(document, id) {
  const node = document.nodes.get(id);
  if (!node) throw new Error(`The document has no node ${id}.`);
  return node;
}
