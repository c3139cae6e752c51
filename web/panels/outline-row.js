/** What a row of the outline says of its node, input or output. */

import { typeToken } from '../canvas/palette.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */
/** @import { Row } from '../core/outline.js' */

const MOST_LETTERS = 60;

/** @param {Application} editor @param {Row} row @returns {Child} */
export function rowContent(editor, row) {
  const node = editor.document.nodes.get(row.node);
  if (!node) return null;
  if (row.kind === 'node') return nodeRow(editor, node);
  const type = row.kind === 'input' ? row.input.type : editor.outputType(row.node, row.output);
  return [
    h('span', { class: 'outline-dot', 'aria-hidden': 'true', style: { '--type': `var(${typeToken(type)})` } }),
    row.kind === 'input' ? inputRow(editor, node, row) : outputRow(editor, node, row),
  ];
}

/** @param {Application} editor @param {Readonly<GraphNode>} node */
function nodeRow(editor, node) {
  const { t } = editor;
  const run = editor.run.node(node.id).peek();
  const modes = { 2: t('outline.muted'), 4: t('outline.bypassed') };
  const said = [
    `#${node.id}`,
    node.mode in modes ? modes[/** @type {keyof typeof modes} */ (node.mode)] : '',
    run.problems.length > 0 ? t('outline.wrong') : '',
    run.state === 'running' ? t('outline.running') : '',
  ];
  return [
    h('span', { class: 'outline-chevron', 'aria-hidden': 'true' }, icon('chevron-right')),
    h('span', { class: 'outline-title' }, editor.nodeTitle(node)),
    h('span', { class: 'outline-detail' }, said.filter(Boolean).join(' · ')),
  ];
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {Extract<Row, { kind: 'input' }>} row */
function inputRow(editor, node, { input }) {
  const { t } = editor;
  const label = h('span', { class: 'outline-title' }, editor.inputLabel(node.type, input.name));
  const link = editor.document.linkInto(node.id, input.name);
  if (link) return [label, h('span', { class: 'outline-detail' }, `← ${endName(editor, link.from, link.output)}`)];
  if (input.widget) return [label, h('span', { class: 'outline-value' }, brief(node.values[input.name] ?? '') || t('outline.blank'))];
  return [label, h('span', { class: 'outline-detail' }, t(input.required ? 'outline.unlinked' : 'outline.optional'))];
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {Extract<Row, { kind: 'output' }>} row */
function outputRow(editor, node, { output, spec }) {
  const links = editor.document.linksFrom(node.id, output);
  const ends = links.map(({ to, input }) => {
    const target = editor.document.nodes.get(to);
    return target ? `${editor.nodeTitle(target)} · ${editor.inputLabel(target.type, input)}` : to;
  });
  return [
    h('span', { class: 'outline-title' }, editor.outputLabel(node, output, spec.name) || spec.type),
    h('span', { class: 'outline-detail' }, ends.length > 0 ? `→ ${ends.join(', ')}` : editor.t('outline.unlinked')),
  ];
}

/** @param {Application} editor @param {NodeId} id @param {number} output */
export function endName(editor, id, output) {
  const node = editor.document.nodes.get(id);
  if (!node) return id;
  const name = editor.outputLabel(node, output, editor.outputs(node)[output]?.name ?? '');
  return name ? `${editor.nodeTitle(node)} · ${name}` : editor.nodeTitle(node);
}

/** @param {Json} value */
function brief(value) {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replace(/\s+/g, ' ');
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text;
}
