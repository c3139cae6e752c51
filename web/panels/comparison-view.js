/** A comparison while it is shown: drawn over the canvas, with a bar that says what is compared. */

import { paintDifference } from '../canvas/difference-painter.js';
import { differenceOf } from '../core/difference.js';
import { effect, signal } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Difference, LevelDifference } from '../types/difference.d.ts' */
/** @import { Level } from '../types/document.d.ts' */
/** @import { Comparison, NamedState, Tab } from '../types/files.d.ts' */

/** Edits in quick succession are compared once. */
const DELAY_MS = 120;

/**
 * @param {Application} editor
 * @param {NamedState} before
 * @param {Tab} tab is shown
 */
export function showComparison(editor, before, tab) {
  const { document: doc, tabs } = editor;
  const difference = signal(differenceOf(before.contents, doc.contents()));
  const comparison = { before, tab, difference };
  let timer = 0;
  const compare = () => {
    timer = 0;
    if (tabs.shown.peek() === tab) difference.set(differenceOf(before.contents, doc.contents()));
  };
  editor.comparison.set(comparison);
  editor.panel.set('versions');
  let hide = () => {};
  const show = () => {
    hide();
    hide = tabs.shown.peek() === tab && editor.comparison.peek() === comparison ? draw(editor, comparison) : () => {};
  };
  show();
  const ends = [
    doc.onChange(() => (timer ||= setTimeout(compare, DELAY_MS))),
    tabs.shown.subscribe(show),
    tabs.list.subscribe((all) => {
      if (!all.includes(tab) && editor.comparison.peek() === comparison) editor.comparison.set(null);
    }),
    editor.comparison.subscribe(() => {
      clearTimeout(timer);
      show();
      for (const end of ends) end();
    }),
  ];
}

/**
 * @param {Application} editor
 * @param {Comparison} comparison
 * @returns {() => void} ends it
 */
function draw(editor, comparison) {
  const { before, difference } = comparison;
  const { bar, end: endBar } = barOf(editor, comparison);
  void loadStyle('files');
  document.getElementById('app')?.append(bar);
  const paint = () =>
    editor.view?.paintOver((context, stage, ratio) => {
      const shown = levelShown(editor, difference.peek(), before.contents);
      if (shown) paintDifference(context, stage, ratio, shown);
    });
  let endPaint = paint();
  const follow = difference.subscribe(() => {
    endPaint?.();
    endPaint = paint();
  });
  return () => {
    bar.remove();
    for (const end of [endBar, follow, endPaint]) end?.();
  };
}

/**
 * Of the level that is shown.
 * @param {Application} editor
 * @param {Difference} difference
 * @param {NamedState['contents']} before
 * @returns {{ difference: LevelDifference, before: Level } | null}
 */
export function levelShown({ document: doc }, difference, before) {
  const { shown } = doc;
  if (shown === null) return { difference, before };
  const change = difference.subgraphs.find(({ id }) => id === shown);
  return change?.inside && change.before ? { difference: change.inside, before: change.before } : null;
}

/** @param {Application} editor @param {Comparison} comparison */
function barOf(editor, comparison) {
  const { t } = editor;
  const counts = h('span', { class: 'comparison-counts' });
  const title = h('span', { class: 'comparison-title' });
  const end = effect(() => {
    title.textContent = titleOf(editor, comparison);
    fill(counts, countsOf(editor, comparison.difference.get()));
  });
  const bar = h(
    'div',
    { class: 'comparison-bar floating', role: 'status' },
    title,
    counts,
    h(
      'button',
      {
        class: 'icon-button small',
        type: 'button',
        'aria-label': t('command.file.end-comparison'),
        'data-tip': t('command.file.end-comparison'),
        onclick: () => editor.comparison.set(null),
      },
      icon('close'),
    ),
  );
  return { bar, end };
}

/** @param {Application} editor @param {Comparison} comparison */
export const titleOf = ({ t }, { before, tab }) => `${before.title} → ${tab.name.get() || t('files.untitled')}`;

/** How many nodes came, went, changed. @param {Application} editor @param {LevelDifference} difference */
export function countsOf({ t }, { nodes, wires }) {
  const rewired = wires.filter(
    ({ to }) => !nodes.changed.some(({ id }) => id === to) && !nodes.added.some(({ id }) => id === to),
  );
  const changed = nodes.changed.length + new Set(rewired.map(({ to }) => to)).size;
  const all = /** @type {const} */ ([
    ['added', '+', nodes.added.length],
    ['removed', '−', nodes.removed.length],
    ['changed', '~', changed],
  ]);
  return all.map(([kind, sign, count]) =>
    h(
      'span',
      {
        class: `count ${kind}`,
        'aria-label': t(`difference.${kind}`, { count }),
        'data-tip': t(`difference.${kind}`, { count }),
      },
      `${sign}${count}`,
    ),
  );
}
