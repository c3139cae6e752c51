/** The open document as scripts for ComfyUI's editor see it, with the nodes that they have been told of. */

import { createNode } from '../core/create.js';
import { addNodes } from '../core/edits.js';
import { isRecord, listOf } from '../core/json.js';
import { ComfyNode } from './comfy-node.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Change, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { AddedWidgets } from './added-widgets.js' */

/**
 * What nodes and the graph share. `call` runs a function that scripts have put on a node, `guard` any code of theirs.
 * @typedef {object} ComfyContext
 * @property {Application} editor
 * @property {AddedWidgets} added
 * @property {ComfyGraph} graph
 * @property {(node: ComfyNode, name: string, ...values: unknown[]) => unknown} call
 * @property {(code: () => unknown) => unknown} guard
 * @property {(id: NodeId) => Json} serialized
 */

/** @typedef {typeof ComfyNode} NodeClass */

/**
 * Told when a node is there, and whether its file was opened.
 * @typedef {(node: ComfyNode, loaded: boolean) => void} NodeListener
 */

export class ComfyGraph {
  /** @type {Map<NodeId, ComfyNode>} */
  #nodes = new Map();
  /** The values of the last time, to tell scripts of those that changed. @type {Map<NodeId, Record<string, Json>>} */
  #values = new Map();
  /** @type {ComfyContext} */
  #context;
  #classOf;
  #onNode;

  /**
   * @param {Pick<ComfyContext, 'editor' | 'added' | 'guard'>} context
   * @param {(type: string) => NodeClass} classOf
   * @param {NodeListener} onNode
   */
  constructor({ editor, added, guard }, classOf, onNode) {
    this.#classOf = classOf;
    this.#onNode = onNode;
    this.#context = {
      ...{ editor, added, guard, graph: this },
      call: (node, name, ...values) => {
        const hook = Reflect.get(node, name);
        return typeof hook === 'function' ? guard(() => hook.apply(node, values)) : undefined;
      },
      serialized: (id) => {
        const nodes = listOf(editor.toFile()['nodes']).filter(isRecord);
        return nodes.find((node) => String(node['id']) === id) ?? null;
      },
    };
  }

  get nodes() {
    return this.#context.editor.document.order.flatMap((id) => this.#nodes.get(id) ?? []);
  }

  get _nodes() {
    return this.nodes;
  }

  get links() {
    /** @type {Record<number, { id: number, type: string, origin_id: NodeId, origin_slot: number, target_id: NodeId, target_slot: number }>} */
    const links = {};
    for (const { id, type, from, output, to, input } of this.#context.editor.document.links.values()) {
      const slot = this.#nodes.get(to)?.findInputSlot(input) ?? -1;
      links[id] = { id, type, origin_id: from, origin_slot: output, target_id: to, target_slot: slot };
    }
    return links;
  }

  /** @param {NodeId | number} id */
  getNodeById(id) {
    return this.#nodes.get(String(id)) ?? null;
  }

  /** @param {string} type */
  findNodesByType(type) {
    return this.nodes.filter((node) => node.type === type);
  }

  /** Add a node of a type at a place; gives it. @param {string} type @param {{ x: number, y: number }} place */
  create(type, place) {
    const { document, perform, specs } = this.#context.editor;
    const spec = specs.peek().get(type);
    if (!spec) return null;
    const node = createNode(spec, document.freshNodeId(), place);
    perform(addNodes([node]));
    return this.getNodeById(node.id);
  }

  /** @param {ComfyNode} node */
  remove(node) {
    node.remove();
  }

  serialize() {
    return this.#context.editor.toFile();
  }

  /** The canvas follows the document by itself. */
  setDirtyCanvas() {}

  /** The canvas follows the document by itself. */
  change() {}

  /** Take up what has changed of the document. @param {Pick<Change, 'nodes' | 'replaced' | 'level'>} change */
  follow({ nodes, replaced, level }) {
    const { document } = this.#context.editor;
    if (replaced || level) for (const id of [...this.#nodes.keys()]) this.#drop(id);
    for (const id of nodes) {
      if (!document.nodes.has(id)) this.#drop(id);
      else if (this.#nodes.has(id)) this.#tellValues(id);
      else this.#make(id, replaced || level);
    }
  }

  /** @param {NodeId} id */
  #drop(id) {
    const node = this.#nodes.get(id);
    if (!node) return;
    this.#nodes.delete(id);
    this.#values.delete(id);
    this.#context.added.forget(id);
    this.#context.call(node, 'onRemoved');
  }

  /** @param {NodeId} id @param {boolean} loaded */
  #make(id, loaded) {
    const { call, editor } = this.#context;
    const found = editor.document.nodes.get(id);
    if (!found) return;
    const NodeType = this.#classOf(found.type);
    const node = new NodeType(this.#context, id);
    this.#nodes.set(id, node);
    this.#values.set(id, found.values);
    call(node, 'onNodeCreated');
    call(node, 'onAdded', this);
    if (loaded) call(node, 'onConfigure', this.#context.serialized(id));
    this.#onNode(node, loaded);
  }

  /** @param {NodeId} id */
  #tellValues(id) {
    const { call, editor, guard } = this.#context;
    const node = this.#nodes.get(id);
    const before = this.#values.get(id);
    const now = editor.document.nodes.get(id)?.values;
    if (!node || !now || now === before) return;
    this.#values.set(id, now);
    for (const widget of node.widgets) {
      const value = now[widget.name];
      if (value === undefined || value === before?.[widget.name]) continue;
      guard(() => widget.callback?.(value, editor.view, node));
      call(node, 'onWidgetChanged', widget.name, value, before?.[widget.name], widget);
    }
  }

  /** @param {NodeId} id @param {string} name @param {...unknown} values */
  tell(id, name, ...values) {
    const node = this.#nodes.get(id);
    if (node) this.#context.call(node, name, ...values);
  }
}
