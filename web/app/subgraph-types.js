/** Subgraphs as types that the search for a node offers: those of the document, and those that the server keeps. */

import { blankNode } from '../core/create.js';
import { editorSpec } from '../core/spec.js';
import { containsSubgraph } from '../core/subgraphs.js';
import { addBlueprint, blueprints, createInstance } from './subgraph-actions.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

const SAVED = 'saved-subgraph/';

/** The document's own that can be added where one is: a subgraph cannot be in itself. @param {Application} editor @returns {NodeSpec[]} */
export function subgraphTypes({ document, spec }) {
  const { definitions, shown } = document;
  return [...definitions.keys()]
    .filter((id) => shown === null || !containsSubgraph(definitions, id, shown))
    .flatMap((type) => spec(blankNode(type)) ?? []);
}

/** Those that the server keeps; none where it cannot be asked. @param {Application} editor @returns {Promise<NodeSpec[]>} */
export async function savedTypes(editor) {
  const names = await blueprints(editor).catch(() => []);
  return names.map((name) => ({
    ...editorSpec(SAVED + name, name.split('/').at(-1) ?? name, 'subgraphs/saved', [], []),
    description: editor.t('subgraph.blueprint'),
  }));
}

/** Whether the id of a type says nothing to a person. @param {NodeSpec} spec */
export const isNameless = ({ subgraph, type }) => subgraph !== undefined || type.startsWith(SAVED);

/**
 * A new instance, where the type is a subgraph of the document.
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {NodeId} id
 * @param {Point} place
 * @returns {GraphNode | null}
 */
export const instanceOf = (editor, spec, id, place) => (spec.subgraph ? createInstance(editor, spec, id, place) : null);

/**
 * Add one that the server keeps.
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {Point} place
 * @returns {boolean} false when the type is none of those
 */
export function addSaved(editor, { type }, place) {
  if (!type.startsWith(SAVED)) return false;
  void editor.attempt(() => addBlueprint(editor, type.slice(SAVED.length), place));
  return true;
}
