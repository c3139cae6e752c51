/** What can be done from the outline beside moving about: link, unlink, rename, change a value. */

import { link, setTitle, setValue, unlink } from '../core/edits.js';
import { linkSources, linkTargets } from '../core/outline.js';
import { score } from '../core/search.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { QuickList } from '../ui/quick-list.js';
import { loadStyle } from '../ui/stylesheet.js';
import { widgetFor } from '../widgets/index.js';
import { askText } from './ask-text.js';
import { endName } from './outline-row.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { LinkId, NodeId } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */
/** @import { Row } from '../core/outline.js' */

/** One end that a link could lead to, or the link that is to go. */
/** @typedef {{ title: string, detail: string, run(): void }} Choice */

const MOST_SHOWN = 80;

/**
 * Ask where a socket's link shall lead, and make it.
 * @param {Application} editor
 * @param {Extract<Row, { level: 2 }>} row
 */
export function askLink(editor, row) {
  const { t } = editor;
  const choices = row.kind === 'input' ? sources(editor, row.node, row.input) : targets(editor, row.node, row.output);
  const node = editor.document.nodes.get(row.node);
  const name =
    row.kind === 'output' ? endName(editor, row.node, row.output) : node ? `${editor.nodeTitle(node)} · ${editor.inputLabel(node.type, row.input.name)}` : '';
  const label = t(row.kind === 'input' ? 'outline.link-from' : 'outline.link-to', { name });
  /** @type {QuickList<Choice>} */
  const list = new QuickList({
    label,
    placeholder: label,
    none: t('outline.nothing-fits'),
    find: (query) => choices.filter(({ title }) => query === '' || score(query, title) > 10).slice(0, MOST_SHOWN),
    row: ({ title, detail }) => [h('span', { class: 'search-title' }, title), h('span', { class: 'search-category' }, detail)],
    choose: (choice) => choice.run(),
  });
  void editor.attempt(async () => {
    await loadStyle('palette');
    list.open();
  });
}

/** @param {Application} editor @param {NodeId} from @param {number} output @returns {Choice[]} */
function targets(editor, from, output) {
  const { document, t } = editor;
  const linked = document.linksFrom(from, output).map((each) => removal(editor, each.id, inputName(editor, each.to, each.input)));
  const others = linkTargets(editor, from, output).filter(({ node, input }) => {
    const there = document.linkInto(node, input.name);
    return !(there?.from === from && there.output === output);
  });
  return [
    ...others.map(({ node, input }) => ({
      title: inputName(editor, node, input.name),
      detail: document.linkInto(node, input.name) ? t('outline.replaces') : input.type,
      run: () => make(editor, from, output, node, input.name),
    })),
    ...linked,
  ];
}

/** @param {Application} editor @param {NodeId} to @param {InputSpec} input @returns {Choice[]} */
function sources(editor, to, input) {
  const there = editor.document.linkInto(to, input.name);
  const others = linkSources(editor, to, input).filter(({ node, output }) => !(there?.from === node && there.output === output));
  return [
    ...(there ? [removal(editor, there.id, endName(editor, there.from, there.output))] : []),
    ...others.map(({ node, output, spec }) => ({
      title: endName(editor, node, output),
      detail: spec.type,
      run: () => make(editor, node, output, to, input.name),
    })),
    ...(there ? [removal(editor, there.id, endName(editor, there.from, there.output))] : []),
  ];
}

/** @param {Application} editor @param {LinkId} id @param {string} name @returns {Choice} */
const removal = ({ announce, perform, t }, id, name) => ({
  title: t('outline.unlink', { name }),
  detail: t('menu.unlink'),
  run: () => {
    perform(unlink(id));
    announce(t('announce.unlinked'));
  },
});

/** @param {Application} editor @param {NodeId} id @param {string} input */
function inputName(editor, id, input) {
  const node = editor.document.nodes.get(id);
  return node ? `${editor.nodeTitle(node)} · ${editor.inputLabel(node.type, input)}` : id;
}

/** @param {Application} editor @param {NodeId} from @param {number} output @param {NodeId} to @param {string} input */
function make(editor, from, output, to, input) {
  const type = editor.outputType(from, output);
  editor.perform(link({ id: editor.document.freshLinkId(), from, output, to, input, type }));
  editor.announce(editor.t('announce.linked', { from: endName(editor, from, output), to: inputName(editor, to, input) }));
}

/** @param {Application} editor @param {NodeId} id */
export async function renameNode(editor, id) {
  const node = editor.document.nodes.get(id);
  if (!node) return;
  const { t } = editor;
  const question = { title: t('menu.rename'), label: t('menu.title'), value: editor.nodeTitle(node), action: t('menu.rename') };
  const title = await askText(editor, question);
  if (title !== null) editor.perform(setTitle(id, title));
}

/**
 * The widget of an input in a dialog of its own.
 * @param {Application} editor
 * @param {NodeId} id
 * @param {InputSpec} input
 * @param {() => void} back called when it is closed
 */
export async function editValue(editor, id, input, back) {
  const node = editor.document.nodes.get(id);
  if (!node) return;
  await loadStyle('outline');
  const widget = widgetFor(input, editor.packWidgets)({
    input,
    value: node.values[input.name] ?? null,
    editor,
    node: id,
    onChange: (value) => editor.perform(setValue(id, input.name, value, `outline value ${id} ${input.name}`)),
  });
  const end = editor.document.onChange(() => widget.set(editor.document.nodes.get(id)?.values[input.name] ?? null));
  const body = h('div', { class: 'outline-edit', style: { 'min-height': `${Math.max(28, widget.height)}px` } }, widget.element);
  openDialog({ title: inputName(editor, id, input.name), closeLabel: editor.t('ui.close'), body }, () => {
    end();
    widget.destroy();
    back();
  });
  widget.focus();
}
