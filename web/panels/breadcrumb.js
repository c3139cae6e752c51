/** The way from the root to the subgraph that is shown, at the top left of the canvas. */

import { h, fill } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { tipOf } from '../app/keymap.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/** What its menu offers for the subgraph that is shown. */
const COMMANDS = ['subgraph.rename', 'subgraph.ports', 'subgraph.publish', 'subgraph.export'];

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountBreadcrumb(host, editor) {
  void loadStyle('subgraph');
  const bar = h('nav', { class: 'breadcrumb', 'aria-label': editor.t('subgraph.way') });
  // What is pressed here is no press on the canvas.
  for (const type of ['pointerdown', 'dblclick', 'contextmenu']) bar.addEventListener(type, (event) => event.stopPropagation());
  host.append(bar);
  const show = () => showWay(bar, editor);
  const ends = [
    editor.document.onChange(show),
    editor.name.subscribe(show),
    editor.locale.subscribe(show),
  ];
  show();
  return () => {
    for (const end of ends) end();
    bar.remove();
  };
}

/** @param {HTMLElement} bar @param {Application} editor */
function showWay(bar, editor) {
  const { document, t } = editor;
  const { path } = document;
  bar.hidden = path.length === 0;
  const titles = path.map((_, index) => {
    const node = document.nodeAt(path.slice(0, index + 1).join(':'));
    return node ? editor.nodeTitle(node) : '';
  });
  const text = [editor.name.peek() || t('files.untitled'), ...titles];
  const drawn = text.join('\n');
  if (bar.hidden || bar.dataset['drawn'] === drawn) return;
  const focused = [...bar.children].findIndex((child) => child.contains(globalThis.document.activeElement));
  bar.dataset['drawn'] = drawn;
  fill(bar, [...text.map((title, depth) => step(editor, title, depth, depth === path.length)), menuButton(editor)]);
  const again = bar.children[focused]?.querySelector('button');
  if (again instanceof HTMLElement) again.focus();
}

/** @param {Application} editor @param {string} title @param {number} depth @param {boolean} here */
function step(editor, title, depth, here) {
  const mark = depth === 0 ? icon('file') : icon('subgraph');
  if (here) return h('span', { class: 'breadcrumb-step' }, h('b', { 'aria-current': 'location' }, mark, title));
  const onclick = () => {
    const left = editor.document.path[depth];
    editor.showLevel(editor.document.path.slice(0, depth));
    if (left !== undefined) editor.selection.set([left]);
  };
  return h(
    'span',
    { class: 'breadcrumb-step' },
    h('button', { type: 'button', onclick, 'data-tip': tipOf(editor, 'subgraph.leave', editor.t('subgraph.back-to', { name: title })) }, mark, title),
    icon('chevron-right'),
  );
}

/** @param {Application} editor */
function menuButton(editor) {
  const label = editor.t('subgraph.menu');
  /** @type {MenuEntry[]} */
  const entries = COMMANDS.map((id) => ({
    label: editor.t(`command.${id}`),
    run: () => {
      editor.selection.clear();
      editor.execute(id);
    },
  }));
  const button = h('button', { class: 'breadcrumb-menu', type: 'button', 'aria-label': label, 'data-tip': label }, icon('chevron-down'));
  button.onclick = () => openMenu(entries, button, { label });
  return h('span', { class: 'breadcrumb-step' }, button);
}
