/** What of a document its results depend on: not where things are, nor what they look like. */

/** @import { Level, ReadonlyDocument } from '../types/document.d.ts' */

/** @param {Level} level */
const meaningOfLevel = ({ nodes, links }) => [
  nodes.map(({ id, type, mode, values }) => [id, type, mode, values]),
  links.map(({ from, output, to, input }) => [from, output, to, input]),
];

/**
 * @param {ReadonlyDocument} document
 * @returns {string} equal for documents that give the same results
 */
export function meaningOf(document) {
  const contents = document.contents();
  const inner = [...(contents.definitions ?? [])].map(([id, level]) => [id, meaningOfLevel(level)]);
  return JSON.stringify([meaningOfLevel(contents), inner]);
}
