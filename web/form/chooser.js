/** Choosing what the form shows: the chosen fields in their order, and below them all that there are. */

import { keyOf, moved, possibleFields, readForm, setForm, shownFields, shownResults } from '../core/form.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Form, FormField } from '../core/form.js' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountChooser(host, editor) {
  const show = () => {
    const focused = host.contains(document.activeElement) ? document.activeElement?.getAttribute('data-focus') : null;
    fill(host, chosenList(editor), offers(editor), resultOffers(editor), resetButton(editor));
    const again = focused ? host.querySelector(`[data-focus="${CSS.escape(focused)}"]`) : null;
    if (again instanceof HTMLElement) again.focus();
  };
  const end = editor.document.onChange(show);
  show();
  return () => {
    end();
    host.replaceChildren();
  };
}

/** @param {Application} editor @param {Partial<Form>} parts */
function change(editor, parts) {
  editor.perform(setForm({ ...readForm(editor.document.rest), ...parts }));
}

/** @param {Application} editor */
function chosenList(editor) {
  const fields = shownFields(editor.document, editor.inputs);
  return h(
    'section',
    { class: 'form-section' },
    h('h3', null, editor.t('form.chosen')),
    fields.length === 0
      ? h('p', { class: 'form-empty' }, editor.t('form.none-chosen'))
      : h('ol', { class: 'form-chosen' }, fields.map((field, index) => chosenRow(editor, fields, field, index))),
  );
}

/** @param {Application} editor @param {readonly FormField[]} fields @param {FormField} field @param {number} index */
function chosenRow(editor, fields, field, index) {
  const { t } = editor;
  const name = nameOf(editor, field);
  const put = (/** @type {readonly FormField[]} */ list) => change(editor, { fields: list });
  const label = h('input', {
    class: 'field',
    type: 'text',
    value: field.label ?? '',
    placeholder: name,
    'aria-label': t('form.rename', { name }),
    'data-focus': `label ${keyOf(field)}`,
    onchange: () => put(fields.map((each) => (each === field ? { ...field, label: label.value.trim() || null } : each))),
  });
  return h(
    'li',
    { class: 'form-choice' },
    label,
    small(`up ${keyOf(field)}`, 'chevron-up', t('form.up', { name }), index === 0, () => put(moved(fields, index, index - 1))),
    small(`down ${keyOf(field)}`, 'chevron-down', t('form.down', { name }), index === fields.length - 1, () =>
      put(moved(fields, index, index + 1)),
    ),
    small(`remove ${keyOf(field)}`, 'close', t('form.remove', { name }), false, () => put(fields.filter((each) => each !== field))),
  );
}

/**
 * @param {string} focus
 * @param {string} picture
 * @param {string} label
 * @param {boolean} disabled
 * @param {() => void} run
 */
function small(focus, picture, label, disabled, run) {
  return h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, 'data-focus': focus, disabled, onclick: run },
    icon(picture),
  );
}

/** @param {Application} editor @param {FormField} field */
function nameOf({ document, inputLabel, nodeTitle }, { node, input }) {
  const found = document.nodes.get(node);
  return found ? `${nodeTitle(found)}: ${inputLabel(found.type, input)}` : input;
}

/** All widgets by their nodes, to be ticked. @param {Application} editor */
function offers(editor) {
  const shown = shownFields(editor.document, editor.inputs);
  const chosen = new Set(shown.map(keyOf));
  /** @type {Map<NodeId, FormField[]>} */
  const byNode = new Map();
  for (const field of possibleFields(editor.document, editor.inputs)) {
    byNode.set(field.node, [...(byNode.get(field.node) ?? []), field]);
  }
  return [...byNode].map(([id, fields]) => {
    const node = editor.document.nodes.get(id);
    return h(
      'fieldset',
      { class: 'form-section form-offers' },
      h('legend', null, node ? editor.nodeTitle(node) : id),
      fields.map((field) =>
        tick(`field ${keyOf(field)}`, editor.inputLabel(node?.type ?? '', field.input), chosen.has(keyOf(field)), (on) =>
          change(editor, { fields: on ? [...shown, field] : shown.filter((each) => keyOf(each) !== keyOf(field)) }),
        ),
      ),
    );
  });
}

/** @param {Application} editor */
function resultOffers(editor) {
  const { document, spec, t } = editor;
  const shown = shownResults(document, spec);
  const possible = document.order.filter((id) => {
    const node = document.nodes.get(id);
    return node !== undefined && (spec(node)?.outputNode === true || shown.includes(id));
  });
  if (possible.length < 2) return null;
  return h(
    'fieldset',
    { class: 'form-section form-offers' },
    h('legend', null, t('form.results')),
    possible.map((id) => {
      const node = document.nodes.get(id);
      return tick(`result ${id}`, node ? editor.nodeTitle(node) : id, shown.includes(id), (on) =>
        change(editor, { results: on ? [...shown, id] : shown.filter((each) => each !== id) }),
      );
    }),
  );
}

/** @param {string} focus @param {string} label @param {boolean} checked @param {(on: boolean) => void} onChange */
function tick(focus, label, checked, onChange) {
  const box = h('input', { type: 'checkbox', checked, 'data-focus': focus, onchange: () => onChange(box.checked) });
  return h('label', { class: 'form-tick' }, box, label);
}

/** @param {Application} editor */
function resetButton(editor) {
  const { fields, results } = readForm(editor.document.rest);
  if (fields === null && results === null) return null;
  const reset = () => editor.perform(setForm({ fields: null, results: null }));
  return h('button', { class: 'button', type: 'button', 'data-focus': 'reset', onclick: reset }, editor.t('form.show-all'));
}
