/** Memory and load of the machine, small, in the bar at the top; more of it in a window below. */

import { bytesIn } from '../app/bytes.js';
import { Course } from '../core/sparkline.js';
import { readMeters } from '../net/jobs.js';
import { ServerError } from '../net/server-error.js';
import { fill, h } from '../ui/dom.js';
import { placeBelow } from '../ui/place.js';
import { loadStyle } from '../ui/stylesheet.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { MeterReading } from '../types/run.d.ts' */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 34;
const HEIGHT = 14;
const KEPT = 45;
const BUSY_MS = 2000;
const IDLE_MS = 6000;
/** Above this share of the memory it is time to look. */
const FULL = 0.92;

/** @typedef {{ key: string, label: string, part: number, text: string }} Figure what one meter shows; `part` is 0 to 1 */

/**
 * @param {HTMLElement} host
 * @param {Application} editor
 * @returns {() => void}
 */
export function mountMeters(host, editor) {
  const meters = new Meters(editor);
  host.append(meters.element);
  return () => meters.destroy();
}

class Meters {
  element;
  #editor;
  #timer = 0;
  #ended = false;
  /** @type {Map<string, Course>} */
  #courses = new Map();
  /** @type {MeterReading | null} */
  #reading = null;
  /** @type {HTMLElement | null} */
  #window = null;
  #onVisibility = () => this.#measureSoon();
  /** @type {() => void} */
  #endRun;

  /** @param {Application} editor */
  constructor(editor) {
    this.#editor = editor;
    this.element = h('button', {
      class: 'meters',
      type: 'button',
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
      hidden: true,
      onclick: () => this.#toggleWindow(),
    });
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#endRun = editor.run.running.subscribe(() => this.#measureSoon());
    void loadStyle('meters').then(() => this.#measure());
  }

  destroy() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#endRun();
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#closeWindow();
    this.element.remove();
  }

  #measureSoon() {
    clearTimeout(this.#timer);
    if (!document.hidden && !this.#ended) this.#timer = setTimeout(() => void this.#measure(), 0);
  }

  async #measure() {
    clearTimeout(this.#timer);
    // The bar is made anew in another language: these meters are nobody's then.
    if (this.#ended || (this.#reading && !this.element.isConnected)) return this.destroy();
    try {
      this.#reading = await readMeters(this.#editor.client);
      this.#show(this.#reading);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      this.element.hidden = true;
    }
    if (this.#ended || document.hidden) return;
    const busy = this.#editor.run.running.peek() || this.#window !== null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#measure(), busy ? BUSY_MS : IDLE_MS);
  }

  /** @param {MeterReading} reading */
  #show(reading) {
    const figures = figuresOf(reading, this.#editor);
    for (const { key, part } of figures) this.#course(key).add(part);
    const shown = figures.filter(({ key }) => key.startsWith('memory') || key.startsWith('load'));
    fill(this.element, shown.map((figure) => this.#meter(figure)));
    this.element.hidden = false;
    const summary = figures.map(({ label, text }) => `${label}: ${text}`);
    this.element.setAttribute('aria-label', `${this.#editor.t('meters.title')}. ${summary.join(', ')}`);
    if (this.#window) delete this.element.dataset['tip'];
    else this.element.dataset['tip'] = summary.join('\n');
    if (this.#window) fill(this.#window, this.#details(figures));
  }

  /** @param {string} key */
  #course(key) {
    const course = this.#courses.get(key) ?? new Course(KEPT);
    this.#courses.set(key, course);
    return course;
  }

  /** @param {Figure} figure */
  #meter({ key, label, part }) {
    const full = key.startsWith('memory') && part > FULL;
    return h(
      'span',
      { class: full ? 'meter full' : 'meter' },
      h('span', { class: 'meter-name' }, label),
      this.#line(key),
      h('span', { class: 'meter-value' }, `${Math.round(part * 100)}%`),
    );
  }

  /** @param {string} key */
  #line(key) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'meter-line');
    svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute('aria-hidden', 'true');
    const line = document.createElementNS(SVG, 'polyline');
    line.setAttribute('points', this.#course(key).line(WIDTH, HEIGHT - 1, 1));
    svg.append(line);
    return svg;
  }

  #toggleWindow() {
    if (this.#window) return this.#closeWindow();
    const { t } = this.#editor;
    this.#window = h('div', { class: 'meters-window', role: 'dialog', 'aria-label': t('meters.title'), tabindex: -1 });
    document.body.append(this.#window);
    delete this.element.dataset['tip'];
    this.element.setAttribute('aria-expanded', 'true');
    if (this.#reading) fill(this.#window, this.#details(figuresOf(this.#reading, this.#editor)));
    placeBelow(this.#window, this.element.getBoundingClientRect(), 'end');
    this.#window.focus();
    this.#window.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#closeWindow();
      event.stopPropagation();
    });
    this.#window.addEventListener('focusout', (event) => {
      const next = event.relatedTarget;
      if (next instanceof Node && !this.#window?.contains(next)) this.#closeWindow();
    });
    document.addEventListener('pointerdown', this.#onOutside, { capture: true });
    this.#measureSoon();
  }

  #onOutside = (/** @type {Event} */ event) => {
    const target = /** @type {Node} */ (event.target);
    if (!this.#window?.contains(target) && !this.element.contains(target)) this.#closeWindow();
  };

  #closeWindow() {
    document.removeEventListener('pointerdown', this.#onOutside, { capture: true });
    this.#window?.remove();
    this.#window = null;
    this.element.setAttribute('aria-expanded', 'false');
  }

  /** @param {readonly Figure[]} figures */
  #details(figures) {
    const { t } = this.#editor;
    return [
      h(
        'dl',
        { class: 'meters-list' },
        figures.map(({ key, label, part, text }) =>
          h(
            'div',
            null,
            h('dt', null, label),
            h('dd', null, this.#line(key), h('span', { class: 'meter-bar', style: { '--part': part } }), text),
          ),
        ),
      ),
      h(
        'button',
        { class: 'button', type: 'button', onclick: () => this.#editor.execute('run.free-memory') },
        t('command.run.free-memory'),
      ),
    ];
  }
}

/**
 * @param {MeterReading} reading
 * @param {Application} editor
 * @returns {Figure[]}
 */
export function figuresOf({ cpu, ram, swap, server, workers, devices }, { locale, t }) {
  const size = (/** @type {number} */ bytes) => bytesIn(bytes, locale.peek());
  const of = (/** @type {number} */ used, /** @type {number} */ total) => t('meters.of', { used: size(used), total: size(total) });
  /** @type {Figure[]} */
  const figures = [
    { key: 'load-cpu', label: t('meters.cpu'), part: cpu.busy / 100, text: t('meters.cores', { percent: Math.round(cpu.busy), count: cpu.count }) },
    { key: 'memory-ram', label: t('meters.ram'), part: ram.used / ram.total, text: of(ram.used, ram.total) },
  ];
  for (const [index, device] of devices.entries()) {
    const number = devices.length > 1 ? ` ${index + 1}` : '';
    const more = [device.temperature === null ? '' : `${device.temperature} °C`, device.watts === null ? '' : `${Math.round(device.watts)} W`];
    if (device.busy !== null) {
      const text = [`${Math.round(device.busy)} %`, ...more].filter((part) => part !== '').join(' · ');
      figures.push({ key: `load-gpu${number}`, label: t('meters.gpu') + number, part: device.busy / 100, text: `${device.name}, ${text}` });
    }
    if (device.total > 0) {
      figures.push({ key: `memory-gpu${number}`, label: t('meters.vram') + number, part: device.used / device.total, text: of(device.used, device.total) });
    }
  }
  if (swap.total > 0) figures.push({ key: 'swap', label: t('meters.swap'), part: swap.used / swap.total, text: of(swap.used, swap.total) });
  for (const { memory } of workers) {
    if (memory !== null) figures.push({ key: 'worker', label: t('meters.worker'), part: memory / ram.total, text: size(memory) });
  }
  figures.push({ key: 'server', label: t('meters.server'), part: server.memory / ram.total, text: size(server.memory) });
  return figures;
}
