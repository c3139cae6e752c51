/** Comparing two pictures large: with a line between them, side by side, or by their difference. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { CompareView } from '../figures/compare-view.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { CompareMode } from '../figures/compare-view.js' */

/** @type {readonly { mode: CompareMode, key: string }[]} */
const MODES = [
  { mode: 'slider', key: '1' },
  { mode: 'beside', key: '2' },
  { mode: 'difference', key: '3' },
];
const MOST_ZOOM = 32;
const ZOOM_STEP = 1.25;
const PER_PIXEL = 0.0016;

/**
 * @param {Application} editor
 * @param {readonly PictureRef[]} pictures the first two are compared
 */
export async function openCompare(editor, pictures) {
  const [first, second] = pictures;
  if (!first || !second) throw new Error(editor.t('compare.two'));
  await loadStyle('figures');
  const { element } = new Comparison(editor, first, second);
  document.body.append(element);
  element.showModal();
}

class Comparison {
  element;
  #editor;
  #pictures;
  #view;
  #captions = [h('span', { class: 'compare-caption' }), h('span', { class: 'compare-caption' })];
  #zoomed = h('button', { class: 'compare-zoom', type: 'button', onclick: () => this.#zoomTo(1) });
  /** @type {HTMLButtonElement[]} */
  #modes;
  #zoom = 1;
  #shift = { x: 0, y: 0 };

  /** @param {Application} editor @param {PictureRef} first @param {PictureRef} second */
  constructor(editor, first, second) {
    const { t } = editor;
    this.#editor = editor;
    this.#pictures = [first, second];
    this.#view = new CompareView({ label: t('compare.line') });
    this.#modes = MODES.map(({ mode, key }) =>
      h('button', { class: 'compare-mode', type: 'button', onclick: () => this.#setMode(mode) }, `${t(`compare.${mode}`)} (${key})`),
    );
    this.element = h(
      'dialog',
      { class: 'compare', 'aria-label': t('compare.title') },
      this.#view.element,
      h(
        'div',
        { class: 'compare-tools' },
        this.#captions[0],
        h('div', { class: 'compare-modes', role: 'group', 'aria-label': t('compare.how') }, this.#modes),
        button(`${t('compare.swap')} (X)`, 'refresh', () => this.#swap()),
        button(t('compare.zoom-out'), 'minus', () => this.#zoomTo(this.#zoom / ZOOM_STEP)),
        this.#zoomed,
        button(t('compare.zoom-in'), 'add', () => this.#zoomTo(this.#zoom * ZOOM_STEP)),
        this.#captions[1],
        button(t('ui.close'), 'close', () => this.element.close()),
      ),
    );
    this.#listen();
    this.#show();
    this.#setMode('slider');
    this.#zoomTo(1);
  }

  #listen() {
    this.element.addEventListener('close', () => this.element.remove());
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    const { element } = this.#view;
    element.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    element.addEventListener('pointerdown', (event) => this.#drag(event));
    element.addEventListener('dblclick', () => this.#zoomTo(1));
    this.#view.images.forEach((image, index) => {
      image.addEventListener('load', () => this.#describe(image, index));
    });
  }

  #show() {
    const [first, second] = this.#pictures.map((picture) => ({
      url: this.#editor.pictureUrl(picture),
      name: picture.filename,
    }));
    if (first && second) this.#view.show(first, second);
  }

  /** @param {HTMLImageElement} image @param {number} index */
  #describe({ alt, naturalWidth, naturalHeight }, index) {
    const caption = this.#captions[index];
    if (caption) caption.textContent = `${alt} · ${naturalWidth} × ${naturalHeight}`;
  }

  #swap() {
    this.#pictures.reverse();
    this.#show();
  }

  /** @param {CompareMode} mode */
  #setMode(mode) {
    this.#view.setMode(mode);
    MODES.forEach((each, index) => this.#modes[index]?.setAttribute('aria-pressed', String(each.mode === mode)));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mode = MODES.find(({ key }) => key === event.key)?.mode;
    if (mode) this.#setMode(mode);
    else if (event.key.toLowerCase() === 'x') this.#swap();
    else if (event.key === '+' || event.key === '=') this.#zoomTo(this.#zoom * ZOOM_STEP);
    else if (event.key === '-') this.#zoomTo(this.#zoom / ZOOM_STEP);
    else if (event.key === '0') this.#zoomTo(1);
    else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.#view.moveTo(this.#view.part + (event.key === 'ArrowLeft' ? -0.02 : 0.02));
    }
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault();
    const { left, top, width, height } = this.#view.element.getBoundingClientRect();
    const at = { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 };
    this.#zoomTo(this.#zoom * Math.exp(-event.deltaY * PER_PIXEL), at);
  }

  /**
   * @param {number} zoom 1 shows all
   * @param {{ x: number, y: number }} [at] what stays where it is, in CSS pixels from the middle
   */
  #zoomTo(zoom, at = { x: 0, y: 0 }) {
    const before = this.#zoom;
    this.#zoom = Math.min(MOST_ZOOM, Math.max(1, zoom));
    const factor = this.#zoom / before;
    this.#shift = {
      x: at.x - (at.x - this.#shift.x) * factor,
      y: at.y - (at.y - this.#shift.y) * factor,
    };
    if (this.#zoom === 1) this.#shift = { x: 0, y: 0 };
    this.#place();
    this.#zoomed.textContent = `${Math.round(this.#zoom * 100)} %`;
  }

  #place() {
    const { style } = this.#view.element;
    style.setProperty('--zoom', String(this.#zoom));
    style.setProperty('--x', `${this.#shift.x}px`);
    style.setProperty('--y', `${this.#shift.y}px`);
  }

  /** Beside the line the pointer moves what is enlarged; what is not, it moves the line to itself. @param {PointerEvent} event */
  #drag(event) {
    if (event.button === 2) return;
    if (this.#zoom === 1 && event.button === 0) {
      if (this.#view.element.dataset['mode'] === 'slider') this.#view.drag(event);
      return;
    }
    event.preventDefault();
    const { element } = this.#view;
    const start = { x: event.clientX - this.#shift.x, y: event.clientY - this.#shift.y };
    const end = new AbortController();
    const { signal } = end;
    element.setPointerCapture(event.pointerId);
    const follow = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      this.#shift = { x: clientX - start.x, y: clientY - start.y };
      this.#place();
    };
    element.addEventListener('pointermove', follow, { signal });
    for (const over of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      element.addEventListener(over, () => end.abort(), { signal });
    }
  }
}

/** @param {string} label @param {string} mark @param {() => void} onclick */
function button(label, mark, onclick) {
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label, onclick }, icon(mark));
}
