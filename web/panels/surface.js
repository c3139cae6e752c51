/** What opens over the page: search, menus, dialogs, messages. Each is loaded when it is first wanted. */

import { toast } from '../ui/toast.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Surface } from '../app/editor.js' */

/** @param {Application} editor @returns {Surface} */
export function createSurface(editor) {
  return {
    openSearch: (client, from) =>
      void editor.attempt(async () => (await import('./search.js')).openSearch(editor, client, from ?? null)),
    openMenu: (client, target) =>
      void editor.attempt(async () => (await import('./context-menu.js')).openContextMenu(editor, client, target)),
    openPictures: (pictures, index) =>
      void editor.attempt(async () => (await import('./lightbox.js')).openLightbox(editor, pictures, index)),
    openSettings: () => void editor.attempt(async () => (await import('./settings.js')).openSettings(editor)),
    askName: () => void editor.attempt(async () => (await import('./ask-text.js')).askName(editor)),
    notify: (kind, text) => toast(kind, text, editor.t('ui.close')),
  };
}
