/** A curve, by points that can be moved, added and removed. */

import { addPoint, curveFunction, movePoint, PRESETS, readCurve, removePoint } from '../core/monotone-curve.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { loadStyle } from '../ui/stylesheet.js';
import { labelOf } from './field.js';
import { HEIGHTS } from './kinds.js';

/** @import { CurveValue } from '../types/curve.d.ts' */
/** @import { Widget, WidgetHost } from '../types/editor.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const SVG = 'http://www.w3.org/2000/svg';
const SAMPLES = 96;
const STEP = 0.01;
const LARGE_STEP = 0.1;

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function curveWidget(host) {
  const curve = new CurveField(host);
  return {
    element: curve.element,
    height: HEIGHTS.curve,
    grows: true,
    set: (value) => curve.set(value),
    focus: () => curve.focus(),
    destroy() {},
  };
}

class CurveField {
  element;
  #host;
  #curve;
  #line = document.createElementNS(SVG, 'path');
  #handles = h('div', { class: 'curve-handles' });
  #plane;
  #told = h('span', { class: 'curve-told', 'aria-live': 'polite' });
  #dragged = -1;

  /** @param {WidgetHost} host */
  constructor(host) {
    this.#host = host;
    this.#curve = readCurve(host.value);
    const { t } = host.editor;
    this.#plane = h('div', { class: 'curve-plane' }, this.#drawing(), this.#handles);
    const tip = host.input.options.tooltip;
    const label = h('span', { class: 'widget-label', 'data-tip': tip ? `${labelOf(host)}\n${tip}` : null }, labelOf(host));
    this.element = h(
      'div',
      { class: 'widget-curve', role: 'group', 'aria-label': labelOf(host) },
      h(
        'div',
        { class: 'curve-head' },
        label,
        this.#told,
        button(t('widget.curve.presets'), 'chevron-down', (event) => this.#offer(event)),
        button(t('widget.curve.reset'), 'undo', () => this.#change(readCurve(host.input.options.default ?? null), true)),
      ),
      this.#plane,
    );
    this.#plane.addEventListener('pointerdown', (event) => this.#onDown(event));
    void loadStyle('figures');
    this.#show();
  }

  /** @param {Json} value */
  set(value) {
    this.#curve = readCurve(value);
    this.#show();
  }

  focus() {
    this.#handleAt(0)?.focus();
  }

  #drawing() {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 1 1');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('aria-hidden', 'true');
    const grid = document.createElementNS(SVG, 'path');
    const lines = [0.25, 0.5, 0.75].map((at) => `M${at} 0V1M0 ${at}H1`);
    grid.setAttribute('class', 'curve-grid');
    grid.setAttribute('d', `${lines.join('')}M0 1L1 0`);
    this.#line.setAttribute('class', 'curve-line');
    svg.append(grid, this.#line);
    return svg;
  }

  #show() {
    const { points } = this.#curve;
    const value = curveFunction(this.#curve);
    const places = Array.from({ length: SAMPLES + 1 }, (_, index) => index / SAMPLES);
    // The points themselves are on the line, however steep it is.
    const all = [...places, ...points.map(([x]) => x)].sort((a, b) => a - b);
    this.#line.setAttribute('d', `M${all.map((x) => `${x} ${1 - value(x)}`).join('L')}`);
    if (this.#handles.childElementCount !== points.length) fill(this.#handles, points.map((_, index) => this.#handle(index)));
    points.forEach(([x, y], index) => {
      const handle = this.#handleAt(index);
      if (!handle) return;
      handle.style.left = `${x * 100}%`;
      handle.style.top = `${(1 - y) * 100}%`;
      handle.setAttribute('aria-label', this.#host.editor.t('widget.curve.point', { number: index + 1, ...percents(x, y) }));
    });
  }

  /** @param {number} index */
  #handle(index) {
    const handle = h('button', { class: 'curve-handle', type: 'button', 'data-index': index });
    handle.addEventListener('keydown', (event) => this.#onKey(event, index));
    handle.addEventListener('dblclick', (event) => {
      event.stopPropagation();
      this.#remove(index);
    });
    return handle;
  }

  /** @param {number} index */
  #handleAt(index) {
    const handle = this.#handles.children[index];
    return handle instanceof HTMLElement ? handle : null;
  }

  /** @param {CurveValue} curve @param {boolean} final */
  #change(curve, final) {
    this.#curve = curve;
    this.#show();
    this.#host.onChange(/** @type {Json} */ (/** @type {unknown} */ (curve)), final);
  }

  /** A press takes the point that is there, or makes one. @param {PointerEvent} event */
  #onDown(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const handle = event.target instanceof HTMLElement ? event.target.closest('.curve-handle') : null;
    const place = this.#place(event);
    if (handle instanceof HTMLElement) this.#dragged = Number(handle.dataset['index']);
    else {
      const { curve, index } = addPoint(this.#curve, place.x, place.y);
      this.#dragged = index;
      this.#change(curve, false);
    }
    this.#handleAt(this.#dragged)?.focus({ preventScroll: true });
    this.#follow(event);
  }

  /** @param {PointerEvent} press */
  #follow(press) {
    const end = new AbortController();
    const { signal } = end;
    const plane = this.#plane;
    plane.setPointerCapture(press.pointerId);
    plane.addEventListener(
      'pointermove',
      (event) => {
        const { x, y } = this.#place(event);
        this.#change(movePoint(this.#curve, this.#dragged, x, y), false);
        this.#tell(this.#dragged);
      },
      { signal },
    );
    for (const over of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      const finish = () => {
        end.abort();
        this.#told.textContent = '';
        this.#change(this.#curve, true);
      };
      plane.addEventListener(over, finish, { signal });
    }
  }

  /** @param {KeyboardEvent} event @param {number} index */
  #onKey(event, index) {
    const [x, y] = this.#curve.points[index] ?? [0, 0];
    const step = event.shiftKey ? LARGE_STEP : STEP;
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    const way = ways[event.key];
    if (way) {
      this.#change(movePoint(this.#curve, index, x + way[0], y + way[1]), true);
      this.#tell(index);
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.#remove(index);
    else if (event.key === 'Enter' || event.key === 'Insert') this.#addAfter(index);
    else if (event.key === 'Escape') this.#handleAt(index)?.blur();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** A point half way to the next one, on the curve. @param {number} index */
  #addAfter(index) {
    const { points } = this.#curve;
    const from = Math.min(index, points.length - 2);
    const middle = ((points[from]?.[0] ?? 0) + (points[from + 1]?.[0] ?? 1)) / 2;
    const { curve, index: added } = addPoint(this.#curve, middle, curveFunction(this.#curve)(middle));
    this.#change(curve, true);
    this.#handleAt(added)?.focus();
  }

  /** @param {number} index */
  #remove(index) {
    this.#change(removePoint(this.#curve, index), true);
    this.#handleAt(Math.min(index, this.#curve.points.length - 1))?.focus({ preventScroll: true });
  }

  /** @param {number} index */
  #tell(index) {
    const [x, y] = this.#curve.points[index] ?? [0, 0];
    this.#told.textContent = this.#host.editor.t('widget.curve.told', percents(x, y));
  }

  /** @param {PointerEvent} event */
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#plane.getBoundingClientRect();
    return { x: (clientX - left) / width, y: 1 - (clientY - top) / height };
  }

  /** @param {MouseEvent} event */
  #offer({ currentTarget }) {
    if (!(currentTarget instanceof HTMLElement)) return;
    const { t } = this.#host.editor;
    const linear = this.#curve.interpolation === 'linear';
    const { points } = this.#curve;
    const presets = Object.entries(PRESETS).map(([name, preset]) => ({
      label: t(`widget.curve.preset.${name}`),
      run: () => this.#change(linear ? { ...preset, interpolation: 'linear' } : preset, true),
    }));
    const ways = [
      { label: t('widget.curve.smooth'), checked: !linear, run: () => this.#change({ points }, true) },
      { label: t('widget.curve.linear'), checked: linear, run: () => this.#change({ points, interpolation: 'linear' }, true) },
    ];
    openMenu([...presets, 'separator', ...ways], currentTarget, { label: t('widget.curve.presets'), edge: 'end' });
  }
}

/** @param {number} x @param {number} y */
const percents = (x, y) => ({ x: Math.round(x * 100), y: Math.round(y * 100) });

/** @param {string} label @param {string} mark @param {(event: MouseEvent) => void} onclick */
const button = (label, mark, onclick) =>
  h('button', { class: 'widget-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick }, icon(mark));
