/** Result pictures, large: zoomed, compared, with how they were made, and what can be done with them. */

import { copyPicture, openWorkflowOf, savePicture, useAsInput } from '../app/use-result.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { isVideo } from '../ui/video.js';
import { showFacts } from './picture-facts.js';
import { PictureStage } from './picture-stage.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { PictureRef } from '../types/editor.d.ts' */
/** @import { Result } from '../types/run.d.ts' */

/** Pressed arrows move a zoomed picture by so many pixels. */
const PAN = 60;

/**
 * @typedef {object} PictureSource
 * @property {() => number} count
 * @property {(index: number) => Promise<PictureRef | Result | null>} at
 * @property {(picture: PictureRef | Result) => Promise<boolean>} [remove] false when the user thought better of it
 * @property {(index: number) => void} [onShow]
 */

/**
 * @param {Application} editor
 * @param {readonly PictureRef[] | PictureSource} pictures
 * @param {number} first
 */
export async function openLightbox(editor, pictures, first) {
  await loadStyle('lightbox');
  const { element } = new Lightbox(editor, Array.isArray(pictures) ? sourceOf(pictures) : /** @type {PictureSource} */ (pictures), first);
  document.body.append(element);
  element.showModal();
}

/** @param {readonly PictureRef[]} pictures @returns {PictureSource} */
const sourceOf = (pictures) => ({ count: () => pictures.length, at: async (index) => pictures[index] ?? null });

class Lightbox {
  element;
  #editor;
  #source;
  #index;
  /** @type {PictureRef | Result | null} */
  #picture = null;
  /** The one that was shown before. @type {PictureRef | null} */
  #before = null;
  #stage;
  #caption = h('span', { class: 'lightbox-caption', 'aria-live': 'polite' });
  #zoom = h('button', { class: 'text-button lightbox-zoom', type: 'button', onclick: () => this.#toggleSize() });
  #facts = h('aside', { class: 'lightbox-facts' });
  #compare;

  /** @param {Application} editor @param {PictureSource} source @param {number} first */
  constructor(editor, source, first) {
    const { t } = editor;
    this.#editor = editor;
    this.#source = source;
    this.#index = first;
    this.#stage = new PictureStage((scale) => this.#showScale(scale), () => this.element.close());
    this.#zoom.dataset['tip'] = t('pictures.zoom.tip');
    this.#compare = button(t('pictures.compare'), 'columns', () => this.#compareWithLast());
    this.#facts.setAttribute('aria-label', t('pictures.facts'));
    this.#facts.hidden = editor.preferences.of('run.facts').peek() !== true;
    this.element = h(
      'dialog',
      { class: 'lightbox', 'aria-label': t('pictures.title') },
      h('div', { class: 'lightbox-main' }, this.#stage.element, this.#steps(), this.#facts),
      this.#bar(),
    );
    this.#listen();
    void this.#show();
  }

  #steps() {
    const { t } = this.#editor;
    return [
      h('button', { class: 'lightbox-step previous', type: 'button', 'aria-label': t('pictures.previous'), onclick: () => this.#step(-1) }, icon('chevron-left')),
      h('button', { class: 'lightbox-step next', type: 'button', 'aria-label': t('pictures.next'), onclick: () => this.#step(1) }, icon('chevron-right')),
    ];
  }

  #bar() {
    const editor = this.#editor;
    const { t } = editor;
    const act = (/** @type {(picture: PictureRef | Result) => void | Promise<void>} */ action, /** @type {boolean} */ closes) => () => {
      const picture = this.#picture;
      if (!picture) return;
      if (closes) this.element.close();
      void editor.attempt(() => action(picture));
    };
    return h(
      'div',
      { class: 'lightbox-bar' },
      this.#caption,
      this.#zoom,
      h('div', { class: 'toolbar-space' }),
      button(t('pictures.facts'), 'info', () => this.#toggleFacts()),
      this.#compare,
      button(t('pictures.open-workflow'), 'folder', act((picture) => openWorkflowOf(editor, picture), true)),
      button(t('pictures.use'), 'image', act((picture) => useAsInput(editor, picture), true)),
      button(t('pictures.copy'), 'copy', act((picture) => copyPicture(editor, picture), false)),
      button(t('pictures.save'), 'download', act((picture) => savePicture(editor, picture), false)),
      this.#source.remove ? button(t('pictures.delete'), 'trash', () => void this.#remove()) : null,
      button(t('ui.close'), 'close', () => this.element.close()),
    );
  }

  #listen() {
    this.element.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (!event.isComposing && !event.ctrlKey && !event.metaKey && this.#onKey(event.key)) event.preventDefault();
    });
    this.element.addEventListener('close', () => {
      this.#stage.destroy();
      this.element.remove();
    });
  }

  /** @param {string} key @returns {boolean} whether it means something */
  #onKey(key) {
    const stage = this.#stage;
    const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] });
    const arrow = arrows[key];
    if (arrow && (stage.zoomed || arrow[1] !== 0)) stage.pan(arrow[0] * PAN, arrow[1] * PAN);
    else if (arrow) this.#step(-arrow[0]);
    else if (key === 'PageUp' || key === 'PageDown') this.#step(key === 'PageUp' ? -1 : 1);
    else if (key === 'Home' || key === 'End') this.#go(key === 'Home' ? 0 : this.#source.count() - 1);
    else if (key === '+' || key === '=') stage.zoom(1);
    else if (key === '-') stage.zoom(-1);
    else if (key === '0') stage.fit();
    else if (key === '1') stage.actualSize();
    else if (key === 'i') this.#toggleFacts();
    else if (key === 'c') this.#compareWithLast();
    else if (key === 'Delete' && this.#source.remove) void this.#remove();
    else return false;
    return true;
  }

  /** @param {number} by */
  #step(by) {
    const count = this.#source.count();
    if (count > 0) this.#go((this.#index + by + count) % count);
  }

  /** @param {number} index */
  #go(index) {
    if (index === this.#index) return;
    this.#index = index;
    void this.#show();
  }

  async #show() {
    const index = this.#index;
    const picture = await this.#source.at(index);
    if (index !== this.#index) return;
    if (!picture) return void this.element.close();
    if (this.#picture && this.#picture !== picture) this.#before = this.#picture;
    this.#picture = picture;
    const moves = isVideo(picture.filename);
    const url = this.#editor.pictureUrl(picture, moves);
    this.#stage.image.onload = () => this.#showCaption(picture);
    this.#stage.image.onerror = () => (this.#caption.textContent = this.#editor.t('pictures.gone', { name: picture.filename }));
    this.#stage.show(url, picture.filename, moves ? this.#editor.pictureUrl(picture) : undefined);
    this.#caption.textContent = picture.filename;
    this.#compare.disabled = this.#before === null && this.#source.count() < 2;
    for (const step of this.element.querySelectorAll('.lightbox-step')) step.toggleAttribute('hidden', this.#source.count() < 2);
    this.#source.onShow?.(index);
    if (!this.#facts.hidden) this.#readFacts();
  }

  /** @param {PictureRef} picture */
  #showCaption({ filename }) {
    const { naturalWidth, naturalHeight } = this.#stage.image;
    const count = this.#source.count();
    const place = count > 1 ? ` · ${this.#index + 1} / ${count}` : '';
    this.#caption.textContent = `${filename} · ${naturalWidth} × ${naturalHeight}${place}`;
  }

  /** @param {number} scale */
  #showScale(scale) {
    this.#zoom.textContent = `${Math.round(scale * 100)}%`;
  }

  #toggleSize() {
    if (this.#stage.zoomed) this.#stage.fit();
    else this.#stage.actualSize();
  }

  #toggleFacts() {
    this.#facts.hidden = !this.#facts.hidden;
    this.#editor.preferences.of('run.facts').set(!this.#facts.hidden);
    if (!this.#facts.hidden) this.#readFacts();
  }

  #readFacts() {
    const picture = this.#picture;
    if (picture) void showFacts(this.#editor, picture, this.#facts, () => this.#picture === picture);
  }

  /** With the one that was looked at before, or with the next. */
  #compareWithLast() {
    void this.#editor.attempt(async () => {
      const count = this.#source.count();
      const other = this.#before ?? (await this.#source.at((this.#index + 1) % count));
      if (!other || !this.#picture || other === this.#picture) return;
      const { openCompare } = await import('./compare.js');
      const pair = [other, this.#picture];
      this.element.close();
      await openCompare(this.#editor, pair);
    });
  }

  async #remove() {
    const picture = this.#picture;
    if (!picture || !this.#source.remove || !(await this.#source.remove(picture))) return;
    this.#picture = null;
    const count = this.#source.count();
    if (count === 0) return this.element.close();
    this.#index = Math.min(this.#index, count - 1);
    await this.#show();
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
