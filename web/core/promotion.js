/** Which widgets of inner nodes the instances of a subgraph show, and changing that for all of them. */

import { listOf, recordOf, without } from './json.js';
import { LISTED_PROPERTY, listedWidgets } from './subgraph-face.js';
import { changeInstances, changeLevels } from './subgraphs.js';

/** @import { Contents, GraphNode, Level, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Listed } from './subgraph-face.js' */

/** @typedef {(widget: Listed) => readonly Listed[]} Moved */

/** The list of widgets that an instance has, or else its subgraph. @param {GraphNode} node @param {Level} level @returns {Json[]} */
function listOfInstance(node, level) {
  const own = listOf(recordOf(node.rest['properties'])[LISTED_PROPERTY]);
  return own.length > 0 ? own : listOfDefinition(level);
}

/** @param {Level} level @returns {Json[]} as instances have it */
export const listOfDefinition = ({ rest }) => listedWidgets(rest['widgets']).map(entryOf);

/** @param {Listed} widget @returns {Json} */
const entryOf = ({ node, name, source }) => [node, name, ...(source === '' ? [] : [source])];

/** The key of its value. @param {Listed} widget */
const keyOf = ({ node, name, source }) => [node, source, name].filter((part) => part !== '').join(':');

/** @param {Json} entry @param {Listed} wanted */
const isEntry = (entry, wanted) => {
  const [found] = listedWidgets([entry]);
  return found?.node === wanted.node && found.name === wanted.name && (wanted.source === '' || found.source === wanted.source);
};

/**
 * Show a widget of an inner node on all instances of a subgraph, or no more.
 * @param {Contents} contents
 * @param {string} id
 * @param {Listed} widget
 * @param {boolean} shown
 * @returns {Contents}
 */
export function promote(contents, id, widget, shown) {
  const level = contents.definitions?.get(id);
  if (!level) return contents;
  const changed = (/** @type {Json[]} */ list) => {
    const others = list.filter((each) => !isEntry(each, widget));
    return !shown ? others : others.length < list.length ? list : [...list, entryOf(widget)];
  };
  const key = keyOf(widget);
  const instances = changeInstances(contents, id, (node) => {
    const values = shown ? node.values : without(node.values, [key, `${key}/control`]);
    return { ...withList(node, changed(listOfInstance(node, level))), values };
  });
  return changeList(instances, id, changed);
}

/** @param {GraphNode} node @param {Json[]} list @returns {GraphNode} */
function withList(node, list) {
  const properties = { ...recordOf(node.rest['properties']), [LISTED_PROPERTY]: list };
  return { ...node, rest: { ...node.rest, properties } };
}

/** The list that the subgraph itself has, for new instances. @param {Contents} contents @param {string} id @param {(list: Json[]) => Json[]} change */
function changeList(contents, id, change) {
  return changeLevels(contents, (level, own) => {
    if (own !== id) return level;
    const widgets = listedWidgets(change(listOfDefinition(level))).map(({ node, name }) => ({ id: node, name }));
    return { ...level, rest: { ...level.rest, widgets } };
  });
}

/**
 * Instances go on showing widgets of nodes that are elsewhere now.
 * @param {Contents} contents
 * @param {string} id of the subgraph that the nodes were moved in
 * @param {Moved} moved where a listed widget is now, perhaps in several places
 * @returns {Contents}
 */
export function followMoved(contents, id, moved) {
  const level = contents.definitions?.get(id);
  if (!level) return contents;
  const change = (/** @type {Json[]} */ list) => list.flatMap((entry) => movedEntries(entry, moved));
  const instances = changeInstances(contents, id, (node) => relisted(node, listOfInstance(node, level), moved));
  return followOutside(listOfDefinition(level).length > 0 ? changeList(instances, id, change) : instances, id, moved);
}

/** @param {Json} entry @param {Moved} moved */
function movedEntries(entry, moved) {
  const [widget] = listedWidgets([entry]);
  const next = widget ? moved(widget) : [];
  return next.length === 0 || next[0] === widget ? [entry] : next.map(entryOf);
}

/** @param {GraphNode} node @param {Json[]} list @param {Moved} moved @returns {GraphNode} */
function relisted(node, list, moved) {
  /** @type {Map<string, string[]>} */
  const keys = new Map();
  for (const widget of listedWidgets(list)) {
    const before = keyOf(widget);
    const after = moved(widget).map(keyOf);
    if (after[0] === undefined || after[0] === before) continue;
    keys.set(before, after);
    keys.set(`${before}/control`, after.map((key) => `${key}/control`));
  }
  if (keys.size === 0) return node;
  const values = Object.entries(node.values).flatMap(([key, value]) => (keys.get(key) ?? [key]).map((next) => [next, value]));
  const entries = list.flatMap((entry) => movedEntries(entry, moved));
  return { ...withList(node, entries), values: Object.fromEntries(values) };
}

/**
 * Outer subgraphs may name the node whose widget they show of an instance.
 * @param {Contents} contents
 * @param {string} id
 * @param {Moved} moved
 */
function followOutside(contents, id, moved) {
  /** @type {Contents} */
  let changed = contents;
  for (const [outer, level] of contents.definitions ?? []) {
    const instances = new Set(level.nodes.filter(({ type }) => type === id).map((node) => node.id));
    if (instances.size === 0) continue;
    const follow = (/** @type {Listed} */ widget) => {
      if (!instances.has(widget.node) || widget.source === '') return [widget];
      const inner = { node: widget.source, name: widget.name, source: '' };
      const [next] = moved(inner);
      return !next || next === inner ? [widget] : [{ ...widget, name: next.name, source: next.node }];
    };
    changed = changeInstances(changed, outer, (node) => relisted(node, listOfInstance(node, level), follow));
  }
  return changed;
}

/**
 * A node that was moved into a subgraph is shown by the instance of that.
 * @param {GraphNode} instance
 * @param {readonly Listed[]} widgets that are shown further out
 * @returns {GraphNode}
 */
export const showing = (instance, widgets) => (widgets.length === 0 ? instance : withList(instance, widgets.map(entryOf)));

/**
 * What instances of a subgraph show of some of its nodes, each once.
 * @param {Contents} contents
 * @param {string} id
 * @param {ReadonlySet<NodeId>} nodes
 * @returns {Listed[]}
 */
export function shownOf(contents, id, nodes) {
  const level = contents.definitions?.get(id);
  if (!level) return [];
  const levels = [contents, ...(contents.definitions?.values() ?? [])];
  const instances = levels.flatMap((each) => each.nodes.filter(({ type }) => type === id));
  const lists = [listOfDefinition(level), ...instances.map((node) => listOfInstance(node, level))];
  const widgets = lists.flatMap(listedWidgets).filter(({ node }) => nodes.has(node));
  return [...new Map(widgets.map((widget) => [keyOf(widget), widget])).values()];
}
