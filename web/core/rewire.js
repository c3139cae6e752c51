/** Edits of several links at once: past a node, into a link, from one output to another, across a stroke. */

import { fits, fittingInputs, fittingOutputs, refusal } from './compatible.js';
import { compose, link, removeNodes, unlink } from './edits.js';
import { pointsOf, readRoutes, splitPoints } from './reroutes.js';
import { inputsOf, outputType } from './sockets.js';

/** @import { Edit, Link, LinkId, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { SpecOf } from './sockets.js' */
/** @import { Refusal } from './compatible.js' */

/** @typedef {{ from: NodeId, output: number }} Source */

/**
 * The type that an input takes.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} id
 * @param {string} input
 */
export function inputType(document, specOf, id, input) {
  const node = document.nodes.get(id);
  return (node && inputsOf(document, node, specOf(node)).find(({ name }) => name === input)?.type) ?? '*';
}

/**
 * Where a value comes from that leaves one of the nodes, when they only pass it on: as a bypassed node does, the first
 * linked input of the type that is wanted.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlySet<NodeId>} ids
 * @param {Readonly<Link>} leaving
 * @returns {Source | null}
 */
function sourceBehind(document, specOf, ids, leaving) {
  const wanted = inputType(document, specOf, leaving.to, leaving.input);
  /** @type {Source | null} */
  let source = leaving;
  const seen = new Set();
  while (source && ids.has(source.from)) {
    if (seen.has(source.from)) return null;
    seen.add(source.from);
    source = passedOn(document, specOf, source, wanted);
  }
  return source;
}

/**
 * What a node would give in place of an output's value.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {Source} source
 * @param {string} wanted
 * @returns {Source | null}
 */
function passedOn(document, specOf, source, wanted) {
  const own = outputType(document, specOf, source.from, source.output);
  const feeding = document.linksInto(source.from).map((each) => {
    return { each, type: outputType(document, specOf, each.from, each.output) };
  });
  const same = feeding.find(({ type }) => type === own) ?? feeding.find(({ type }) => type === wanted);
  return (same ?? feeding.find(({ type }) => fits(type, wanted)))?.each ?? null;
}

/**
 * Links past nodes: what they feed gets what feeds them.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlySet<NodeId>} ids
 * @returns {Link[]} each with the id of the link that it stands for
 */
function linksPast(document, specOf, ids) {
  return [...document.links.values()].flatMap((leaving) => {
    if (!ids.has(leaving.from) || ids.has(leaving.to)) return [];
    const source = sourceBehind(document, specOf, ids, leaving);
    if (!source) return [];
    const type = outputType(document, specOf, source.from, source.output);
    if (!fits(type, inputType(document, specOf, leaving.to, leaving.input))) return [];
    return [{ ...leaving, from: source.from, output: source.output, type }];
  });
}

/**
 * Take nodes out of their links, which lead past them from then on.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlySet<NodeId>} ids
 * @returns {Edit | null} null when nothing links them to others
 */
export function extractNodes(document, specOf, ids) {
  const crossing = [...document.links.values()].filter(({ from, to }) => ids.has(from) !== ids.has(to));
  if (crossing.length === 0) return null;
  const past = linksPast(document, specOf, ids);
  return compose('edit.extract', [...crossing.map(({ id }) => unlink(id)), ...past.map((each) => link(each))]);
}

/**
 * Remove nodes and keep their links, which lead past them from then on.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {ReadonlySet<NodeId>} ids
 */
export function dissolveNodes(document, specOf, ids) {
  const past = linksPast(document, specOf, ids);
  return compose('edit.dissolve', [removeNodes([...ids]), ...past.map((each) => link(each))]);
}

/**
 * The sockets by which a node that feeds nothing could be put into a link.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} id
 * @param {LinkId} into
 * @returns {{ input: string, output: number } | null}
 */
export function insertion(document, specOf, id, into) {
  const before = document.links.get(into);
  const node = document.nodes.get(id);
  if (!before || !node || before.from === id || before.to === id) return null;
  if (document.linksOf(id).some(({ from }) => from === id)) return null;
  const fields = new Set(inputsOf(document, node, specOf(node)).flatMap((each) => (each.widget ? each.name : [])));
  const input = fittingInputs(document, specOf, before.from, before.output, id).find(
    (name) => !document.linkInto(id, name) && !fields.has(name),
  );
  const [output] = fittingOutputs(document, specOf, id, before.to, before.input);
  return input === undefined || output === undefined ? null : { input, output };
}

/**
 * Put a node that feeds nothing into a link.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} id
 * @param {LinkId} into
 * @param {number} [index] how many of the link's points stand before the node
 * @returns {Edit | null} null when it does not fit
 */
export function insertNode(document, specOf, id, into, index = 0) {
  const before = document.links.get(into);
  const sockets = insertion(document, specOf, id, into);
  if (!before || !sockets) return null;
  const [first, second] = [document.freshLinkId(), document.freshLinkId()];
  const type = outputType(document, specOf, id, sockets.output);
  const edits = [
    unlink(into),
    link({ ...before, id: first, to: id, input: sockets.input }),
    link({ ...before, id: second, from: id, output: sockets.output, type: type === '*' ? before.type : type }),
  ];
  const bent = pointsOf(readRoutes(document.rest), into).length > 0;
  return compose('edit.insert', bent ? [...edits, splitPoints(into, index, first, second)] : edits);
}

/**
 * Let all that an output feeds be fed by another.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {Source} source
 * @param {Source} next
 * @returns {{ edit: Edit } | Refusal} why one of the links cannot be made
 */
export function moveOutput(document, specOf, source, next) {
  const moved = document.linksFrom(source.from, source.output);
  for (const { to, input } of moved) {
    const refused = refusal(document, specOf, { ...next, to, input });
    if (refused) return refused;
  }
  const type = outputType(document, specOf, next.from, next.output);
  const edits = moved.flatMap((each) => [unlink(each.id), link({ ...each, ...next, type })]);
  return { edit: compose('edit.link', edits) };
}

/**
 * @param {Iterable<LinkId>} ids
 * @param {string} [label]
 */
export const removeLinks = (ids, label = 'edit.unlink') =>
  compose(
    label,
    [...ids].map((id) => unlink(id, label)),
  );

/**
 * Link nodes with each other: each free socket takes the nearest fitting output at the left of its node.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {readonly NodeId[]} ids from left to right
 * @returns {Edit | null}
 */
export function connectNodes(document, specOf, ids) {
  /** @type {Link[]} */
  const made = [];
  ids.forEach((to, place) => {
    const node = document.nodes.get(to);
    if (!node) return;
    // The links that are to be made may close a circle with those that are there.
    const sources = ids.slice(0, place).filter((from) => !leads(document, made, to, from));
    for (const input of inputsOf(document, node, specOf(node))) {
      if (input.widget || input.type === '*' || document.linkInto(to, input.name)) continue;
      const source = nearest(document, specOf, sources, to, input.name);
      if (!source) continue;
      const type = outputType(document, specOf, source.from, source.output);
      made.push({ id: document.freshLinkId(), ...source, to, input: input.name, type });
    }
  });
  if (made.length === 0) return null;
  return compose(
    'edit.connect',
    made.map((each) => link(each)),
  );
}

/**
 * @param {ReadonlyDocument} document
 * @param {readonly Link[]} more links beside those of the document
 * @param {NodeId} start
 * @param {NodeId} end
 */
function leads(document, more, start, end) {
  const seen = new Set([start]);
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === end) return true;
    for (const { from, to } of [...document.linksOf(id), ...more]) {
      if (from !== id || seen.has(to)) continue;
      seen.add(to);
      waiting.push(to);
    }
  }
  return false;
}

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {readonly NodeId[]} sources from left to right
 * @param {NodeId} to
 * @param {string} input
 * @returns {Source | null}
 */
function nearest(document, specOf, sources, to, input) {
  for (const from of [...sources].reverse()) {
    const found = fittingOutputs(document, specOf, from, to, input).find((output) => {
      return outputType(document, specOf, from, output) !== '*';
    });
    if (found !== undefined) return { from, output: found };
  }
  return null;
}

/**
 * What the links lead to from some nodes, one way, or only the next.
 * @param {ReadonlyDocument} document
 * @param {Iterable<NodeId>} ids
 * @param {'up' | 'down'} way
 * @param {boolean} [all] or only the direct neighbours
 * @returns {Set<NodeId>} without the nodes themselves
 */
export function linkedNodes(document, ids, way, all = true) {
  const start = new Set(ids);
  /** @type {Set<NodeId>} */
  const found = new Set();
  const waiting = [...start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const { from, to } of document.linksOf(id)) {
      const [here, there] = way === 'up' ? [to, from] : [from, to];
      if (here !== id || start.has(there) || found.has(there)) continue;
      found.add(there);
      if (all) waiting.push(there);
    }
  }
  return found;
}
