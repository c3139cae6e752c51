/** Plots, tables and compared pictures in a node or a panel. */

import { readFigures } from '../core/figures.js';
import { openDialog } from '../ui/dialog.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { compareFigure } from './compare-figure.js';
import { plotView } from './plot-view.js';
import { tableView } from './table-view.js';

/** @import { Editor } from '../types/editor.d.ts' */
/** @import { Figure, RawFigures } from '../types/figures.d.ts' */

/** `update` is false where the other figure is not this one with more in it. */
/** @typedef {{ element: HTMLElement, destroy: () => void, update?: (figure: Figure) => boolean }} FigureView */

/**
 * @param {HTMLElement} host is filled
 * @param {Editor} editor
 * @param {RawFigures} raw
 * @returns {{ update: (raw: RawFigures) => void, destroy: () => void }} `destroy` takes back what was done beyond the host
 */
export function mountFigures(host, editor, raw) {
  void loadStyle('figures');
  /** @type {FigureView[]} */
  let views = [];
  const destroy = () => views.forEach((view) => view.destroy());
  const update = (/** @type {RawFigures} */ now) => {
    const figures = readFigures(now, editor.words);
    // One that grows keeps the part that is enlarged, and the place under the pointer.
    if (figures.length === views.length && figures.every((figure, at) => views[at]?.update?.(figure))) return;
    destroy();
    views = figures.map((figure) => viewOf(editor, figure, false));
    fill(host, views.map(({ element }) => element));
  };
  update(raw);
  return { update, destroy };
}

/**
 * @param {Editor} editor
 * @param {Figure} figure
 * @param {boolean} large
 * @returns {FigureView}
 */
function viewOf(editor, figure, large) {
  if (figure.kind === 'compare') {
    return compareFigure(editor, figure.first, figure.second, (pictures) => editor.openCompare(pictures));
  }
  const buttons = large ? [] : [enlargeButton(editor, figure)];
  return figure.kind === 'plot'
    ? plotView(editor, figure.plot, { large, buttons })
    : tableView(editor, figure.table, { large, buttons });
}

/** @param {Editor} editor @param {Figure} figure */
function enlargeButton(editor, figure) {
  const label = editor.t('figure.enlarge');
  const onclick = () => openFigure(editor, figure);
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon('fit'));
}

/**
 * Show a plot or a table large.
 *
 * @param {Editor} editor
 * @param {Figure} figure
 */
function openFigure(editor, figure) {
  const { t } = editor;
  const view = viewOf(editor, figure, true);
  const title = figure.kind === 'plot' ? figure.plot.title || figure.plot.yLabel : figure.kind === 'table' ? figure.table.title : '';
  const { element } = openDialog(
    { title: title || t(`figure.${figure.kind}`), closeLabel: t('ui.close'), body: view.element, wide: true },
    view.destroy,
  );
  element.classList.add('figure-dialog');
}
