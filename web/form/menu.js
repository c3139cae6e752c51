/** What a node's menu offers of the form. */

import { keyOf, readForm, setForm } from '../core/form.js';

/** @import { MenuPart } from '../types/app.d.ts' */

/** A node's widgets, to be put into the form or taken out. @type {MenuPart} */
export function formEntries(editor, target) {
  const node = target.kind === 'node' && editor.document.shown === null ? editor.document.nodes.get(target.id) : undefined;
  const inputs = node ? editor.inputs(node).filter(({ name, widget }) => widget && !editor.document.linkInto(node.id, name)) : [];
  if (!node || inputs.length === 0) return [];
  const { fields } = readForm(editor.document.rest);
  const chosen = fields ?? [];
  return [
    {
      label: editor.t('form.in-form'),
      icon: 'form',
      items: inputs.map(({ name }) => {
        const field = { node: node.id, input: name, label: null };
        const others = chosen.filter((each) => keyOf(each) !== keyOf(field));
        const checked = others.length < chosen.length;
        const wanted = checked ? others : [...chosen, field];
        const form = { ...readForm(editor.document.rest), fields: wanted.length > 0 ? wanted : null };
        return { label: editor.inputLabel(node.type, name), checked, run: () => editor.perform(setForm(form)) };
      }),
    },
  ];
}
