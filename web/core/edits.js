/** Every change of a document that can be undone. An edit makes its change and returns the edit that takes it back. */

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
    const linked = new Set(ids.flatMap((id) => document.linksOf(id).map((each) => each.id)));
    return compose(label, [...[...linked].map((id) => unlink(id)), ...ids.map(dropNode)]).apply(document);
  });
}

/**
 * Link an output to an input; a link that the input had is replaced.
 * @param {Link} made
 * @param {string} [label]
 * @returns {Edit}
 */
export function link(made, label = 'edit.link') {
  return edit(label, (document) => {
    const before = document.linkInto(made.to, made.input);
    if (before) document.dropLink(before.id);
    document.putLink(made);
    return before ? link(before, label) : unlink(made.id, label);
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
    document.dropLink(id);
    return link(before, label);
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

/** @param {NodeId} id @param {string | null} title null shows the type's own title */
export const setTitle = (id, title) => patchNode(id, { title }, 'edit.title');

/** @param {readonly NodeId[]} ids @param {number} mode 0 runs, 2 is muted, 4 is bypassed */
export const setMode = (ids, mode) =>
  compose(
    'edit.mode',
    ids.map((id) => patchNode(id, { mode }, 'edit.mode')),
  );

/** @param {readonly NodeId[]} ids @param {string | null} color */
export const setColor = (ids, color) =>
  compose(
    'edit.color',
    ids.map((id) => patchNode(id, { color }, 'edit.color')),
  );

/** @param {readonly NodeId[]} ids @param {boolean} collapsed */
export const setCollapsed = (ids, collapsed) =>
  compose(
    'edit.collapse',
    ids.map((id) => patchNode(id, { collapsed }, 'edit.collapse')),
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
    return reorder([...behind, ...document.order.filter((id) => raised.has(id))]).apply(document);
  });
}

/** @param {readonly NodeId[]} order @returns {Edit} */
function reorder(order) {
  return edit('edit.raise', (document) => {
    const before = document.order;
    document.reorder(order);
    return reorder(before);
  });
}

/**
 * Add a group, or replace the one with its id (move, resize, rename, colour).
 * @param {Group} group
 * @param {string} [mergeKey]
 * @returns {Edit}
 */
export function putGroup(group, mergeKey) {
  return edit(
    'edit.group',
    (document) => {
      const before = document.groups.get(group.id);
      document.putGroup(group);
      return before ? putGroup(before, mergeKey) : removeGroup(group.id);
    },
    mergeKey,
  );
}

/** @param {number} id @returns {Edit} */
export function removeGroup(id) {
  return edit('edit.group', (document) => {
    const before = document.groups.get(id);
    if (!before) throw new Error(`The document has no group ${id}.`);
    document.dropGroup(id);
    return putGroup(before);
  });
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
