/** Widgets that scripts for ComfyUI's editor put on nodes: they belong to the page, and are not saved. */

import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { AddedWidget } from '../types/comfy.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { PackMount } from '../types/extension.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */

const WIDGET = 'comfy.added';
const LINE = 24;
/** The type of such an input says whose it is, so that no element of one node serves another. */
const PLACE = /^COMFY (.*) (\d+)$/;

export class AddedWidgets {
  /** @type {Application} */
  #editor;
  /** @type {Map<NodeId, readonly AddedWidget[]>} */
  #byNode = new Map();
  #waiting = false;

  /** @param {Application} editor */
  constructor(editor) {
    this.#editor = editor;
    editor.packWidgets.add('ComfyUI', WIDGET, (element, host) => this.#mount(element, host));
  }

  /** @param {NodeId} node @param {AddedWidget} widget */
  add(node, widget) {
    this.#put(node, [...(this.#byNode.get(node) ?? []), widget]);
  }

  /** @param {NodeId} node @param {AddedWidget} widget */
  remove(node, widget) {
    this.#put(node, (this.#byNode.get(node) ?? []).filter((other) => other !== widget));
  }

  /** @param {NodeId} node */
  forget(node) {
    if (this.#byNode.has(node)) this.#put(node, []);
  }

  /** Show a value that a script has set. @param {NodeId} node */
  changed(node) {
    this.#put(node, [...(this.#byNode.get(node) ?? [])]);
  }

  /** @param {NodeId} node @param {readonly AddedWidget[]} widgets */
  #put(node, widgets) {
    const { addedWidgets } = this.#editor;
    if (widgets.length > 0) {
      this.#byNode.set(node, widgets);
      addedWidgets.set(node, widgets.map((widget, index) => inputOf(node, widget, index)));
    } else {
      this.#byNode.delete(node);
      addedWidgets.delete(node);
    }
    this.#refresh();
  }

  /** Scripts add widgets to many nodes in a row: they are laid out once. */
  #refresh() {
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      this.#editor.refreshNodes();
    });
  }

  /** @type {PackMount} */
  #mount(element, { input }) {
    const [, node = '', index = ''] = PLACE.exec(input.type) ?? [];
    const widget = this.#byNode.get(node)?.[Number(index)];
    if (!widget) return NOTHING;
    const control = widget.element ?? controlOf(widget);
    element.append(control);
    return { set() {}, focus: () => control.focus(), destroy: () => control.remove() };
  }
}

const NOTHING = { set() {}, focus() {}, destroy() {} };

/** @param {NodeId} node @param {AddedWidget} widget @param {number} index @returns {InputSpec} */
const inputOf = (node, { name, height }, index) => ({
  name,
  type: `COMFY ${node} ${index}`,
  required: false,
  widget: true,
  choices: null,
  options: { widgetType: WIDGET, socketless: true, height: Math.max(height, LINE) },
});

/** @param {AddedWidget} widget @returns {HTMLElement} */
function controlOf(widget) {
  if (widget.kind === 'button') {
    return h('button', { class: 'button comfy-button', type: 'button', onclick: () => widget.callback?.(widget.value) }, widget.name);
  }
  const field = fieldOf(widget);
  return h('label', { class: 'widget' }, h('span', { class: 'widget-label' }, widget.name), field);
}

/** @param {AddedWidget} widget */
function fieldOf(widget) {
  const change = (/** @type {unknown} */ value) => {
    widget.value = value;
    widget.callback?.(value);
  };
  if (widget.kind === 'toggle') {
    const box = h('input', { type: 'checkbox', checked: Boolean(widget.value), onchange: () => change(box.checked) });
    return box;
  }
  if (widget.kind === 'combo') {
    const values = Array.isArray(widget.options['values']) ? widget.options['values'].map(String) : [];
    const box = h(
      'select',
      { class: 'field', onchange: () => change(box.value) },
      values.map((value) => h('option', { value, selected: value === String(widget.value) }, value)),
    );
    return box;
  }
  const number = widget.kind === 'number';
  const box = h('input', {
    class: 'text-box',
    type: number ? 'number' : 'text',
    value: String(widget.value ?? ''),
    onchange: () => change(number ? box.valueAsNumber : box.value),
  });
  return box;
}
