/** The layouts of nodes, each made once; nodes of a type that have nothing of their own share theirs. */

import { isBorder } from '../core/subgraph-border.js';
import { layoutNode, shownInputs } from './layout.js';

/** @import {GraphNode, NodeId} from '../types/document.d.ts' */
/** @import {Editor} from '../types/editor.d.ts' */
/** @import {Draft, NodeLayout, Results} from '../types/canvas.d.ts' */
/** @import {NodeSpec} from '../types/spec.d.ts' */

/** @typedef {{ node: Readonly<GraphNode>, results: Results, layout: NodeLayout }} Cached */

export class Layouts {
  #editor;
  /** @type {Map<NodeId, Cached>} */
  #known = new Map();
  /** @type {Map<NodeSpec, Map<string, NodeLayout>>} */
  #shared = new Map();

  /** @param {Editor} editor */
  constructor(editor) {
    this.#editor = editor;
  }

  clear() {
    this.#known.clear();
    this.#shared.clear();
  }

  /** @param {NodeId} id */
  forget(id) {
    this.#known.delete(id);
  }

  /** Forget nodes that are gone. */
  tidy() {
    const { nodes } = this.#editor.document;
    for (const id of this.#known.keys()) if (!nodes.has(id)) this.#known.delete(id);
  }

  /**
   * @param {Readonly<GraphNode>} node
   * @param {Draft['resized']} resized by a gesture
   * @returns {NodeLayout}
   */
  of(node, resized) {
    const results = this.#results(node.id);
    if (resized?.id === node.id) return layoutNode(this.#editor, { ...node, ...resized }, results);
    const cached = this.#known.get(node.id);
    if (cached && cached.node === node && cached.results === results) return cached.layout;
    const layout = this.#make(node, results);
    this.#known.set(node.id, { node, results, layout });
    return layout;
  }

  /** What the layout of a node has room for. @param {NodeId} id @returns {Results} */
  shown(id) {
    return this.#known.get(id)?.results ?? 'none';
  }

  /**
   * @param {Readonly<GraphNode>} node
   * @param {Results} results
   */
  #make(node, results) {
    const spec = this.#ordinary(node);
    if (!spec) return layoutNode(this.#editor, node, results);
    let shared = this.#shared.get(spec);
    if (!shared) this.#shared.set(spec, (shared = new Map()));
    const shown = shownInputs(this.#editor, node);
    const folded = shown === spec.inputs ? '' : shown.map(({ name }) => name).join();
    const key = `${node.width} ${node.height} ${node.collapsed} ${results} ${folded}`;
    let layout = shared.get(key);
    if (!layout) shared.set(key, (layout = layoutNode(this.#editor, node, results)));
    return layout;
  }

  /**
   * @param {Readonly<GraphNode>} node
   * @returns {NodeSpec | null} the type of a node that has its inputs and outputs and no others
   */
  #ordinary(node) {
    const spec = this.#editor.spec(node);
    if (!spec || spec.subgraph || isBorder(node) || this.#editor.addedWidgets.has(node.id)) return null;
    return this.#editor.inputs(node) === spec.inputs && this.#editor.outputs(node) === spec.outputs ? spec : null;
  }

  /** @param {NodeId} id @returns {Results} */
  #results(id) {
    const { figures, pictures, texts, preview } = this.#editor.run.peek(id);
    if (figures !== null && figures.plots.length > 1 && preview === null) return 'report';
    if (pictures.length > 0 || texts.length > 0) return 'made';
    if (figures !== null && preview === null) return 'figures';
    return preview === null ? 'none' : 'preview';
  }
}
