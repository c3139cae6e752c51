/** Asking whether pictures are to be deleted, and whether their files as well. */

import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * @param {Application} editor
 * @param {number} count
 * @returns {Promise<{ files: boolean } | null>} null when they are to stay
 */
export function askDelete({ t }, count) {
  return new Promise((resolve) => {
    const files = h('input', { type: 'checkbox' });
    let answer = /** @type {{ files: boolean } | null} */ (null);
    const dialog = openDialog(
      {
        title: t('pictures.delete'),
        closeLabel: t('ui.cancel'),
        body: [
          h('p', { class: 'dialog-text' }, t(count === 1 ? 'gallery.delete.one' : 'gallery.delete', { count })),
          h('label', { class: 'check-row' }, files, t('gallery.delete.files')),
        ],
        buttons: [
          h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('ui.cancel')),
          h(
            'button',
            {
              class: 'button danger',
              type: 'button',
              onclick: () => {
                answer = { files: files.checked };
                dialog.close();
              },
            },
            t('gallery.delete.yes'),
          ),
        ],
      },
      () => resolve(answer),
    );
  });
}
