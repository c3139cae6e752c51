/** Result pictures, large. */

import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */

/**
 * @param {Application} editor
 * @param {readonly PictureRef[]} pictures
 * @param {number} first
 */
export function openLightbox(editor, pictures, first) {
  const { element } = new Lightbox(editor, pictures, first);
  document.body.append(element);
  element.showModal();
}

class Lightbox {
  element;
  #editor;
  #pictures;
  #index;
  #stage = h('div', { class: 'lightbox-stage' });
  #caption = h('span', { class: 'lightbox-caption' });
  #save;

  /** @param {Application} editor @param {readonly PictureRef[]} pictures @param {number} first */
  constructor(editor, pictures, first) {
    const { t } = editor;
    this.#editor = editor;
    this.#pictures = pictures;
    this.#index = first;
    const save = t('pictures.save');
    this.#save = h('a', { class: 'icon-button', 'aria-label': save, 'data-tip': save }, icon('download'));
    const several = pictures.length > 1;
    this.element = h(
      'dialog',
      { class: 'lightbox', 'aria-label': t('pictures.title') },
      this.#stage,
      h(
        'div',
        { class: 'lightbox-bar' },
        several ? button(t('pictures.previous'), 'chevron-left', () => this.#step(-1)) : null,
        this.#caption,
        several ? button(t('pictures.next'), 'chevron-right', () => this.#step(1)) : null,
        this.#save,
        button(t('ui.close'), 'close', () => this.element.close()),
      ),
    );
    this.#listen();
    this.#show();
  }

  #listen() {
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowLeft') this.#step(-1);
      if (event.key === 'ArrowRight') this.#step(1);
      event.stopPropagation();
    });
    this.element.addEventListener('close', () => this.element.remove());
    this.#stage.addEventListener('click', (event) => {
      if (event.target === this.#stage) this.element.close();
    });
  }

  /** @param {number} by */
  #step(by) {
    this.#index = (this.#index + by + this.#pictures.length) % this.#pictures.length;
    this.#show();
  }

  #show() {
    const picture = this.#pictures[this.#index];
    if (!picture) return;
    const url = this.#editor.pictureUrl(picture);
    const image = h('img', { src: url, alt: picture.filename });
    image.onload = () => (this.#caption.textContent = this.#captionOf(picture, image));
    fill(this.#stage, image);
    this.#caption.textContent = picture.filename;
    this.#save.href = url;
    this.#save.download = picture.filename;
  }

  /** @param {PictureRef} picture @param {HTMLImageElement} image */
  #captionOf({ filename }, { naturalWidth, naturalHeight }) {
    const count = this.#pictures.length;
    const place = count > 1 ? ` · ${this.#index + 1} / ${count}` : '';
    return `${filename} · ${naturalWidth} × ${naturalHeight}${place}`;
  }
}

/** @param {string} label @param {string} mark @param {() => void} onclick */
function button(label, mark, onclick) {
  return h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick },
    icon(mark),
  );
}
