/** Where what is wrong with nodes of a prompt is shown: on the node, and on the instances of subgraphs around it. */

/** @import { NodeProblem } from '../types/editor.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */

/** @typedef {ReadonlyMap<NodeId, readonly NodeProblem[]>} ProblemsByNode */

/**
 * @param {ProblemsByNode} problems by nodes of a prompt
 * @param {(id: NodeId) => readonly NodeId[]} placesOf where a node is seen, from the outermost to the innermost
 * @param {(place: NodeId, message: string) => string} whose says of a message which node inside it is about
 * @returns {{ everywhere: ProblemsByNode, innermost: ProblemsByNode }} all that nodes show, and each problem once
 */
export function placeProblems(problems, placesOf, whose) {
  /** @type {Map<NodeId, readonly NodeProblem[]>} */
  const everywhere = new Map();
  const innermost = new Set();
  for (const [id, found] of problems) {
    const places = placesOf(id);
    const inner = places.at(-1) ?? id;
    innermost.add(inner);
    const above = found.map((each) => ({ ...each, message: whose(inner, each.message), input: null }));
    for (const place of places) {
      everywhere.set(place, [...(everywhere.get(place) ?? []), ...(place === inner ? found : above)]);
    }
  }
  return { everywhere, innermost: new Map([...everywhere].filter(([place]) => innermost.has(place))) };
}
