/** A node as scripts for ComfyUI's editor see it: what they set becomes edits of the document. */

import { link, moveNodes, patchNode, removeNodes, resizeNode, setColor, setMode, setTitle, unlink } from '../core/edits.js';
import { fileId, recordOf } from '../core/json.js';
import { AddedComfyWidget, ComfyWidget } from './comfy-widget.js';

/** @import { ComfyContext } from './comfy-graph.js' */
/** @import { AddedWidget, Foreign } from '../types/comfy.d.ts' */
/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const KINDS = /** @type {const} */ ({
  button: 'button',
  toggle: 'toggle',
  number: 'number',
  slider: 'number',
  combo: 'combo',
  text: 'text',
  string: 'text',
});
const DOM_HEIGHT = 100;

/** The class from which that of each node type is made; scripts put their functions on the prototypes. */
export class ComfyNode {
  /** @type {ComfyContext} */
  #context;
  #id;
  /** @type {(ComfyWidget | AddedComfyWidget)[]} */
  widgets;
  /** What the node is drawn with is not the scripts' business: they may say so, and nothing happens. */
  flags = {};

  /** @param {ComfyContext} context @param {NodeId} id */
  constructor(context, id) {
    this.#context = context;
    this.#id = id;
    const node = this.#node;
    this.widgets = context.editor.inputs(node).filter(({ widget }) => widget).map((input) => new ComfyWidget(context.editor, id, input));
  }

  /** @returns {Readonly<GraphNode>} */
  get #node() {
    const node = this.#context.editor.document.nodes.get(this.#id);
    if (!node) throw new Error(`Node ${this.#id} is no longer in the document.`);
    return node;
  }

  get id() {
    return fileId(this.#id);
  }

  get graph() {
    return this.#context.graph;
  }

  get type() {
    return this.#node.type;
  }

  get comfyClass() {
    return this.#node.type;
  }

  get title() {
    return this.#context.editor.nodeTitle(this.#node);
  }

  set title(title) {
    this.#context.editor.perform(setTitle(this.#id, title));
  }

  /** @returns {[number, number]} */
  get pos() {
    return [this.#node.x, this.#node.y];
  }

  set pos([x, y]) {
    this.#context.editor.perform(moveNodes(new Map([[this.#id, { x, y }]])));
  }

  /** @returns {[number, number]} */
  get size() {
    return [this.#node.width, this.#node.height];
  }

  set size([width, height]) {
    this.#context.editor.perform(resizeNode(this.#id, width, height));
  }

  /** @param {[number, number]} size */
  setSize(size) {
    this.size = size;
  }

  computeSize() {
    return this.size;
  }

  get mode() {
    return this.#node.mode;
  }

  set mode(mode) {
    this.#context.editor.perform(setMode([this.#id], mode));
  }

  get color() {
    return this.#node.color;
  }

  set color(color) {
    this.#context.editor.perform(setColor([this.#id], color));
  }

  /** What the file keeps of it; setting one of them is an edit. @returns {Record<string, Json>} */
  get properties() {
    const set = (/** @type {string} */ name, /** @type {Json} */ value) => this.setProperty(name, value);
    return new Proxy({ ...recordOf(this.#node.rest['properties']) }, {
      set(_target, name, value) {
        set(String(name), value);
        return true;
      },
    });
  }

  /** @param {string} name @param {Json} value */
  setProperty(name, value) {
    const { rest } = this.#node;
    const properties = { ...recordOf(rest['properties']), [name]: value };
    this.#context.editor.perform(patchNode(this.#id, { rest: { ...rest, properties } }, 'edit.value'));
    this.#context.call(this, 'onPropertyChanged', name, value);
  }

  get inputs() {
    const { document, inputs } = this.#context.editor;
    return inputs(this.#node)
      .map(({ name, type, widget }) => ({
        ...{ name, type, link: document.linkInto(this.#id, name)?.id ?? null },
        ...(widget ? { widget: { name } } : {}),
      }));
  }

  get outputs() {
    const { document, outputs } = this.#context.editor;
    return outputs(this.#node).map(({ name, type }, index) => ({
      ...{ name, type, slot_index: index },
      links: document.linksFrom(this.#id, index).map(({ id }) => id),
    }));
  }

  /** @param {string} name */
  findInputSlot(name) {
    return this.inputs.findIndex((input) => input.name === name);
  }

  /** @param {string} name */
  findOutputSlot(name) {
    return this.outputs.findIndex((output) => output.name === name);
  }

  /** @param {number} slot */
  getInputLink(slot) {
    const { link: id } = this.inputs[slot] ?? { link: null };
    return id === null ? null : (this.graph.links[id] ?? null);
  }

  /** @param {number} slot */
  getInputNode(slot) {
    const found = this.getInputLink(slot);
    return found ? this.graph.getNodeById(found.origin_id) : null;
  }

  /** @param {number} slot */
  getOutputNodes(slot) {
    const { document } = this.#context.editor;
    const nodes = document.linksFrom(this.#id, slot).map(({ to }) => this.graph.getNodeById(to));
    return nodes.length > 0 ? nodes : null;
  }

  /**
   * @param {number} slot an output
   * @param {ComfyNode} target
   * @param {number | string} targetSlot an input's number or name
   */
  connect(slot, target, targetSlot) {
    const { editor } = this.#context;
    const to = String(target.id);
    const input = typeof targetSlot === 'number' ? target.inputs[targetSlot]?.name : targetSlot;
    if (input === undefined || editor.refusal(this.#id, slot, to, input) !== null) return null;
    const made = { id: editor.document.freshLinkId(), from: this.#id, output: slot, to, input };
    editor.perform(link({ ...made, type: editor.outputType(this.#id, slot) }));
    return this.graph.links[made.id] ?? null;
  }

  /** @param {number | string} slot */
  disconnectInput(slot) {
    const { document, perform } = this.#context.editor;
    const input = typeof slot === 'number' ? this.inputs[slot]?.name : slot;
    const found = input === undefined ? null : document.linkInto(this.#id, input);
    if (found) perform(unlink(found.id));
    return found !== null;
  }

  /**
   * @param {string} type
   * @param {string} name
   * @param {unknown} value
   * @param {Foreign | string | null} [callback]
   * @param {Record<string, unknown>} [options]
   */
  addWidget(type, name, value, callback, options = {}) {
    const kind = KINDS[/** @type {keyof typeof KINDS} */ (type)];
    if (!kind) throw new Error(`Widgets of type ${type} cannot be added in this editor; there are ${Object.keys(KINDS).join(', ')}.`);
    const heard = typeof callback === 'function' ? callback : null;
    const guarded = heard && ((/** @type {unknown[]} */ ...values) => this.#context.guard(() => heard.apply(this, values)));
    return this.#put({ name, kind, value, options, callback: guarded, element: null, height: 0 });
  }

  /**
   * @param {string} name
   * @param {string} _type
   * @param {HTMLElement} element
   * @param {Record<string, unknown>} [options]
   */
  addDOMWidget(name, _type, element, options = {}) {
    const height = typeof options['getMinHeight'] === 'function' ? Number(options['getMinHeight']()) : DOM_HEIGHT;
    return this.#put({ name, kind: 'element', value: null, options, callback: null, element, height });
  }

  /** @param {AddedWidget} widget */
  #put(widget) {
    const added = new AddedComfyWidget(this.#context.added, this.#id, widget);
    this.widgets.push(added);
    return added;
  }

  /** @param {AddedComfyWidget} widget */
  removeWidget(widget) {
    widget.remove();
    this.widgets = this.widgets.filter((other) => other !== widget);
  }

  remove() {
    this.#context.editor.perform(removeNodes([this.#id]));
  }

  serialize() {
    return this.#context.serialized(this.#id);
  }

  /** The canvas follows the document by itself. */
  setDirtyCanvas() {}

  /** The canvas follows the document by itself. */
  setDirty() {}
}
