/** What a person does with subgraphs: making, entering, unpacking, sharing them. */

import { pasteNodes } from '../core/clipboard.js';
import { addNodes, compose } from '../core/edits.js';
import { blankNode, createNode } from '../core/create.js';
import { FormatError } from '../core/format-error.js';
import { readWorkflow, writeWorkflow } from '../core/format.js';
import { fileId, idOf, listOf, recordOf } from '../core/json.js';
import { levelFile, middleOf, withAnswer, withRoomFor } from '../core/level-file.js';
import { afterExtraction, afterUnpacking } from '../core/moved-widgets.js';
import { isBorderId } from '../core/subgraph-border.js';
import { LISTED_PROPERTY, listedWidgets } from '../core/subgraph-face.js';
import { neededDefinitions, refuseRecursion } from '../core/subgraph-import.js';
import { listOfDefinition } from '../core/promotion.js';
import * as subgraphs from '../core/subgraphs.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Contents, GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { Json, NodeSpec } from '../types/spec.d.ts' */

/** Where the server keeps subgraphs for all workflows: the folder in which ComfyUI has them. */
const FOLDER = 'subgraphs';

/** @param {string} name @returns {string} its file among those of the user */
export const blueprintPath = (name) => `${FOLDER}/${name}.json`;

/** The selected nodes that can be in a subgraph. @param {Application} editor */
const selectedNodes = ({ document, selection }) =>
  [...selection.ids.peek()].filter((id) => document.nodes.has(id) && !isBorderId(id));

/** The selected instances of subgraphs. @param {Application} editor @returns {Readonly<GraphNode>[]} */
const selectedInstances = ({ document, selection }) =>
  [...selection.ids.peek()].flatMap((id) => document.nodes.get(id) ?? []).filter(({ type }) => document.definitions.has(type));

/** @param {Application} editor @param {string} id @returns {string} */
export const subgraphName = ({ document, t }, id) => {
  const level = document.definitions.get(id);
  return (level && subgraphs.nameOf(level)) || t('subgraph.untitled');
};

/**
 * Perform what the server makes of the shown level. Nothing is done if the document was changed in the meantime.
 * @param {Application} editor
 * @param {string} label
 * @param {(file: Record<string, Json>) => Promise<Json>} change
 * @param {(contents: Contents, fresh: NodeId[]) => Contents} finish given the ids of the nodes that were not there before
 */
async function changeOnServer(editor, label, change, finish) {
  const { document, specs } = editor;
  const { version, path } = document;
  const sent = levelFile(document, specs.peek());
  const answer = await change(sent);
  if (document.version !== version || document.path !== path) throw new FormatError('subgraph.changed-meanwhile');
  const { contents, fresh } = withAnswer(document, sent, answer, specs.peek());
  editor.perform(subgraphs.changeContents(label, finish(contents, fresh)));
  return fresh;
}

/** @param {Application} editor @param {string} name */
export async function makeSubgraph(editor, name) {
  const { client, document, selection } = editor;
  const chosen = selectedNodes(editor);
  const nodes = chosen.flatMap((id) => document.nodes.get(id) ?? []);
  const before = document.contents();
  const extract = (/** @type {Json} */ file) => client.extractSubgraph(file, chosen.map(fileId), name);
  const fresh = await changeOnServer(editor, 'edit.make-subgraph', extract, (contents, [instance = '']) => {
    const placed = subgraphs.changeLevels(contents, (level, id) => {
      if (id !== document.shown) return level;
      return { ...level, nodes: level.nodes.map((node) => (node.id === instance ? { ...node, ...middleOf(node, nodes) } : node)) };
    });
    const level = before.definitions?.get(document.shown ?? '');
    return document.shown === null || !level ? placed : afterExtraction(placed, document.shown, level, new Set(chosen), instance);
  });
  selection.set(fresh);
}

/** Put what is in the selected instances in their places. @param {Application} editor */
export async function unpackSubgraphs(editor) {
  const { client, document, selection, spec } = editor;
  const instances = selectedInstances(editor);
  const before = document.contents();
  const level = document.shown === null ? undefined : before.definitions?.get(document.shown);
  const definition = (/** @type {Readonly<GraphNode>} */ { type }) => before.definitions?.get(type);
  /** The ids that the nodes of each have now. @type {Map<NodeId, NodeId[]>} */
  const placed = new Map();
  const inline = async (/** @type {Record<string, Json>} */ file) => {
    /** @type {Json} */
    let changed = instances.reduce((each, instance) => withRoomFor(each, instance, definition(instance)), file);
    for (const { id } of instances) {
      const known = new Set(nodeIds(changed));
      changed = await client.inlineSubgraph(changed, fileId(id));
      placed.set(id, nodeIds(changed).filter((node) => !known.has(node)));
    }
    return changed;
  };
  const fresh = await changeOnServer(editor, 'edit.unpack-subgraph', inline, (contents) =>
    instances.reduce((all, instance) => {
      const inner = definition(instance);
      if (document.shown === null || !level || !inner) return all;
      return afterUnpacking(all, document.shown, level, instance.id, spec(instance), inner, placed.get(instance.id) ?? []);
    }, contents),
  );
  selection.set(fresh);
}

/** @param {Json} file */
const nodeIds = (file) => listOf(recordOf(file)['nodes']).flatMap((node) => idOf(recordOf(node)['id']) ?? []);

/** Make subgraphs of all group nodes, which were their older form. @param {Application} editor */
export async function convertGroupNodes(editor) {
  const { client, document, specs } = editor;
  const { version } = document;
  const answer = await client.convertGroupNodes(editor.toFile());
  if (document.version !== version) throw new FormatError('subgraph.changed-meanwhile');
  editor.perform(subgraphs.changeContents('edit.convert-groups', readWorkflow(answer, specs.peek())));
}

/** @param {Application} editor @param {string} label @param {(contents: Contents) => Contents} change */
export const changeSubgraphs = (editor, label, change) =>
  editor.perform(subgraphs.changeContents(label, change(editor.document.contents())));

/** Give the selected instances subgraphs of their own. @param {Application} editor */
export function makeIndependent(editor) {
  const { shown } = editor.document;
  changeSubgraphs(editor, 'edit.independent-subgraph', (contents) =>
    selectedInstances(editor).reduce((all, { id }) => subgraphs.makeIndependent(all, shown, id), contents),
  );
}

/** A name that no subgraph of the document has. @param {Application} editor @returns {string} */
export function freshName({ document, t }) {
  const taken = new Set([...document.definitions.values()].map(subgraphs.nameOf));
  const base = t('subgraph.untitled');
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base} ${count}`;
  return name;
}

/**
 * A new instance of a subgraph of the document.
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {NodeId} id
 * @param {Point} place
 * @returns {GraphNode}
 */
export function createInstance({ document }, spec, id, place) {
  const level = document.definitions.get(spec.type);
  const others = [document.contents(), ...document.definitions.values()].flatMap(({ nodes }) => nodes);
  const like = others.find(({ type }) => type === spec.type);
  const list = (level && listOfDefinition(level)) ?? [];
  const listed = list.length > 0 ? list : recordOf(like?.rest['properties'])[LISTED_PROPERTY];
  const properties = listedWidgets(listed).length > 0 ? { [LISTED_PROPERTY]: listed ?? [] } : {};
  return { ...createNode(spec, id, place), rest: { properties } };
}

/**
 * @param {Application} editor
 * @param {string} id
 * @param {Point} place in the shown level
 * @throws {FormatError} when the subgraph would come to be in itself
 */
export function addInstance(editor, id, place) {
  const { document } = editor;
  refuseRecursion(document, document.definitions, [id]);
  const spec = editor.spec(blankNode(id));
  if (!spec) return;
  const node = createInstance(editor, spec, document.freshNodeId(), place);
  editor.perform(compose('edit.add', [addNodes([node])]));
  editor.selection.set([node.id]);
}

/**
 * A subgraph as a workflow that has one instance of it, and what this needs.
 * @param {Application} editor
 * @param {string} id
 * @returns {Record<string, Json>}
 */
export function blueprintFile(editor, id) {
  const { definitions = new Map() } = editor.document.contents();
  const spec = editor.spec(blankNode(id));
  const node = spec && createInstance(editor, spec, '1', { x: 0, y: 0 });
  const contents = {
    nodes: node ? [node] : [],
    links: [],
    groups: [],
    rest: {},
    definitions: neededDefinitions(definitions, [id]),
  };
  return writeWorkflow({ contents: () => contents }, editor.specs.peek());
}

/** Names of the subgraphs that the server keeps. @param {Application} editor @returns {Promise<string[]>} */
export async function blueprints({ userFiles }) {
  const files = await userFiles.list(FOLDER);
  return files
    .map(({ path }) => path)
    .filter((path) => /\.json$/i.test(path))
    .map((path) => path.replace(/\.json$/i, ''))
    .sort((a, b) => a.localeCompare(b));
}

/**
 * Add an instance of a subgraph that the server keeps; the document gets the subgraph.
 * @param {Application} editor
 * @param {string} name
 * @param {Point} place
 */
export async function addBlueprint(editor, name, place) {
  const { content } = await editor.userFiles.read(blueprintPath(name));
  const { edit, ids } = pasteNodes(editor.document, content, editor.specs.peek(), { at: place, keepIncoming: false });
  editor.perform(edit);
  editor.selection.set(ids);
}
