/** Growing and softening the mask: seen at once, and made when it is applied. */

import { effect } from '../core/signal.js';
import { h } from '../ui/dom.js';
import { section, slider } from './fields.js';
import { feather, grow } from './refine.js';

/** @import { Studio } from '../types/painter.d.ts' */

const MOST_GROWN = 64;
const MOST_SOFT = 64;

/**
 * @param {Studio} studio
 * @returns {{ element: HTMLElement, destroy: () => void }}
 */
export function refineSection(studio) {
  const { editor, layer, refinement, sheet, steps } = studio;
  const { t } = editor;
  let frame = 0;
  const change = (/** @type {Partial<{ grown: number, soft: number }>} */ part) =>
    refinement.set({ ...refinement.peek(), ...part });
  const grows = slider(t('painter.grow'), {
    min: -MOST_GROWN,
    max: MOST_GROWN,
    show: (value) => `${value > 0 ? '+' : ''}${value} px`,
    change: (value) => change({ grown: value }),
  });
  const softens = slider(t('painter.feather'), {
    min: 0,
    max: MOST_SOFT,
    show: (value) => `${value} px`,
    change: (value) => change({ soft: value }),
  });
  const button = (/** @type {string} */ label, /** @type {() => void} */ onclick) =>
    h('button', { class: 'button paint-button', type: 'button', onclick }, label);
  const applies = button(t('painter.apply'), () => applyRefinement(studio));
  const resets = button(t('painter.reset'), () => refinement.set(NOTHING));
  const end = effect(() => {
    steps.get();
    const { grown, soft } = refinement.get();
    grows.set(grown);
    softens.set(soft);
    applies.disabled = resets.disabled = grown === 0 && soft === 0;
    cancelAnimationFrame(frame);
    if (applies.disabled || layer.get() !== 'mask') sheet.previewMask(null);
    else frame = requestAnimationFrame(() => sheet.previewMask(refined(studio)));
  });
  return {
    element: section(t('painter.refine'), grows.element, softens.element, h('div', { class: 'paint-grid' }, applies, resets)),
    destroy() {
      cancelAnimationFrame(frame);
      end();
    },
  };
}

export const NOTHING = Object.freeze({ grown: 0, soft: 0 });

/** Make of the mask what is shown of it. @param {Studio} studio */
export function applyRefinement(studio) {
  const { board, refinement, steps } = studio;
  const { grown, soft } = refinement.peek();
  if (grown === 0 && soft === 0) return;
  const data = refined(studio);
  refinement.set(NOTHING);
  if (board.replace('mask', data, 'refine')) steps.set(steps.peek() + 1);
}

/** @param {Studio} studio */
function refined({ board, refinement }) {
  const { data, width, height } = board.layers.mask;
  const { grown, soft } = refinement.peek();
  const larger = grow(data, width, height, grown);
  return soft > 0 ? feather(larger, width, height, soft) : larger;
}
