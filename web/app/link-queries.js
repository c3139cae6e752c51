/** What the canvas and panels ask about a node's sockets and about links that could be. */

import { fittingInputs, fittingOutputs, refusal } from '../core/compatible.js';
import { inputsOf, outputsOf, outputType } from '../core/sockets.js';
import { specFinder } from '../core/virtual.js';

/** @import { Application, Translator } from '../types/app.d.ts' */
/** @import { ReadonlyDocument } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { ReadonlySignal } from '../types/signal.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

/** @typedef {'spec' | 'inputs' | 'outputs' | 'outputType' | 'refusal' | 'fittingInputs' | 'fittingOutputs'} Query */

/**
 * The finder of specs for the document as it is; made again when the types or the document's subgraphs change.
 * @param {ReadonlyDocument} document
 * @param {ReadonlySignal<ReadonlyMap<string, NodeSpec>>} specs
 * @returns {SpecOf}
 */
export function cachedFinder(document, specs) {
  let types = specs.peek();
  let { definitions } = document;
  let find = specFinder(types, definitions);
  return (node) => {
    if (types !== specs.peek() || definitions !== document.definitions) {
      types = specs.peek();
      definitions = document.definitions;
      find = specFinder(types, definitions);
    }
    return find(node);
  };
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} spec
 * @param {Translator} translator
 * @returns {Pick<Application, Query>}
 */
export const createLinkQueries = (document, spec, { t }) => ({
  spec,
  inputs: (node) => inputsOf(document, node, spec(node)),
  outputs: (node) => outputsOf(document, node, spec(node)),
  outputType: (node, output) => outputType(document, spec, node, output),
  refusal(from, output, to, input) {
    const found = refusal(document, spec, { from, output, to, input });
    return found && t(found.key, found.values);
  },
  fittingInputs: (from, output, to) => fittingInputs(document, spec, from, output, to),
  fittingOutputs: (from, to, input) => fittingOutputs(document, spec, from, to, input),
});
