/** The bar above the canvas: the open workflows, and whether what was done is kept. */

import { tipOf } from '../app/keymap.js';
import { effect } from '../core/signal.js';
import { distinctNames } from '../core/tab-names.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu-later.js';
import { dragTab } from './tab-drag.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Tab } from '../types/files.d.ts' */

const MIDDLE = 1;

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 */
export function mountTabBar(host, editor) {
  const list = h('div', { class: 'tab-list', role: 'tablist' });
  list.addEventListener('keydown', (event) => onKey(editor, list, event));
  list.addEventListener('wheel', (event) => list.scrollBy({ left: event.deltaX + event.deltaY }), { passive: true });
  effect(() => {
    editor.locale.get();
    list.setAttribute('aria-label', editor.t('tabs.label'));
    fill(
      host,
      list,
      newButton(editor),
      allButton(editor, list),
      h('div', { class: 'tab-space' }),
      draftNote(editor),
      foundButton(editor),
    );
  });
  effect(() => showTabs(editor, list));
}

/**
 * Elements of tabs that stay are kept: they may have the focus, or be dragged.
 * @param {Application} editor
 * @param {HTMLElement} list
 */
function showTabs(editor, list) {
  editor.locale.get();
  const tabs = editor.tabs.list.get();
  const names = distinctNames(tabs.map((tab) => tab.name.get() || editor.t('files.untitled')));
  const before = new Map(
    [...list.children].map((child) => [child instanceof HTMLElement ? child.dataset['tab'] : '', child]),
  );
  const elements = tabs.map((tab, at) => {
    const known = before.get(tab.id);
    const element = known instanceof HTMLElement ? known : tabElement(editor, tab, list);
    showTab(editor, tab, element, names[at] ?? '');
    return element;
  });
  for (const [id, element] of before) if (!tabs.some((tab) => tab.id === id)) element.remove();
  elements.forEach((element, at) => {
    if (list.children[at] !== element) list.insertBefore(element, list.children[at] ?? null);
  });
  const shown = elements[tabs.indexOf(editor.tabs.shown.get())];
  if (shown) requestAnimationFrame(() => shown.scrollIntoView({ block: 'nearest', inline: 'nearest' }));
}

/** @param {Application} editor @param {Tab} tab @param {HTMLElement} list */
function tabElement(editor, tab, list) {
  const { tabs } = editor;
  const element = h(
    'div',
    {
      class: 'tab',
      role: 'tab',
      'data-tab': tab.id,
      'aria-controls': 'canvas',
      onpointerdown: (event) => {
        if (event.button !== 0) return;
        tabs.show(tab.id);
        dragTab(editor, list, element, event);
      },
      onauxclick: (event) => {
        if (event.button !== MIDDLE) return;
        event.preventDefault();
        tabs.close(tab.id);
      },
      // Else the browser scrolls by the middle button.
      onmousedown: (event) => event.button === MIDDLE && event.preventDefault(),
      ondblclick: () => void editor.attempt(async () => (await import('./rename-workflow.js')).renameTab(editor, tab)),
      oncontextmenu: (event) => {
        event.preventDefault();
        const client = { x: event.clientX, y: event.clientY };
        void editor.attempt(async () => (await import('./tab-menu.js')).openTabMenu(editor, tab, client));
      },
    },
    h('span', { class: 'tab-mark', hidden: true }),
    h('span', { class: 'tab-name' }),
    h(
      'button',
      {
        class: 'tab-close',
        type: 'button',
        tabindex: -1,
        onpointerdown: (event) => event.stopPropagation(),
        ondblclick: (event) => event.stopPropagation(),
        onclick: () => tabs.close(tab.id),
      },
      icon('close'),
    ),
  );
  return element;
}

/** @param {Application} editor @param {Tab} tab @param {HTMLElement} element @param {string} name */
function showTab(editor, tab, element, name) {
  const { t, tabs } = editor;
  const shown = tabs.shown.get() === tab;
  const dirty = tab.dirty.get();
  const [mark, label, close] = ['.tab-mark', '.tab-name', '.tab-close'].map((part) => element.querySelector(part));
  if (!(mark instanceof HTMLElement) || !(close instanceof HTMLElement) || !label) return;
  const state = tab.running.get() ? 'running' : tab.outcome.get();
  mark.hidden = state === null;
  mark.className = `tab-mark ${state ?? ''}`;
  label.textContent = name;
  element.classList.toggle('dirty', dirty);
  element.setAttribute('aria-selected', String(shown));
  element.tabIndex = shown ? 0 : -1;
  const more = [dirty && t('files.dirty'), state && t(`tabs.${state}`)].filter(Boolean);
  element.setAttribute('aria-label', [name, ...more].join(', '));
  element.dataset['tip'] = [tab.storedAs.get() ?? name, ...more].join('\n');
  close.setAttribute('aria-label', t('tabs.close', { name }));
}

/** @param {Application} editor @param {HTMLElement} list @param {KeyboardEvent} event */
function onKey({ tabs }, list, event) {
  const { key, target } = event;
  if (event.isComposing || !(target instanceof HTMLElement) || target.getAttribute('role') !== 'tab') return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const all = tabs.list.peek();
  if (step) tabs.step(step);
  else if (key === 'Home') tabs.show(all[0]?.id ?? '');
  else if (key === 'End') tabs.show(all.at(-1)?.id ?? '');
  else if (key === 'Delete') tabs.close(target.dataset['tab'] ?? '');
  else return;
  event.preventDefault();
  event.stopPropagation();
  const next = list.querySelector('[aria-selected="true"]');
  if (next instanceof HTMLElement) next.focus();
}

/** @param {Application} editor */
function newButton(editor) {
  return h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      'aria-label': editor.t('command.file.new'),
      'data-tip': tipOf(editor, 'file.new'),
      onclick: () => editor.execute('file.new'),
    },
    icon('add'),
  );
}

/** A list of all tabs, where they do not fit into the bar. @param {Application} editor @param {HTMLElement} list */
function allButton(editor, list) {
  const { t, tabs } = editor;
  const button = h(
    'button',
    {
      class: 'icon-button',
      type: 'button',
      hidden: true,
      'aria-label': t('tabs.all'),
      'data-tip': t('tabs.all'),
      'aria-haspopup': 'menu',
      onclick: () => {
        const all = tabs.list.peek();
        const names = distinctNames(all.map((tab) => tab.name.peek() || t('files.untitled')));
        const entries = all.map((tab, at) => ({
          label: names[at] ?? '',
          checked: tab === tabs.shown.peek(),
          run: () => tabs.show(tab.id),
        }));
        openMenu(entries, button, { label: t('tabs.all') });
      },
    },
    icon('chevron-down'),
  );
  new ResizeObserver(() => (button.hidden = list.scrollWidth <= list.clientWidth + 1)).observe(list);
  return button;
}

/** @param {Application} editor */
function draftNote(editor) {
  const note = h('div', { class: 'draft-note', role: 'status', hidden: true });
  effect(() => {
    note.hidden = editor.drafts.state.get() !== 'failed';
    fill(note, icon('warning'), h('span', null, editor.t('drafts.failed')));
    note.dataset['tip'] = editor.t('drafts.failed.help');
  });
  return note;
}

/** @param {Application} editor */
function foundButton(editor) {
  const button = h('button', {
    class: 'found-drafts',
    type: 'button',
    'data-tip': editor.t('drafts.found.help'),
    onclick: () => void editor.attempt(async () => (await import('./found-drafts.js')).openFoundDrafts(editor)),
  });
  effect(() => {
    // What somebody has closed by hand is found, but nobody is reminded of it.
    const count = editor.drafts.found.get().filter(({ closed }) => !closed).length;
    button.hidden = count === 0;
    fill(button, icon('clock'), editor.t(count === 1 ? 'drafts.found.one' : 'drafts.found', { count }));
  });
  return button;
}
