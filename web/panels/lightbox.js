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
  const { t } = editor;
  let index = first;
  const stage = h('div', { class: 'lightbox-stage' });
  const caption = h('span', { class: 'lightbox-caption' });
  const save = h(
    'a',
    { class: 'icon-button', 'aria-label': t('pictures.save'), 'data-tip': t('pictures.save') },
    icon('download'),
  );
  const step = (/** @type {number} */ by) => {
    index = (index + by + pictures.length) % pictures.length;
    show();
  };
  const several = pictures.length > 1;
  const element = h(
    'dialog',
    { class: 'lightbox', 'aria-label': t('pictures.title') },
    stage,
    h(
      'div',
      { class: 'lightbox-bar' },
      several ? button(t('pictures.previous'), 'chevron-left', () => step(-1)) : null,
      caption,
      several ? button(t('pictures.next'), 'chevron-right', () => step(1)) : null,
      save,
      button(t('ui.close'), 'close', () => element.close()),
    ),
  );

  function show() {
    const picture = pictures[index];
    if (!picture) return;
    const url = editor.pictureUrl(picture);
    const image = h('img', { src: url, alt: picture.filename });
    image.onload = () => (caption.textContent = captionOf(picture, image));
    fill(stage, image);
    caption.textContent = picture.filename;
    save.href = url;
    save.download = picture.filename;
  }

  /** @param {PictureRef} picture @param {HTMLImageElement} image */
  function captionOf({ filename }, { naturalWidth, naturalHeight }) {
    const place = several ? ` · ${index + 1} / ${pictures.length}` : '';
    return `${filename} · ${naturalWidth} × ${naturalHeight}${place}`;
  }

  element.addEventListener('keydown', (event) => {
    if (several && event.key === 'ArrowLeft') step(-1);
    if (several && event.key === 'ArrowRight') step(1);
    event.stopPropagation();
  });
  stage.addEventListener('click', (event) => {
    if (event.target === stage) element.close();
  });
  element.addEventListener('close', () => element.remove());
  document.body.append(element);
  show();
  element.showModal();
}

/** @param {string} label @param {string} mark @param {() => void} onclick */
function button(label, mark, onclick) {
  return h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick },
    icon(mark),
  );
}
