/** The fields of the form, grouped by node; each is the widget that its node has. */

import { setValue } from '../core/edits.js';
import { keyOf, readForm, shownFields } from '../core/form.js';
import { shownValue } from '../core/subgraph-values.js';
import { h } from '../ui/dom.js';
import { widgetFor } from '../widgets/index.js';
import { roomOf } from '../widgets/kinds.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Change } from '../types/document.d.ts' */
/** @import { Widget, WidgetHost } from '../types/editor.d.ts' */
/** @import { FormField } from '../core/form.js' */
/** @import { InputSpec, Json } from '../types/spec.d.ts' */

/** A widget that grows gets this much more than it needs. */
const GROWTH = 60;

export class FieldList {
  #host;
  #editor;
  /** What is mounted, to know when it has to be made anew. */
  #shown = '';
  /** @type {Map<string, { widget: Widget, field: FormField, input: InputSpec, endRun: () => void }>} */
  #mounted = new Map();
  /** Grows with each finished gesture, so that one gesture is one undo step. */
  #gesture = 0;
  #ends;

  /** @param {HTMLElement} host @param {Application} editor */
  constructor(host, editor) {
    this.#host = host;
    this.#editor = editor;
    this.#ends = [
      editor.document.onChange((change) => this.#follow(change)),
      editor.specs.subscribe(() => this.#rebuild()),
    ];
    this.#rebuild();
  }

  destroy() {
    for (const end of this.#ends) end();
    this.#unmount();
  }

  #unmount() {
    for (const { widget, endRun } of this.#mounted.values()) {
      endRun();
      widget.destroy();
    }
    this.#mounted.clear();
    this.#host.replaceChildren();
    this.#shown = '';
  }

  /** @param {Change} change */
  #follow(change) {
    if (change.replaced || JSON.stringify(this.#fields()) !== this.#shown) return this.#rebuild();
    for (const { widget, field, input } of this.#mounted.values()) {
      const node = change.nodes.has(field.node) ? this.#editor.document.nodes.get(field.node) : undefined;
      if (node) widget.set(shownValue(node, input));
    }
  }

  #fields() {
    return shownFields(this.#editor.document, this.#editor.inputs);
  }

  #rebuild() {
    const { document, t } = this.#editor;
    const fields = this.#fields();
    this.#unmount();
    this.#shown = JSON.stringify(fields);
    if (fields.length === 0) this.#host.append(h('p', { class: 'form-empty' }, t('form.empty')));
    const chosen = readForm(document.rest).fields !== null;
    /** @type {HTMLElement | null} */
    let section = null;
    let of = '';
    for (const field of fields) {
      if (section === null || (field.node !== of && !chosen)) {
        of = field.node;
        section = this.#section(chosen ? null : of);
        this.#host.append(section);
      }
      section.append(...this.#row(field));
    }
  }

  /** @param {string | null} id the node that it is for; null where the fields were chosen from several */
  #section(id) {
    const node = id === null ? undefined : this.#editor.document.nodes.get(id);
    return h('section', { class: 'form-section' }, node && h('h3', null, this.#editor.nodeTitle(node)));
  }

  /** @param {FormField} field */
  #row(field) {
    const editor = this.#editor;
    const node = editor.document.nodes.get(field.node);
    const input = node && editor.inputs(node).find(({ name }) => name === field.input);
    if (!node || !input) return [];
    const widget = widgetFor(input, editor.packWidgets)(this.#widgetHost(field, input, shownValue(node, input)));
    const { height, grows } = roomOf(input, editor.packWidgets);
    const row = h(
      'div',
      { class: 'form-row', 'data-field': keyOf(field), style: { '--height': `${height + (grows ? GROWTH : 0)}px` } },
      field.label !== null && h('span', { class: 'form-label' }, field.label),
      h('div', { class: 'form-widget' }, widget.element),
    );
    const blame = () => {
      const { problems } = editor.run.node(field.node).peek();
      const own = problems.filter((problem) => problem.input === field.input);
      row.classList.toggle('blamed', own.length > 0);
      row.dataset['problem'] = own.map(({ message, advice }) => `${message} ${advice}`.trim()).join('\n');
    };
    blame();
    this.#mounted.set(keyOf(field), { widget, field, input, endRun: editor.run.node(field.node).subscribe(blame) });
    return [row];
  }

  /** @param {FormField} field @param {InputSpec} input @param {Json} value @returns {WidgetHost} */
  #widgetHost({ node }, input, value) {
    const editor = this.#editor;
    return {
      input,
      value,
      editor,
      node,
      onChange: (changed, final = true) => {
        editor.perform(setValue(node, input.name, changed, `form ${node} ${input.name} ${this.#gesture}`));
        if (final) this.#gesture += 1;
      },
    };
  }
}
