/** A comparison as a list that leads to the nodes. */

import { differenceRows, isMinor } from '../core/difference-rows.js';
import { textDifference } from '../core/text-difference.js';
import { h } from '../ui/dom.js';
import { countsOf, levelShown } from './comparison-view.js';

/** @import { Row, NodeRow } from '../core/difference-rows.js' */
/** @import { Application } from '../types/app.d.ts' */
/** @import { FieldChange, WireChange } from '../types/difference.d.ts' */
/** @import { Contents, GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Comparison } from '../types/files.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const SIGNS = { added: '+', removed: '−', changed: '~' };
const LONG_TEXT = 24;
const LONGEST_VALUE = 60;
const MODES = new Map([
  [0, 'runs'],
  [2, 'muted'],
  [4, 'bypassed'],
]);

/**
 * @param {Application} editor
 * @param {Comparison} comparison
 * @returns {Child}
 */
export function comparisonList(editor, { before, difference }) {
  const { t, document: doc } = editor;
  const found = difference.get();
  const shown = levelShown(editor, found, before.contents);
  const rows = shown ? differenceRows(shown.difference, { ...doc.contents(), nodes: [...doc.nodes.values()] }) : [];
  const subgraphs = found.subgraphs.filter(({ id }) => id !== doc.shown);
  if (rows.length + subgraphs.length === 0) return h('p', { class: 'side-empty' }, t('difference.same'));
  return [
    shown ? h('div', { class: 'comparison-counts' }, countsOf(editor, shown.difference)) : null,
    h(
      'ul',
      { class: 'difference-list' },
      rows.map((row) => rowOf(editor, row, before.contents)),
      subgraphs.map(({ name, before: was, after }) => {
        const kind = !was ? 'added' : !after ? 'removed' : 'changed';
        return h('li', { class: `difference ${kind}` }, headOf(kind, t('difference.subgraph', { name }), null));
      }),
    ),
  ];
}

/** @param {Application} editor @param {Row} row @param {Contents} before */
function rowOf(editor, row, before) {
  const { t } = editor;
  if (row.what === 'group') {
    const title = t('difference.group', { name: row.group.title });
    const renamed =
      row.before && row.before.title !== row.group.title
        ? [changeOf(t('difference.renamed'), row.before.title, row.group.title)]
        : [];
    return h('li', { class: `difference ${row.kind}` }, headOf(row.kind, title, null), renamed);
  }
  const { node, kind, values, aspects, wires } = row;
  const show = () => showNode(editor, node, kind);
  return h(
    'li',
    { class: isMinor(row) ? `difference ${kind} minor` : `difference ${kind}` },
    headOf(kind, editor.nodeTitle(node), show, `#${node.id}`),
    values.map((change) => valueOf(editor, node, change)),
    aspects.map((aspect) => aspectOf(editor, row, aspect)),
    wires.map((wire) => wireOf(editor, node, wire, before)),
  );
}

/**
 * @param {keyof typeof SIGNS} kind
 * @param {string} title
 * @param {(() => void) | null} show
 * @param {string} [id]
 */
function headOf(kind, title, show, id = '') {
  const parts = [
    h('span', { class: 'difference-sign', 'aria-hidden': true }, SIGNS[kind]),
    h('span', { class: 'difference-title' }, title),
    h('span', { class: 'difference-id' }, id),
  ];
  return show
    ? h('button', { class: 'difference-head', type: 'button', onclick: show }, parts)
    : h('div', { class: 'difference-head' }, parts);
}

/** Bring a node into view, or the place where one was. @param {Application} editor @param {Readonly<GraphNode>} node @param {string} kind */
function showNode(editor, node, kind) {
  const { view } = editor;
  if (kind !== 'removed') return editor.show([node.id]);
  if (!view) return;
  const { scale } = view.camera();
  const { width, height } = view.seen();
  view.setCamera({ x: node.x + node.width / 2 - width / 2, y: node.y + node.height / 2 - height / 2, scale });
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {FieldChange} change */
function valueOf(editor, node, { name, before, after }) {
  const label = name.endsWith('/control') ? editor.t('difference.control') : editor.inputLabel(node.type, name);
  const texts = typeof before === 'string' && typeof after === 'string';
  if (texts && before.length + after.length > LONG_TEXT) {
    const pieces = textDifference(before, after).map(({ kind, text }) =>
      kind === 'same' ? text : h(kind === 'added' ? 'ins' : 'del', null, text),
    );
    return h(
      'div',
      { class: 'difference-text' },
      h('span', { class: 'difference-label' }, label),
      h('p', null, pieces),
    );
  }
  return changeOf(label, brief(before), brief(after));
}

/** @param {string} label @param {string} before @param {string} after */
const changeOf = (label, before, after) =>
  h(
    'div',
    { class: 'difference-value' },
    h('span', { class: 'difference-label' }, label),
    before === '' ? null : h('del', null, before),
    before === '' || after === '' ? null : h('span', { 'aria-hidden': true }, '→'),
    after === '' ? null : h('ins', null, after),
  );

/** @param {Json | undefined} value */
function brief(value) {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value || '""' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

/** @param {Application} editor @param {NodeRow} row @param {NodeRow['aspects'][number]} aspect */
function aspectOf(editor, { change }, aspect) {
  const { t } = editor;
  if (!change) return null;
  const { before, after } = change;
  if (aspect === 'renamed') return changeOf(t('difference.renamed'), editor.nodeTitle(before), editor.nodeTitle(after));
  if (aspect === 'mode') {
    const name = (/** @type {number} */ mode) => t(`difference.mode.${MODES.get(mode) ?? 'other'}`);
    return changeOf(t('difference.mode'), name(before.mode), name(after.mode));
  }
  return h('div', { class: 'difference-value' }, h('span', { class: 'difference-label' }, t(`difference.${aspect}`)));
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {WireChange} wire @param {Contents} before */
function wireOf(editor, node, { input, before: was, after: is }, before) {
  const old = new Map(before.nodes.map((each) => [each.id, each]));
  const name = (/** @type {NodeId} */ id, /** @type {ReadonlyMap<NodeId, Readonly<GraphNode>>} */ nodes) => {
    const source = nodes.get(id);
    return source ? editor.nodeTitle(source) : `#${id}`;
  };
  const from = was ? name(was.from, old) : '';
  const to = is ? name(is.from, editor.document.nodes) : '';
  const label = editor.inputLabel(node.type, input);
  if (from === to && was && is)
    return changeOf(`${label} ⟵`, `${from} #${was.from}:${was.output}`, `${to} #${is.from}:${is.output}`);
  return changeOf(`${label} ⟵`, from, to);
}
