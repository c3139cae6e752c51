/** Subgraphs that come from elsewhere: with pasted nodes, as a blueprint, from another window. */

import { FormatError } from './format-error.js';
import { freshId } from './subgraph-border.js';
import { writeDefinition } from './subgraph-file.js';
import { containsSubgraph, copyOf, nameOf, usedDefinitions } from './subgraphs.js';
import { specFinder } from './virtual.js';

/** @import { Definitions, Level, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */

/**
 * What a document's subgraphs are with others. One whose id is taken by something else gets another id, and so do those
 * that have it in them.
 * @param {ReadonlyDocument} document
 * @param {Definitions} incoming
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {{ definitions: Definitions, ids: ReadonlyMap<string, string> }} `ids`: what is called otherwise here
 */
export function importDefinitions(document, incoming, specs) {
  const { definitions: own = new Map() } = document.contents();
  const differs = [...incoming].flatMap(([id, level]) => {
    const known = own.get(id);
    return known && plainText(known, own, specs) !== plainText(level, incoming, specs) ? [id] : [];
  });
  const isRenamed = (/** @type {string} */ id) => own.has(id) && differs.some((other) => containsSubgraph(incoming, id, other));
  const ids = new Map([...incoming.keys()].filter(isRenamed).map((id) => [id, freshId()]));
  const added = [...incoming].flatMap(([id, level]) => {
    const here = ids.get(id) ?? id;
    if (own.has(here)) return [];
    return [/** @type {const} */ ([here, ids.size > 0 ? copyOf(level, here, ids) : level])];
  });
  const definitions = added.length > 0 ? new Map([...document.definitions, ...added]) : document.definitions;
  return { definitions, ids };
}

/** @param {Level} level @param {Definitions} definitions @param {ReadonlyMap<string, NodeSpec>} specs */
function plainText({ nodes, links, groups, rest }, definitions, specs) {
  return JSON.stringify(writeDefinition({ nodes, links, groups, rest }, specFinder(specs, definitions)));
}

/**
 * A subgraph cannot have itself in it.
 * @param {ReadonlyDocument} document
 * @param {Definitions} definitions
 * @param {Iterable<string>} types of nodes that are to be added to the shown level
 * @throws {FormatError} when it would
 */
export function refuseRecursion({ shown }, definitions, types) {
  const level = shown === null ? null : definitions.get(shown);
  if (shown === null || !level) return;
  for (const type of types) {
    if (containsSubgraph(definitions, type, shown)) throw new FormatError('subgraph.recursive', { name: nameOf(level) });
  }
}

/** @param {Definitions} definitions @param {Iterable<string>} types @returns {Definitions} those that nodes of these types need */
export function neededDefinitions(definitions, types) {
  const used = usedDefinitions(definitions, types);
  return new Map([...definitions].filter(([id]) => used.has(id)));
}
