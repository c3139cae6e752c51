/** Pictures, the live preview, texts and figures at the bottom of a node. */

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
    if (!this.#previewing && run.pictures === this.#pictures && run.texts === this.#texts && run.figures === this.#figures) return;
    this.#previewing = false;
    this.#endFigures();
    this.#pictures = run.pictures;
    this.#texts = run.texts;
    this.#figures = run.figures;
    fill(
      this.element,
      run.texts.map((text) => h('pre', { class: 'result-text', tabindex: 0 }, text)),
      run.pictures.map((picture, index) => this.#picture(picture, index)),
      run.figures ? this.#mountFigures(run.figures) : null,
    );
    this.element.classList.toggle('with-text', run.texts.length > 0);
    this.#setColumns();
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
    const mount = async () => {
      const { mountFigures } = await import('../figures/figures.js');
      if (!gone) end = mountFigures(host, this.#editor, figures);
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
        ? createVideo('result-video', editor.pictureUrl(picture))
        : h('img', { src: editor.pictureUrl(picture, true), alt: picture.filename, draggable: 'false', decoding: 'async' }),
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
