/** What the context menus offer for subgraphs. */

import { patchNode } from '../core/edits.js';
import { promote } from '../core/promotion.js';
import { INPUTS, isBorder, isBorderId } from '../core/subgraph-border.js';
import { CONTROL } from '../core/subgraph-face.js';
import { changeContents } from '../core/subgraphs.js';
import { isGroupNode } from '../core/virtual.js';
import { commandItem } from './file-menu.js';

/** @import { Application, MenuPart } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */
/** @import { MenuEntry, MenuItem } from '../types/ui.d.ts' */

/** @type {MenuPart} */
export function subgraphEntries(editor, target) {
  const { document } = editor;
  if (target.kind === 'canvas') return document.path.length > 0 ? [command(editor, 'subgraph.leave', 'chevron-left'), command(editor, 'subgraph.ports')] : [];
  if (target.kind !== 'node') return [];
  const node = document.nodes.get(target.id);
  if (!node) return [];
  if (isBorder(node)) return [command(editor, 'subgraph.ports', 'edit'), command(editor, 'subgraph.leave', 'chevron-left')];
  if (isGroupNode(node)) return [command(editor, 'subgraph.convert-groups', 'subgraph')];
  const own = document.definitions.has(node.type) ? instanceEntries(editor, node) : [command(editor, 'edit.make-subgraph', 'subgraph')];
  return [...widgetEntries(editor, node, target.widget?.input ?? null), ...own];
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @returns {MenuEntry[]} */
function instanceEntries(editor, node) {
  return [
    command(editor, 'subgraph.enter', 'enter'),
    {
      label: editor.t('subgraph.title'),
      icon: 'subgraph',
      items: [
        command(editor, 'edit.unpack-subgraph'),
        command(editor, 'edit.make-subgraph'),
        'separator',
        command(editor, 'subgraph.rename', 'edit'),
        command(editor, 'subgraph.ports'),
        command(editor, 'subgraph.independent', 'copy'),
        ...resetEntries(editor, node),
        'separator',
        command(editor, 'subgraph.publish', 'save'),
        command(editor, 'subgraph.export', 'download'),
        { label: editor.t('subgraph.delete'), icon: 'trash', danger: true, run: () => void editor.attempt(() => ask(editor, node.type)) },
      ],
    },
  ];
}

/** @param {Application} editor @param {string} type */
const ask = async (editor, type) => (await import('./subgraph-dialogs.js')).askToDelete(editor, type);

/** Back to the values that the inner nodes have. @param {Application} editor @param {Readonly<GraphNode>} node @returns {MenuItem[]} */
function resetEntries(editor, node) {
  if (Object.keys(node.values).length === 0) return [];
  const run = () => editor.perform(patchNode(node.id, { values: {} }, 'edit.value'));
  return [{ label: editor.t('subgraph.reset-values'), icon: 'undo', run }];
}

/**
 * Widgets of a node inside of a subgraph can be shown on its instances.
 * @param {Application} editor
 * @param {Readonly<GraphNode>} node
 * @param {string | null} under the input whose widget lies under the pointer
 * @returns {MenuItem[]}
 */
function widgetEntries(editor, node, under) {
  const { document, t } = editor;
  if (document.shown === null) return [];
  const widgets = editor.inputs(node).filter(({ widget, name }) => widget && !isOtherLink(editor, node, name));
  const entry = (/** @type {InputSpec} */ input, /** @type {string} */ label) => {
    const shown = isShown(editor, node, input);
    return { label, checked: shown, disabled: document.linkInto(node.id, input.name) !== null, run: () => toggle(editor, node, input, !shown) };
  };
  const one = widgets.find(({ name }) => name === under);
  if (one) return [entry(one, t('subgraph.show-widget', { name: labelOf(editor, node, one) }))];
  if (widgets.length === 0) return [];
  return [{ label: t('subgraph.show-widgets'), icon: 'eye', items: widgets.map((input) => entry(input, labelOf(editor, node, input))) }];
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {InputSpec} input */
const labelOf = (editor, node, { label, name }) => label ?? editor.inputLabel(node.type, name);

/** A widget that gets its value from a node has nothing to show. @param {Application} editor @param {Readonly<GraphNode>} node @param {string} input */
function isOtherLink({ document }, node, input) {
  const link = document.linkInto(node.id, input);
  return link !== null && link.from !== INPUTS;
}

/** What a widget is called in lists of shown widgets. @param {Application} editor @param {Readonly<GraphNode>} node @param {InputSpec} input */
function listedAs(editor, node, input) {
  const widget = editor.spec(node)?.subgraph?.widgets.find((each) => each.key === input.name && each.name !== CONTROL);
  return { node: node.id, name: widget?.name ?? input.name, source: widget?.node ?? '' };
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {InputSpec} input */
function isShown(editor, node, input) {
  const { document } = editor;
  if (document.linkInto(node.id, input.name)?.from === INPUTS) return true;
  const { name, source } = listedAs(editor, node, input);
  const instance = document.nodeAt(document.path.join(':'));
  const widgets = (instance && editor.spec(instance)?.subgraph?.widgets) ?? [];
  return widgets.some((widget) => widget.node === node.id && widget.name === name && (source === '' || widget.source === source));
}

/** @param {Application} editor @param {Readonly<GraphNode>} node @param {InputSpec} input @param {boolean} shown */
function toggle(editor, node, input, shown) {
  const { document } = editor;
  if (document.shown === null || isBorderId(node.id)) return;
  const contents = promote(document.contents(), document.shown, listedAs(editor, node, input), shown);
  editor.perform(changeContents(shown ? 'edit.promote' : 'edit.demote', contents));
}

/** @param {Application} editor @param {string} id @param {string} [mark] */
const command = (editor, id, mark) => commandItem(editor, id, mark ? { icon: mark } : {});
