/** Widget values by name, and the list of them that files hold. */

import { isRecord, listOf } from './json.js';
import { defaultValues, hasControl, valueNames, uploadSlot } from './spec.js';

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/** The property under which our files name their widget values in order. */
export const NAMES_PROPERTY = 'safelight.inputs';

const CONTROLS = new Set(['fixed', 'increment', 'decrement', 'randomize']);
const UPLOADS = new Set(['image', 'audio', 'video', null, '']);

/**
 * Whether a file names the entries of its list of values.
 * @param {Json | undefined} saved
 * @param {Json | undefined} names
 * @returns {names is Json[]}
 */
export const isNamed = (saved, names) => Array.isArray(names) && Array.isArray(saved) && names.length === saved.length;

/**
 * @param {Json | undefined} saved a file's `widgets_values`: a list, or a record by name
 * @param {Json | undefined} names the names that the file gives the list's entries, if it does
 * @param {NodeSpec | null} spec null for a type that is not known
 * @returns {Record<string, Json>}
 */
export function readValues(saved, names, spec) {
  const values = spec ? defaultValues(spec) : {};
  if (isRecord(saved)) return { ...values, ...saved };
  const list = listOf(saved);
  if (isNamed(saved, names)) {
    names.forEach((name, index) => (values[String(name)] = list[index] ?? null));
    return values;
  }
  return spec ? { ...values, ...readList(list, spec) } : values;
}

/**
 * @param {readonly Json[]} list
 * @param {NodeSpec} spec
 */
function readList(list, spec) {
  /** @type {Record<string, Json>} */
  const values = {};
  let next = 0;
  for (const input of spec.inputs) {
    if (!input.widget || next >= list.length) continue;
    values[input.name] = list[next++] ?? null;
    if (hasControl(input)) {
      const control = readControl(list[next]);
      if (control === null) continue;
      values[`${input.name}/control`] = control;
      next += 1;
    } else if (uploadSlot(input.options) && next < list.length && UPLOADS.has(uploadOf(list[next]))) {
      values[`${input.name}/upload`] = list[next++] ?? null;
    }
  }
  list.slice(next).forEach((value, index) => (values[`/${index}`] = value));
  return values;
}

/** @param {Json | undefined} value */
const uploadOf = (value) => (typeof value === 'string' ? value : value === null ? null : 'other');

/** Very old files have true for randomize. @param {Json | undefined} value */
function readControl(value) {
  if (typeof value === 'boolean') return value ? 'randomize' : 'fixed';
  return typeof value === 'string' && CONTROLS.has(value) ? value : null;
}

/**
 * A node's widget values as its file holds them, and the names of the list's entries.
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {{ saved: Json | undefined, names: string[] | null }} `names` is null where the entries have none
 */
export function writeValues(node, spec) {
  const raw = node.rest['widgets_values'];
  if (!spec && raw !== undefined) return { saved: raw, names: null };
  if (isRecord(raw)) return { saved: { ...raw, ...node.values }, names: null };
  const known = spec ? valueNames(spec) : [];
  const all = [...known, ...Object.keys(node.values).filter((name) => !known.includes(name))];
  if (all.length === 0) return { saved: undefined, names: null };
  const named = all.every((name) => !name.startsWith('/'));
  return { saved: all.map((name) => node.values[name] ?? null), names: named ? all : null };
}
