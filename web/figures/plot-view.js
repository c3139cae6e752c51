/** Lines in a pair of axes: values under the pointer, a part enlarged by dragging over it. */

import { axisAround, nearestPoint, placeOn, shortNumber, valueAt } from '../core/plot-axes.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { drawPlot, frameOf, svg } from './plot-drawing.js';

/** @import { Editor } from '../types/editor.d.ts' */
/** @import { Axis, Figure, Plot, Series } from '../types/figures.d.ts' */

/** Tokens of the lines' colours, in order. */
const COLORS = ['accent', 'type-image', 'type-mask', 'type-clip', 'type-latent', 'type-control', 'type-vae', 'type-model', 'type-string'];
const MARGIN = 0.04;
/** A drag over less (CSS pixels) enlarges nothing. */
const SLACK = 6;
const ZOOM = 0.6;

/**
 * @param {Editor} editor
 * @param {Plot} plot
 * @param {{ large: boolean, buttons?: readonly HTMLElement[] }} options
 * @returns {{ element: HTMLElement, destroy: () => void, update: (figure: Figure) => boolean }}
 */
export function plotView(editor, plot, options) {
  const view = new PlotView(editor, plot, options);
  return {
    element: view.element,
    destroy: () => view.destroy(),
    update: (figure) => figure.kind === 'plot' && view.update(figure.plot),
  };
}

class PlotView {
  element;
  #editor;
  #plot;
  #drawing = svg('svg', { class: 'plot-drawing', 'aria-hidden': 'true' });
  #band = h('div', { class: 'plot-band', hidden: true });
  #tip = h('div', { class: 'plot-tip', role: 'status', hidden: true });
  #stage;
  #whole = h('button', { class: 'icon-button', type: 'button', hidden: true });
  #log = h('button', { class: 'plot-log', type: 'button' });
  /** Lines that are not shown. @type {Set<number>} */
  #hidden = new Set();
  #yScale;
  /** The enlarged part from left to right; null is all. @type {{ low: number, high: number } | null} */
  #part = null;
  /** Where values are shown, 0 to 1. @type {number | null} */
  #cursor = null;
  #sizes = new ResizeObserver(() => this.#draw());

  /** @param {Editor} editor @param {Plot} plot @param {{ large: boolean, buttons?: readonly HTMLElement[] }} options */
  constructor(editor, plot, { large, buttons = [] }) {
    const { t } = editor;
    this.#editor = editor;
    this.#plot = plot;
    this.#yScale = plot.yScale;
    const label = t('figure.plot-label', { title: plot.title || plot.yLabel || t('figure.plot'), count: plot.series.length });
    this.#stage = h('div', { class: 'plot-stage', tabindex: 0, role: 'group', 'aria-label': label }, this.#drawing, this.#band, this.#tip);
    this.#whole.append(icon('fit'));
    this.#whole.setAttribute('aria-label', t('figure.whole'));
    this.#whole.dataset['tip'] = t('figure.whole');
    this.#whole.addEventListener('click', () => this.#show(null));
    this.#log.textContent = 'log';
    this.#log.dataset['tip'] = t('figure.log');
    this.#log.setAttribute('aria-label', t('figure.log'));
    this.#log.addEventListener('click', () => this.#toggleLog());
    this.element = h(
      'div',
      { class: large ? 'plot-view large' : 'plot-view' },
      h('div', { class: 'figure-head' }, h('span', { class: 'figure-title' }, plot.title), this.#whole, this.#log, buttons),
      this.#stage,
      plot.series.length > 1 ? this.#legend() : null,
    );
    this.#listen(large);
    this.#sizes.observe(this.#stage);
  }

  /** Show the same lines with other values; false where it is another plot. @param {Plot} plot */
  update(plot) {
    const namesOf = (/** @type {Plot} */ { title, series }) => JSON.stringify([title, series.map(({ label }) => label)]);
    if (namesOf(plot) !== namesOf(this.#plot)) return false;
    this.#plot = plot;
    this.#draw();
    return true;
  }

  destroy() {
    this.#sizes.disconnect();
  }

  #legend() {
    const buttons = this.#plot.series.map(({ label }, index) => {
      const button = h('button', { class: 'plot-key', type: 'button', 'aria-pressed': true }, h('i'), label || String(index + 1));
      button.style.setProperty('--line-color', colorOf(index));
      button.addEventListener('click', () => {
        if (!this.#hidden.delete(index)) this.#hidden.add(index);
        button.setAttribute('aria-pressed', String(!this.#hidden.has(index)));
        this.#draw();
      });
      return button;
    });
    return h('div', { class: 'plot-legend', role: 'group', 'aria-label': this.#editor.t('figure.lines') }, buttons);
  }

  /** @param {boolean} large only there the wheel is the plot's */
  #listen(large) {
    const stage = this.#stage;
    stage.addEventListener('pointermove', (event) => this.#point(this.#across(event)));
    stage.addEventListener('pointerleave', () => this.#point(null));
    stage.addEventListener('pointerdown', (event) => this.#onDown(event));
    stage.addEventListener('dblclick', () => this.#show(null));
    stage.addEventListener('blur', () => this.#point(null));
    stage.addEventListener('keydown', (event) => this.#onKey(event));
    if (!large) return;
    stage.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.#enlarge(this.#across(event), Math.exp(event.deltaY * 0.0016));
      },
      { passive: false },
    );
  }

  #toggleLog() {
    this.#yScale = this.#yScale === 'log' ? 'linear' : 'log';
    this.#draw();
  }

  /** @param {{ low: number, high: number } | null} part */
  #show(part) {
    this.#part = part;
    this.#draw();
  }

  /** Lines with their numbers, as far as they are shown. @returns {{ line: Series, index: number }[]} */
  #shown() {
    return this.#plot.series.flatMap((line, index) => (this.#hidden.has(index) ? [] : [{ line, index }]));
  }

  /** @returns {{ x: Axis, y: Axis }} of the part that is shown */
  #axes() {
    const lines = this.#shown();
    const whole = axisAround(lines.flatMap(({ line }) => line.x), this.#plot.xScale, 0);
    const x = this.#part ? { ...whole, ...this.#part } : whole;
    const seen = lines.flatMap(({ line }) =>
      line.y.filter((_, index) => {
        const across = line.x[index] ?? null;
        return across !== null && across >= x.low && across <= x.high;
      }),
    );
    return { x, y: axisAround(seen, this.#yScale, MARGIN) };
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#stage;
    if (width === 0 || height === 0) return;
    this.#whole.hidden = this.#part === null;
    this.#log.setAttribute('aria-pressed', String(this.#yScale === 'log'));
    const axes = this.#axes();
    const lines = this.#shown().map(({ line, index }) => ({ line, color: colorOf(index) }));
    drawPlot(this.#drawing, { width, height, axes, lines, xLabel: this.#plot.xLabel, yLabel: this.#plot.yLabel });
    this.#showValues(axes);
  }

  /** @param {{ x: Axis, y: Axis }} axes */
  #showValues(axes) {
    const found = this.#cursor === null ? [] : this.#shown().flatMap(({ line, index }) => {
      const at = nearestPoint(line, axes.x, this.#cursor ?? 0);
      const [x, y] = [line.x[at] ?? null, line.y[at] ?? null];
      return x === null || y === null ? [] : [{ label: line.label, index, x, y }];
    });
    this.#tip.hidden = found.length === 0;
    for (const mark of this.#drawing.querySelectorAll('.plot-mark')) mark.remove();
    const [first] = found;
    if (!first) return;
    const frame = frameOf(this.#stage.clientWidth, this.#stage.clientHeight);
    for (const { index, x, y } of found) {
      const [across, up] = [placeOn(axes.x, x), placeOn(axes.y, y)];
      if (across === null || up === null) continue;
      const mark = { class: 'plot-mark', cx: frame.left + across * frame.width, cy: frame.top + (1 - up) * frame.height, r: 3 };
      const dot = svg('circle', mark);
      dot.style.fill = colorOf(index);
      this.#drawing.append(dot);
    }
    const name = this.#plot.xLabel ? `${this.#plot.xLabel} ` : '';
    fill(this.#tip, h('strong', null, `${name}${shortNumber(first.x)}`), found.map(({ label, index, x, y }) => {
      const row = h('span', null, h('i'), `${label ? `${label}: ` : ''}${shortNumber(y)}${x === first.x ? '' : ` (${shortNumber(x)})`}`);
      row.style.setProperty('--line-color', colorOf(index));
      return row;
    }));
    const at = frame.left + (placeOn(axes.x, first.x) ?? 0) * frame.width;
    const left = at > this.#stage.clientWidth / 2;
    this.#tip.style.transform = `translate(${left ? `calc(${at - 10}px - 100%)` : `${at + 10}px`}, ${frame.top}px)`;
  }

  /** @param {number | null} place 0 to 1 */
  #point(place) {
    this.#cursor = place === null ? null : Math.min(1, Math.max(0, place));
    this.#showValues(this.#axes());
  }

  /** @param {MouseEvent} event @returns {number} 0 to 1 between the ends of the axis */
  #across({ clientX }) {
    const { left, width } = this.#stage.getBoundingClientRect();
    const frame = frameOf(this.#stage.clientWidth, this.#stage.clientHeight);
    return (((clientX - left) / width) * this.#stage.clientWidth - frame.left) / frame.width;
  }

  /** @param {PointerEvent} press */
  #onDown(press) {
    if (press.button !== 0) return;
    press.preventDefault();
    this.#stage.focus({ preventScroll: true });
    const start = this.#across(press);
    const end = new AbortController();
    const { signal } = end;
    this.#stage.setPointerCapture(press.pointerId);
    const between = (/** @type {PointerEvent} */ event) => {
      const ends = [start, this.#across(event)].map((place) => Math.min(1, Math.max(0, place)));
      return { low: Math.min(...ends), high: Math.max(...ends), moved: Math.abs(event.clientX - press.clientX) > SLACK };
    };
    this.#stage.addEventListener('pointermove', (event) => this.#showBand(between(event)), { signal });
    const finish = (/** @type {PointerEvent} */ event) => {
      end.abort();
      this.#band.hidden = true;
      const { low, high, moved } = between(event);
      const { x } = this.#axes();
      if (event.type === 'pointerup' && moved) this.#show({ low: valueAt(x, low), high: valueAt(x, high) });
    };
    this.#stage.addEventListener('pointerup', finish, { signal });
    this.#stage.addEventListener('pointercancel', finish, { signal });
  }

  /** @param {{ low: number, high: number, moved: boolean }} ends */
  #showBand({ low, high, moved }) {
    const frame = frameOf(this.#stage.clientWidth, this.#stage.clientHeight);
    this.#band.hidden = !moved;
    this.#band.style.left = `${frame.left + low * frame.width}px`;
    this.#band.style.width = `${(high - low) * frame.width}px`;
    this.#band.style.top = `${frame.top}px`;
    this.#band.style.height = `${frame.height}px`;
  }

  /** @param {number} place that stays @param {number} factor less than 1 enlarges */
  #enlarge(place, factor) {
    const { x } = this.#axes();
    const whole = axisAround(this.#shown().flatMap(({ line }) => line.x), this.#plot.xScale, 0);
    const low = Math.max(whole.low, valueAt(x, place - place * factor));
    const high = Math.min(whole.high, valueAt(x, place + (1 - place) * factor));
    this.#show(low <= whole.low && high >= whole.high ? null : { low, high });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 0.1 : 0.01;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.#point((this.#cursor ?? 0) + (event.key === 'ArrowLeft' ? -step : step));
    } else if (event.key === '+' || event.key === '=') this.#enlarge(this.#cursor ?? 0.5, ZOOM);
    else if (event.key === '-') this.#enlarge(this.#cursor ?? 0.5, 1 / ZOOM);
    else if (event.key === '0') this.#show(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {number} index */
const colorOf = (index) => `var(--${COLORS[index % COLORS.length] ?? 'accent'})`;
