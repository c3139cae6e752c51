/** The values that an instance of a subgraph has for its widgets, as files list them: in the order of the widgets, without names. */

import { isRecord, listOf } from './json.js';
import { CONTROL } from './subgraph-face.js';
import { isNamed } from './widget-values.js';

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { FaceWidget, InputSpec, Json, SubgraphFace } from '../types/spec.d.ts' */

/** The key of a widget's value; what becomes of a seed has one of its own. @param {FaceWidget} widget */
const keyOf = ({ key, name }) => (name === CONTROL ? `${key}/control` : key);

/**
 * The value that a node shows for one of its inputs: an instance that has none of its own shows the inner one.
 * @param {Readonly<GraphNode>} node
 * @param {InputSpec} input
 * @returns {Json}
 */
export const shownValue = (node, input) => node.values[input.name] ?? input.options.default ?? null;

/**
 * @param {Json | undefined} saved `widgets_values`
 * @param {Json | undefined} names that the file gives the entries, if it does
 * @param {SubgraphFace} face
 * @returns {Record<string, Json>} those that are the instance's own
 */
export function readFaceValues(saved, names, { widgets, listed }) {
  /** @type {Record<string, Json>} */
  const values = {};
  const put = (/** @type {string} */ key, /** @type {Json | undefined} */ value) => {
    if (value !== null && value !== undefined) values[key] = value;
  };
  const byName = (/** @type {string} */ name, /** @type {Json | undefined} */ value) => {
    const widget = widgets.find((each) => keyOf(each) === name) ?? widgets.find((each) => each.name === name);
    put(widget ? keyOf(widget) : name, value);
  };
  const list = listOf(saved);
  if (isRecord(saved)) for (const [name, value] of Object.entries(saved)) byName(name, value);
  else if (isNamed(saved, names)) names.forEach((name, index) => byName(String(name), list[index]));
  else {
    // Some programs list the inputs too, others only what else is shown: the number of values tells.
    const entries = listed === 0 || list.length === widgets.length ? widgets : widgets.slice(widgets.length - listed);
    entries.forEach((widget, index) => put(keyOf(widget), list[index]));
    list.slice(entries.length).forEach((value, index) => put(`/${index}`, value));
  }
  return values;
}

/**
 * @param {Readonly<GraphNode>} node
 * @param {SubgraphFace} face
 * @returns {{ saved: Json, listed: Json[] | null }} `listed`: the list of widgets, where the node's own lacks some
 */
export function writeFaceValues({ values, rest }, { widgets, listed }) {
  if (isRecord(rest['widgets_values'])) return { saved: byNames(values, widgets), listed: null };
  const known = new Set(widgets.map(keyOf));
  const isUnlisted = (/** @type {FaceWidget} */ { key, input }) => input && !known.has(`${key}/control`) && values[`${key}/control`] !== undefined;
  const more = widgets.filter(isUnlisted).map((widget) => ({ ...widget, name: CONTROL }));
  const extra = Object.keys(values).filter((key) => key.startsWith('/')).sort();
  const saved = [...widgets, ...more].map((widget) => values[keyOf(widget)] ?? null);
  const own = saved.some((value) => value !== null) || extra.length > 0;
  return {
    saved: own ? [...saved, ...extra.map((key) => values[key] ?? null)] : [],
    listed: more.length === 0 ? null : [...widgets.slice(widgets.length - listed), ...more].map(listEntry),
  };
}

/**
 * As files that give names have them.
 * @param {Readonly<Record<string, Json>>} values
 * @param {readonly FaceWidget[]} widgets
 */
function byNames(values, widgets) {
  const names = new Map(widgets.map((widget) => [keyOf(widget), widget.name === CONTROL ? keyOf(widget) : widget.name]));
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [names.get(key) ?? key, value]));
}

/** @param {FaceWidget} widget @returns {Json} as an instance lists it */
function listEntry({ name, node, inner, source }) {
  if (name === CONTROL) return [inner, CONTROL];
  return node === null ? ['-1', name] : [node, name, ...(source === '' ? [] : [source])];
}
