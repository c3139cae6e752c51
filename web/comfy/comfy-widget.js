/** A widget of a node as scripts for ComfyUI's editor see it. */

import { setValue } from '../core/edits.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { AddedWidget, Foreign } from '../types/comfy.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { InputSpec, Json } from '../types/spec.d.ts' */
/** @import { AddedWidgets } from './added-widgets.js' */

/** A widget of the node's type: its value is the document's. */
export class ComfyWidget {
  /** Called when the user has changed the value; scripts replace it. @type {Foreign | null} */
  callback = null;
  /** @type {Application} */
  #editor;
  #node;
  #input;

  /** @param {Application} editor @param {NodeId} node @param {InputSpec} input */
  constructor(editor, node, input) {
    this.#editor = editor;
    this.#node = node;
    this.#input = input;
    this.name = input.name;
    this.type = typeOf(input);
    const { min, max, step } = input.options;
    this.options = { ...input.options, min, max, step, ...(input.choices ? { values: [...input.choices] } : {}) };
  }

  get value() {
    return this.#editor.document.nodes.get(this.#node)?.values[this.#input.name] ?? null;
  }

  /** @param {Json} value */
  set value(value) {
    if (value !== this.value) this.#editor.perform(setValue(this.#node, this.#input.name, value));
  }
}

/** A widget that a script has added: its value is the page's. */
export class AddedComfyWidget {
  #widgets;
  #node;
  /** @type {AddedWidget} */
  #widget;

  /** @param {AddedWidgets} widgets @param {NodeId} node @param {AddedWidget} widget */
  constructor(widgets, node, widget) {
    this.#widgets = widgets;
    this.#node = node;
    this.#widget = widget;
    this.options = widget.options;
    this.element = widget.element;
    widgets.add(node, widget);
  }

  get name() {
    return this.#widget.name;
  }

  get type() {
    return this.#widget.kind;
  }

  get value() {
    return this.#widget.value;
  }

  set value(value) {
    this.#widget.value = value;
    this.#widgets.changed(this.#node);
  }

  get callback() {
    return this.#widget.callback;
  }

  set callback(callback) {
    this.#widget.callback = callback;
  }

  remove() {
    this.#widgets.remove(this.#node, this.#widget);
  }
}

/** @param {InputSpec} input */
function typeOf({ choices, options, type }) {
  if (choices) return 'combo';
  if (type === 'BOOLEAN') return 'toggle';
  if (type === 'INT' || type === 'FLOAT') return options.display === 'slider' ? 'slider' : 'number';
  return options.multiline ? 'customtext' : 'text';
}
