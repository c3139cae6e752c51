/** The painter's panel at the right: the tool's settings, and those of the layer that is painted on. */

import { effect } from '../core/signal.js';
import { fill, h } from '../ui/dom.js';
import { MASK_COLORS, withRecent } from './colors.js';
import { actionButton, section, segments, slider, swatches } from './fields.js';
import { refineSection } from './refine-section.js';
import { boundedSize, MOST_SIZE } from './settings.js';

/** @import { PainterAction, Studio } from '../types/painter.d.ts' */

const percent = (/** @type {number} */ value) => `${Math.round(value)} %`;
const pixels = (/** @type {number} */ value) => `${value} px`;

/**
 * @param {Studio} studio
 * @param {(id: string) => { action: PainterAction, label: string, tip: string }} find
 * @returns {{ element: HTMLElement, destroy: () => void }}
 */
export function paintPanel(studio, find) {
  const { layer, tool } = studio;
  const tools = toolSections(studio);
  const mask = maskSections(studio, find);
  const paint = paintSections(studio, find);
  const element = h('aside', { class: 'paint-panel', 'aria-label': studio.editor.t('painter.settings') });
  const ends = [
    effect(() => {
      const kind = tool.get();
      const brush = kind === 'brush' || kind === 'eraser' ? tools.brush : null;
      const own = layer.get() === 'mask' ? mask.elements : paint.elements;
      fill(element, brush, kind === 'fill' ? tools.fill : null, kind === 'eyedropper' ? null : tools.opacity, own);
    }),
    tools.end,
    mask.end,
    paint.end,
  ];
  return { element, destroy: () => ends.forEach((end) => end()) };
}

/** @param {Studio} studio */
function toolSections(studio) {
  const { t } = studio.editor;
  // Sizes differ by factors: half of the way is the square root of the whole.
  const whole = Math.log2(MOST_SIZE);
  const size = slider(t('painter.size'), {
    min: 0,
    max: 200,
    show: (value) => pixels(boundedSize(2 ** ((value / 200) * whole))),
    change: (value) => studio.set({ size: boundedSize(2 ** ((value / 200) * whole)) }),
  });
  const part = (/** @type {'hardness' | 'opacity'} */ name) =>
    slider(t(`painter.${name}`), {
      min: name === 'opacity' ? 1 : 0,
      max: 100,
      show: percent,
      change: (value) => studio.set({ [name]: value / 100 }),
    });
  const [hardness, opacity] = [part('hardness'), part('opacity')];
  const tolerance = slider(t('painter.tolerance'), {
    min: 0,
    max: 255,
    show: String,
    change: (value) => studio.set({ tolerance: value }),
  });
  const pressures = /** @type {const} */ (['size', 'opacity', 'both', 'none']);
  const samples = /** @type {const} */ (['layer', 'picture']);
  const pressure = segments(
    t('painter.pressure'),
    pressures.map((value) => ({ value, label: t(`painter.pressure.${value}`) })),
    (value) => studio.set({ pressure: value }),
  );
  const sample = segments(
    t('painter.sample'),
    samples.map((value) => ({ value, label: t(`painter.sample.${value}`) })),
    (value) => studio.set(studio.layer.peek() === 'mask' ? { maskSample: value } : { paintSample: value }),
  );
  const end = effect(() => {
    const now = studio.settings.get();
    size.set((Math.log2(now.size) / whole) * 200, pixels(now.size));
    hardness.set(Math.round(now.hardness * 100));
    opacity.set(Math.round(now.opacity * 100));
    tolerance.set(now.tolerance);
    pressure.set(now.pressure);
    sample.set(studio.layer.get() === 'mask' ? now.maskSample : now.paintSample);
  });
  const named = (/** @type {string} */ label, /** @type {HTMLElement} */ control) =>
    h('div', { class: 'paint-named' }, h('span', null, label), control);
  return {
    brush: section(t('painter.brush'), size.element, hardness.element, named(t('painter.pressure'), pressure.element)),
    fill: section(t('painter.tool.fill'), tolerance.element, named(t('painter.sample'), sample.element)),
    opacity: h('div', { class: 'paint-section' }, opacity.element),
    end,
  };
}

/** @param {Studio} studio @param {(id: string) => { action: PainterAction, label: string, tip: string }} find */
function maskSections(studio, find) {
  const { editor, maskHidden, maskOnly, settings } = studio;
  const { t } = editor;
  const button = (/** @type {string} */ id) => buttonOf(find(id));
  const only = button('mask-only');
  const hidden = button('mask-hidden');
  const overlay = slider(t('painter.overlay'), {
    min: 10,
    max: 100,
    show: percent,
    change: (value) => studio.set({ overlayOpacity: value / 100 }),
  });
  const colors = h('div');
  const refine = refineSection(studio);
  const end = effect(() => {
    const { overlayColor, overlayOpacity } = settings.get();
    overlay.set(Math.round(overlayOpacity * 100));
    const change = (/** @type {string} */ color) => studio.set({ overlayColor: color });
    fill(colors, swatches(t('painter.overlay-color'), MASK_COLORS, overlayColor, change));
    only.setAttribute('aria-pressed', String(maskOnly.get()));
    hidden.setAttribute('aria-pressed', String(maskHidden.get()));
  });
  return {
    elements: [
      section(
        t('painter.layer.mask'),
        h('p', { class: 'paint-hint' }, t('painter.mask.hint')),
        h('div', { class: 'paint-grid' }, button('fill-all'), button('clear')),
        button('invert'),
        button('mask-from-paint'),
      ),
      refine.element,
      section(t('painter.view'), colors, overlay.element, h('div', { class: 'paint-grid' }, only, hidden)),
    ],
    end() {
      end();
      refine.destroy();
    },
  };
}

/** @param {Studio} studio @param {(id: string) => { action: PainterAction, label: string, tip: string }} find */
function paintSections(studio, find) {
  const { t } = studio.editor;
  const box = h('input', { class: 'paint-color', type: 'color', 'aria-label': t('painter.color') });
  const words = h('span', { class: 'paint-color-words', 'aria-hidden': true });
  const recent = h('div');
  const take = (/** @type {string} */ color) =>
    studio.set({ color, recent: withRecent(studio.settings.peek().recent, color) });
  box.addEventListener('input', () => studio.set({ color: box.value }));
  box.addEventListener('change', () => take(box.value));
  const end = effect(() => {
    const now = studio.settings.get();
    box.value = words.textContent = now.color;
    fill(recent, swatches(t('painter.recent'), now.recent, now.color, (color) => studio.set({ color })));
  });
  const button = (/** @type {string} */ id) => buttonOf(find(id));
  return {
    elements: [
      section(t('painter.color'), h('label', { class: 'paint-color-row' }, box, words), recent),
      section(
        t('painter.layer.paint'),
        h('p', { class: 'paint-hint' }, t('painter.paint.hint')),
        h('div', { class: 'paint-grid' }, button('fill-all'), button('clear')),
        button('mask-from-paint'),
      ),
    ],
    end,
  };
}

/** @param {{ action: PainterAction, label: string, tip: string }} found */
const buttonOf = ({ action, label, tip }) => actionButton(action, label, tip);
