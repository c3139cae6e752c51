/** Pictures, the live preview, texts and figures at the bottom of a node, and what it may be told. */

import { inWords } from '../core/figures.js';
import { fill, h } from '../ui/dom.js';
import { createVideo, isVideo } from '../ui/video.js';
import { PAD } from './metrics.js';

/** @import {Band} from '../types/canvas.d.ts' */
/** @import {Editor, NodeRun, PictureRef} from '../types/editor.d.ts' */
/** @import {RawFigures} from '../types/figures.d.ts' */

export class NodeResults {
  element = h('div', { class: 'node-results', hidden: true });
  /** @type {Editor} */
  #editor;
  #preview = h('img', { class: 'result-preview', alt: '', draggable: 'false' });
  /** @type {readonly PictureRef[]} */
  #pictures = [];
  /** @type {readonly string[]} */
  #texts = [];
  /** @type {RawFigures | null} */
  #figures = null;
  #orders = h('div', { class: 'result-orders', role: 'group' });
  /** @type {NodeRun['orders']} */
  #offered = null;
  /** @type {(figures: RawFigures) => void} */
  #updateFigures = () => {};
  #endFigures = () => {};
  #previewing = false;
  /** @type {{ width: number, height: number }} */
  #room = { width: 1, height: 1 };

  /** @param {Editor} editor */
  constructor(editor) {
    this.#editor = editor;
  }

  /** @param {Band | null} band */
  place(band) {
    this.element.hidden = band === null;
    if (!band) return;
    this.element.style.top = `${band.y}px`;
    this.element.style.height = `${band.height}px`;
    this.#room = { width: this.element.parentElement?.parentElement?.offsetWidth ?? 1, height: band.height };
    this.#setColumns();
  }

  /** @param {NodeRun} run */
  show(run) {
    if (run.preview !== null) {
      this.#preview.alt = this.#editor.t('node.preview');
      if (this.#preview.src !== run.preview) this.#preview.src = run.preview;
      if (!this.#previewing) fill(this.element, this.#preview);
      this.#previewing = true;
      return;
    }
    const others = run.pictures !== this.#pictures || run.texts !== this.#texts || run.orders !== this.#offered;
    if (!this.#previewing && !others) {
      if (run.figures === this.#figures) return;
      if (run.figures !== null && this.#figures !== null) {
        this.#figures = run.figures;
        return this.#updateFigures(run.figures);
      }
    }
    this.#previewing = false;
    this.#endFigures();
    const focused = [...this.#orders.children].findIndex((button) => button === document.activeElement);
    this.#offer(run.orders);
    this.#pictures = run.pictures;
    this.#texts = run.texts;
    this.#figures = run.figures;
    const pictures = run.pictures.map((picture, index) => this.#picture(picture, index));
    const say = inWords(run.said, this.#editor.words);
    const strip = run.figures !== null && pictures.length > 0;
    fill(
      this.element,
      run.texts.map((text) => h('pre', { class: 'result-text', tabindex: 0 }, say(text))),
      run.orders !== null && run.orders.names.length > 0 ? this.#orders : null,
      strip ? h('div', { class: 'result-strip', tabindex: 0 }, pictures) : pictures,
      run.figures ? this.#mountFigures(run.figures) : null,
    );
    const parts = [run.texts.length > 0, run.orders !== null, run.figures !== null && (strip || run.figures.plots.length > 1)];
    this.element.classList.toggle('with-text', parts.some(Boolean));
    this.#setColumns();
    // The keyboard goes on where it was, though the button is another one: "Go on" in place of "Pause".
    const button = this.#orders.isConnected ? this.#orders.children[focused] : null;
    if (button instanceof HTMLElement) button.focus({ preventScroll: true });
    const last = this.element.querySelector('.result-strip .result:last-child');
    if (last instanceof HTMLElement && last.parentElement) last.parentElement.scrollLeft = last.offsetLeft;
  }

  /** A button for each order; they stay while the node offers the same. @param {NodeRun['orders']} orders */
  #offer(orders) {
    if (orders === this.#offered) return;
    this.#offered = orders;
    const editor = this.#editor;
    this.#orders.setAttribute('aria-label', editor.t('node.orders'));
    const button = (/** @type {string} */ name) =>
      h('button', { class: 'text-button', type: 'button', 'data-order': name, onclick: () => orders && editor.giveOrder(orders, name) }, labelOf(editor, name));
    fill(this.#orders, (orders?.names ?? []).map(button));
  }

  destroy() {
    this.#endFigures();
  }

  /** Their code is loaded with the first of them. @param {RawFigures} figures */
  #mountFigures(figures) {
    this.#endFigures();
    const host = h('div', { class: 'node-figures' });
    let end = () => {};
    let gone = false;
    let newest = figures;
    this.#updateFigures = (/** @type {RawFigures} */ now) => void (newest = now);
    const mount = async () => {
      const { mountFigures } = await import('../figures/figures.js');
      if (gone) return;
      const view = mountFigures(host, this.#editor, newest);
      end = view.destroy;
      this.#updateFigures = view.update;
    };
    mount().catch((error) => this.#editor.notify('error', String(error)));
    this.#endFigures = () => {
      gone = true;
      end();
      this.#endFigures = () => {};
    };
    return host;
  }

  /**
   * @param {PictureRef} picture
   * @param {number} index
   */
  #picture(picture, index) {
    const editor = this.#editor;
    return h(
      'button',
      {
        class: 'result',
        type: 'button',
        'aria-label': editor.t('node.open_picture', { name: picture.filename }),
        onclick: () => editor.openPictures(this.#pictures, index),
      },
      isVideo(picture.filename)
        ? createVideo('result-video', editor.pictureUrl(picture), editor.pictureUrl(picture, true))
        : h('img', { src: editor.pictureUrl(picture, true), alt: picture.filename, draggable: 'false', decoding: 'async' }),
      picture.label === undefined ? null : h('span', { class: 'result-label' }, picture.label),
    );
  }

  /** As many columns as let the pictures be largest, taking them as squares. */
  #setColumns() {
    const count = this.#pictures.length;
    const width = this.#room.width - 2 * PAD;
    let best = { columns: 1, side: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const side = Math.min(width / columns, this.#room.height / Math.ceil(count / columns));
      if (side > best.side) best = { columns, side };
    }
    this.element.style.setProperty('--columns', String(best.columns));
  }
}

/** What packs' nodes may be told has no text of ours. @param {Editor} editor @param {string} order */
function labelOf(editor, order) {
  const key = `order.${order}`;
  const text = editor.t(key);
  return text === key ? order : text;
}
