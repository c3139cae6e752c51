/** Compared pictures on a node: pair by pair, with a line between the two. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { CompareView } from './compare-view.js';

/** @import { Editor, PictureRef } from '../types/editor.d.ts' */

/**
 * @param {Editor} editor
 * @param {readonly PictureRef[]} first
 * @param {readonly PictureRef[]} second
 * @param {(pictures: readonly PictureRef[]) => void} enlarge
 * @returns {{ element: HTMLElement, destroy: () => void }}
 */
export function compareFigure(editor, first, second, enlarge) {
  const { t } = editor;
  const count = Math.max(first.length, second.length);
  const view = new CompareView({ label: t('compare.line') });
  const place = h('span', { class: 'compare-place' });
  let at = 0;
  const button = (/** @type {string} */ label, /** @type {string} */ mark, /** @type {() => void} */ onclick) =>
    h('button', { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon(mark));
  const steps =
    count > 1
      ? [
          button(t('pictures.previous'), 'chevron-left', () => step(-1)),
          place,
          button(t('pictures.next'), 'chevron-right', () => step(1)),
        ]
      : [];
  const bar = h(
    'div',
    { class: 'compare-bar' },
    steps,
    button(t('compare.open'), 'fit', () => enlarge(pair())),
  );
  view.setMode('slider');
  // Elsewhere on the picture a press moves the line to itself.
  view.element.addEventListener('pointerdown', (event) => view.drag(event));
  show();
  return { element: h('div', { class: 'compare-figure' }, view.element, bar), destroy() {} };

  /** Where one side has fewer pictures its last one stays; where it has none, the other is on both. */
  function pair() {
    const of = (/** @type {readonly PictureRef[]} */ side, /** @type {readonly PictureRef[]} */ other) =>
      side[Math.min(at, side.length - 1)] ?? other[Math.min(at, other.length - 1)];
    return [of(first, second), of(second, first)].flatMap((picture) => picture ?? []);
  }

  function show() {
    const [one, two] = pair().map((picture) => ({ url: editor.pictureUrl(picture, true), name: picture.filename }));
    if (one && two) view.show(one, two);
    place.textContent = `${at + 1} / ${count}`;
  }

  /** @param {number} by */
  function step(by) {
    at = (at + by + count) % count;
    show();
  }
}
