/** The inputs and outputs of a subgraph as lists: renamed, retyped, moved, removed, added. */

import { changeSubgraphs, subgraphName } from '../app/subgraph-actions.js';
import { newPort } from '../core/subgraph-border.js';
import { addPort, movePort, portsIn, relabelPort, removePort, retypePort } from '../core/subgraphs.js';
import { openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Port, Side } from '../core/subgraph-border.js' */

const SIDES = /** @type {const} */ (['inputs', 'outputs']);

/** @param {Application} editor @param {string} id */
export async function openPorts(editor, id) {
  await loadStyle('subgraph');
  const lists = h('div', { class: 'ports' });
  const show = () => fill(lists, SIDES.map((side) => portList(editor, id, side)));
  const datalist = h('datalist', { id: 'port-types' }, knownTypes(editor).map((type) => h('option', { value: type })));
  const dialog = openDialog(
    {
      title: editor.t('subgraph.ports-of', { name: subgraphName(editor, id) }),
      closeLabel: editor.t('ui.close'),
      body: [lists, datalist],
      buttons: [h('button', { class: 'button primary', type: 'button', onclick: () => dialog.close() }, editor.t('ui.close'))],
      wide: true,
    },
    editor.document.onChange(() => {
      if (editor.document.definitions.has(id)) keepFocus(lists, show);
      else dialog.close();
    }),
  );
  show();
  lists.querySelector('input')?.focus();
}

/** Types that sockets have. @param {Application} editor */
function knownTypes({ specs }) {
  const types = [...specs.peek().values()].flatMap((spec) => [...spec.inputs, ...spec.outputs].map(({ type }) => type));
  return [...new Set(['*', ...types])].filter((type) => !type.includes(',')).sort();
}

/** A list that is drawn anew has the focus where it was. @param {HTMLElement} lists @param {() => void} show */
function keepFocus(lists, show) {
  const key = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['key'] : undefined;
  show();
  const again = key === undefined ? null : lists.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement) again.focus();
}

/** @param {Application} editor @param {string} id @param {Side} side */
function portList(editor, id, side) {
  const { t } = editor;
  const ports = portsIn(editor.document.contents(), id, side);
  const title = t(`subgraph.${side}`);
  const add = () =>
    changeSubgraphs(editor, 'edit.port', (contents) => addPort(contents, id, side, newPort(ports, side === 'inputs' ? 'input' : 'output', '*')));
  return h(
    'section',
    { 'aria-label': title },
    h('h3', null, title),
    ports.length === 0 ? h('p', { class: 'ports-none' }, t('subgraph.no-ports')) : null,
    h('ul', null, ports.map((port, index) => portRow(editor, id, side, port, index, ports.length))),
    h('button', { class: 'button', type: 'button', 'data-key': `add ${side}`, onclick: add }, icon('add'), t(`subgraph.add-${side}`)),
  );
}

/**
 * @param {Application} editor
 * @param {string} id
 * @param {Side} side
 * @param {Port} port
 * @param {number} index
 * @param {number} count
 */
function portRow(editor, id, side, port, index, count) {
  const { t } = editor;
  const name = port.label ?? port.name;
  const change = changeSubgraphs.bind(null, editor, 'edit.port');
  const rename = (/** @type {string} */ label) =>
    change((contents) => relabelPort(contents, id, side, port.id, label === port.name ? '' : label));
  const retype = (/** @type {string} */ type) =>
    change((contents) => retypePort(contents, id, side, index, type === '' ? '*' : type, editor.spec));
  const button = (/** @type {string} */ key, /** @type {string} */ mark, /** @type {boolean} */ enabled, /** @type {() => void} */ onclick) => {
    const label = t(`subgraph.port.${key}`, { name });
    return h('button', { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, 'data-key': `${port.id} ${key}`, disabled: !enabled, onclick }, icon(mark));
  };
  return h(
    'li',
    null,
    field(`${port.id} name`, name, t('subgraph.port.name'), rename),
    field(`${port.id} type`, port.type, t('subgraph.port.type', { name }), retype, 'port-types'),
    button('up', 'chevron-up', index > 0, () => change((contents) => movePort(contents, id, side, index, index - 1))),
    button('down', 'chevron-down', index < count - 1, () => change((contents) => movePort(contents, id, side, index, index + 1))),
    button('remove', 'trash', true, () => change((contents) => removePort(contents, id, side, index))),
  );
}

/**
 * @param {string} key
 * @param {string} value
 * @param {string} label
 * @param {(value: string) => void} onchange
 * @param {string} [list]
 */
function field(key, value, label, onchange, list) {
  const input = h('input', { class: 'field', type: 'text', value, 'aria-label': label, 'data-key': key, autocomplete: 'off', ...(list ? { list } : {}) });
  const commit = () => {
    const text = input.value.trim();
    if (text !== value) onchange(text);
  };
  input.addEventListener('change', commit);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) input.blur();
  });
  return input;
}
