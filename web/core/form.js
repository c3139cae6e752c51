/**
 * The form of a document: the widgets and results that somebody sees who does not want to see wires. It is kept in the
 * file's `extra`, so that a workflow brings its form along.
 */

import { changeRest } from './edits.js';
import { executionOrder } from './execution-order.js';
import { fileId, idOf, isRecord, listOf, recordOf, without } from './json.js';

/** @import { Edit, GraphNode, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec, Json, NodeSpec } from '../types/spec.d.ts' */

/** @typedef {{ node: NodeId, input: string, label: string | null }} FormField `label` null: the input's own name */
/** @typedef {{ fields: readonly FormField[] | null, results: readonly NodeId[] | null }} Form null: nothing was chosen */
/** @typedef {(node: Readonly<GraphNode>) => readonly InputSpec[]} InputsOf */

const KEY = 'safelight.form';

/**
 * @param {Readonly<Record<string, Json>>} rest the fields of the document's file
 * @returns {Form}
 */
export function readForm(rest) {
  const saved = recordOf(recordOf(rest['extra'])[KEY]);
  return {
    fields: Array.isArray(saved['fields']) ? saved['fields'].flatMap(readField) : null,
    results: Array.isArray(saved['results']) ? listOf(saved['results']).flatMap((id) => idOf(id) ?? []) : null,
  };
}

/** @param {Json} saved @returns {FormField[]} */
function readField(saved) {
  if (!isRecord(saved)) return [];
  const { input, label } = saved;
  const node = idOf(saved['node']);
  if (node === null || typeof input !== 'string') return [];
  return [{ node, input, label: typeof label === 'string' && label !== '' ? label : null }];
}

/**
 * Give the document a form; one that chooses nothing takes it away.
 * @param {Form} form
 * @returns {Edit}
 */
export function setForm({ fields, results }) {
  /** @type {Record<string, Json>} */
  const saved = {
    ...(fields && { fields: fields.map(writeField) }),
    ...(results && { results: results.map(fileId) }),
  };
  return changeRest(
    (rest) => {
      const others = without(recordOf(rest['extra']), [KEY]);
      const extra = fields || results ? { ...others, [KEY]: saved } : others;
      return { ...rest, extra };
    },
    'edit.form',
  );
}

/** @param {FormField} field @returns {Json} */
const writeField = ({ node, input, label }) => ({ node: fileId(node), input, ...(label === null ? {} : { label }) });

/**
 * Every widget that counts: of nodes that run, and not driven by a link, in the order of execution.
 * @param {ReadonlyDocument} document
 * @param {InputsOf} inputsOf
 * @returns {FormField[]}
 */
export function possibleFields(document, inputsOf) {
  const places = executionOrder(document);
  const nodes = [...document.nodes.values()].filter(({ mode }) => mode === 0);
  nodes.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
  return nodes.flatMap((node) =>
    inputsOf(node)
      .filter(({ name, widget }) => widget && document.linkInto(node.id, name) === null)
      .map(({ name }) => ({ node: node.id, input: name, label: null })),
  );
}

/**
 * The fields to show: those that were chosen, as far as they are there; all where none were.
 * @param {ReadonlyDocument} document
 * @param {InputsOf} inputsOf
 */
export function shownFields(document, inputsOf) {
  const possible = possibleFields(document, inputsOf);
  const { fields } = readForm(document.rest);
  if (fields === null) return possible;
  const there = new Set(possible.map(keyOf));
  return fields.filter((field) => there.has(keyOf(field)));
}

/** @param {Pick<FormField, 'node' | 'input'>} field */
export const keyOf = ({ node, input }) => `${node}/${input}`;

/**
 * The nodes whose results are shown: those that were chosen, else all that show or save something.
 * @param {ReadonlyDocument} document
 * @param {(node: Readonly<GraphNode>) => NodeSpec | null} specOf
 * @returns {NodeId[]}
 */
export function shownResults(document, specOf) {
  const { results } = readForm(document.rest);
  if (results !== null) return results.filter((id) => document.nodes.has(id));
  return document.order.filter((id) => {
    const node = document.nodes.get(id);
    return node?.mode === 0 && specOf(node)?.outputNode === true;
  });
}

/**
 * @template T
 * @param {readonly T[]} list
 * @param {number} from
 * @param {number} to the item's place afterwards
 * @returns {T[]}
 */
export function moved(list, from, to) {
  const rest = list.filter((_, index) => index !== from);
  const item = list[from];
  return item === undefined ? rest : [...rest.slice(0, to), item, ...rest.slice(to)];
}
