/** What a document needs and the server does not have: types of nodes, and files. */

import { recordOf, textOf } from './json.js';
import { replaceType } from './replace-type.js';
import { similarNames } from './similar-names.js';
import { changeContents, changeLevels } from './subgraphs.js';
import { isMissing } from './wanted-files.js';

/** @import { Contents, Edit, GraphNode, Level } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/** @typedef {{ type: string, count: number, pack: string, near: string[] }} MissingType `pack`: empty where no file says it */
/**
 * @typedef {object} MissingFile
 * @property {string} name
 * @property {string} kind the folder that it should be in, empty where that is not known
 * @property {number} count the inputs that want it
 * @property {readonly string[]} choices what the server has instead
 * @property {string[]} near those of them whose names are like it
 */
/** @typedef {{ types: MissingType[], files: MissingFile[] }} Missing */

/**
 * @param {Contents} contents
 * @param {SpecOf} specOf
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @returns {Missing}
 */
export function missingIn({ definitions = new Map(), ...root }, specOf, specs) {
  /** @type {Map<string, MissingType>} */
  const types = new Map();
  /** @type {Map<string, MissingFile>} */
  const files = new Map();
  for (const { nodes, links } of [root, ...definitions.values()]) {
    const linked = new Set(links.map(({ to, input }) => `${to}<${input}`)); // whose values nobody asks for
    for (const node of nodes) {
      const spec = specOf(node);
      if (!spec) countType(types, node);
      else for (const input of spec.inputs) if (!linked.has(`${node.id}<${input.name}`)) countFile(files, node, input);
    }
  }
  const installed = [...specs.values()].filter(({ aliasOf }) => aliasOf === null).map(({ type }) => type);
  for (const missing of types.values()) missing.near = similarNames(missing.type, installed);
  return { types: [...types.values()], files: [...files.values()] };
}

/** @param {Map<string, MissingType>} types @param {Readonly<GraphNode>} node */
function countType(types, node) {
  const known = types.get(node.type);
  if (known) known.count += 1;
  else types.set(node.type, { type: node.type, count: 1, pack: packOf(node), near: [] });
}

/** The pack and its version, as ComfyUI and ours write them. @param {Readonly<GraphNode>} node */
function packOf({ rest }) {
  const properties = recordOf(rest['properties']);
  const name = textOf(properties['cnr_id'], textOf(properties['aux_id'], ''));
  const version = textOf(properties['ver'], '');
  return name && version ? `${name} ${version}` : name;
}

/** @param {Map<string, MissingFile>} files @param {Readonly<GraphNode>} node @param {InputSpec} input */
function countFile(files, node, input) {
  const name = node.values[input.name];
  if (!isMissing(name, input)) return;
  const kind = input.options.files ?? '';
  const key = `${kind}\n${input.name}\n${name}`;
  const known = files.get(key);
  const choices = input.choices ?? [];
  if (known) known.count += 1;
  else files.set(key, { name, kind, count: 1, choices, near: similarNames(name, choices) });
}

/**
 * @param {Contents} contents
 * @param {string} type
 * @param {NodeSpec} spec
 * @returns {{ edit: Edit, lost: number }} `lost`: how many links find no socket
 */
export function replaceMissingType(contents, type, spec) {
  let lost = 0;
  const changed = changeLevels(contents, (level) => {
    const replaced = replaceType(level, type, spec);
    lost += replaced.lost;
    return replaced.level;
  });
  return { edit: changeContents('edit.replace-type', changed), lost };
}

/**
 * Another file, wherever this one is wanted.
 * @param {Contents} contents
 * @param {SpecOf} specOf
 * @param {{ name: string, kind: string }} missing
 * @param {string} name
 * @returns {Edit}
 */
export function replaceMissingFile(contents, specOf, missing, name) {
  const changed = changeLevels(contents, (level) => withFile(level, specOf, missing, name));
  return changeContents('edit.replace-file', changed);
}

/** @param {Level} level @param {SpecOf} specOf @param {{ name: string, kind: string }} missing @param {string} name @returns {Level} */
function withFile(level, specOf, missing, name) {
  let touched = false;
  const nodes = level.nodes.map((node) => {
    const wanting = (specOf(node)?.inputs ?? []).filter(
      (input) =>
        node.values[input.name] === missing.name &&
        isMissing(missing.name, input) &&
        (input.options.files ?? '') === missing.kind,
    );
    if (wanting.length === 0) return node;
    touched = true;
    return { ...node, values: { ...node.values, ...Object.fromEntries(wanting.map((input) => [input.name, name])) } };
  });
  return touched ? { ...level, nodes } : level;
}
