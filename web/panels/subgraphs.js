/** The subgraphs of the workflow, and those that the server keeps for all workflows: added, entered, changed, shared. */

import { addBlueprint, addInstance, blueprintPath, blueprints, subgraphName } from '../app/subgraph-actions.js';
import { everyNode } from '../core/level-walk.js';
import { countUses } from '../core/subgraphs.js';
import { confirm } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { openPorts } from './subgraph-ports.js';
import { askToDelete, askToPublish, askToRename, exportSubgraph } from './subgraph-dialogs.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountSubgraphs(host, editor) {
  void loadStyle('subgraph');
  const own = h('section', { class: 'side-section' });
  const kept = h('section', { class: 'side-section' });
  fill(host, own, kept);
  let definitions = editor.document.definitions;
  const showOwn = () => fill(own, ownList(editor));
  const showKept = () => void editor.attempt(async () => fill(kept, keptList(editor, await blueprints(editor), showKept)));
  const ends = [
    editor.document.onChange((change) => {
      if (!change.structure && definitions === editor.document.definitions) return;
      definitions = editor.document.definitions;
      showOwn();
    }),
    editor.published.subscribe(showKept),
  ];
  showOwn();
  showKept();
  return () => ends.forEach((end) => end());
}

/** Where what is added from here comes to lie: the middle of what is seen. @param {Application} editor */
function middle({ view }) {
  const { x, y, width, height } = view?.seen() ?? { x: 0, y: 0, width: 0, height: 0 };
  return { x: x + width / 2, y: y + height / 2 };
}

/** @param {Application} editor */
function ownList(editor) {
  const { t } = editor;
  const uses = countUses(editor.document.contents());
  const ids = [...editor.document.definitions.keys()];
  const rows = ids.map((id) => {
    const name = subgraphName(editor, id);
    const count = uses.get(id) ?? 0;
    return row(editor, name, t('subgraph.uses', { count }), () => addInstance(editor, id, middle(editor)), definitionEntries(editor, id, count));
  });
  return [
    h('div', { class: 'side-section-head' }, h('h3', null, t('subgraph.own'))),
    rows.length === 0 ? h('p', { class: 'side-empty' }, t('subgraph.none')) : h('ul', { class: 'subgraph-list' }, rows),
    [...uses.values()].includes(0)
      ? h('button', { class: 'button', type: 'button', onclick: () => editor.execute('subgraph.drop-unused') }, t('command.subgraph.drop-unused'))
      : null,
  ];
}

/** @param {Application} editor @param {string} id @param {number} count @returns {MenuEntry[]} */
function definitionEntries(editor, id, count) {
  const { document, t } = editor;
  const run = (/** @type {() => void | Promise<void>} */ action) => () => void editor.attempt(action);
  const first = () => everyNode(document.contents()).find(({ node }) => node.type === id)?.place;
  return [
    { label: t('subgraph.enter'), icon: 'enter', disabled: count === 0, run: () => editor.showLevel(first()?.split(':') ?? []) },
    { label: t('command.subgraph.rename'), icon: 'edit', run: run(() => askToRename(editor, id)) },
    { label: t('command.subgraph.ports'), run: run(() => openPorts(editor, id)) },
    'separator',
    { label: t('command.subgraph.publish'), icon: 'save', run: run(() => askToPublish(editor, id)) },
    { label: t('command.subgraph.export'), icon: 'download', run: run(() => exportSubgraph(editor, id)) },
    'separator',
    { label: t('subgraph.delete'), icon: 'trash', danger: true, run: run(() => askToDelete(editor, id)) },
  ];
}

/** @param {Application} editor @param {readonly string[]} names @param {() => void} renew */
function keptList(editor, names, renew) {
  const { t, userFiles } = editor;
  const remove = async (/** @type {string} */ name) => {
    const question = { title: t('subgraph.remove-kept'), text: t('subgraph.remove-kept.text', { name }), yes: t('subgraph.remove-kept'), no: t('ui.cancel') };
    if (!(await confirm({ ...question, danger: true }))) return;
    await userFiles.throwAway(blueprintPath(name));
    renew();
  };
  const rows = names.map((name) => {
    /** @type {MenuEntry[]} */
    const entries = [
      { label: t('subgraph.remove-kept'), icon: 'trash', danger: true, run: () => void editor.attempt(() => remove(name)) },
    ];
    return row(editor, name, '', () => addBlueprint(editor, name, middle(editor)), entries);
  });
  return [
    h('div', { class: 'side-section-head' }, h('h3', null, t('subgraph.kept'))),
    rows.length === 0 ? h('p', { class: 'side-empty' }, t('subgraph.none-kept')) : h('ul', { class: 'subgraph-list' }, rows),
  ];
}

/**
 * @param {Application} editor
 * @param {string} name
 * @param {string} note
 * @param {() => void | Promise<void>} add
 * @param {readonly MenuEntry[]} entries
 */
function row(editor, name, note, add, entries) {
  const label = editor.t('subgraph.more', { name });
  const more = h('button', { class: 'icon-button small', type: 'button', 'aria-label': label, 'data-tip': label, 'aria-haspopup': 'menu' }, icon('more'));
  more.onclick = () => openMenu(entries, more, { label, edge: 'end' });
  return h(
    'li',
    null,
    h(
      'button',
      { class: 'subgraph-add', type: 'button', 'data-tip': editor.t('subgraph.add', { name }), onclick: () => void editor.attempt(add) },
      icon('subgraph'),
      h('span', { class: 'subgraph-name' }, name),
      h('span', { class: 'subgraph-note' }, note),
    ),
    more,
  );
}
