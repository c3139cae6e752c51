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
    openConverters: (client, link) =>
      void editor.attempt(async () => (await import('./convert-menu.js')).openConverters(editor, client, link)),
    openPictures: (pictures, index) =>
      void editor.attempt(async () => (await import('./lightbox.js')).openLightbox(editor, pictures, index)),
    openCompare: (pictures) =>
      void editor.attempt(async () => (await import('./compare.js')).openCompare(editor, pictures)),
    openPainter: (request) =>
      void editor.attempt(async () => (await import('../painter/painter.js')).openPainter(editor, request)),
    openSettings: (page) => void editor.attempt(async () => (await import('./settings.js')).openSettings(editor, page)),
    askName: () => void editor.attempt(async () => (await import('./ask-text.js')).askName(editor)),
    announce(text) {
      if (editor.preferences.of('accessibility.announce').peek() !== true) return;
      void editor.attempt(async () => (await import('../ui/live-region.js')).say(text));
    },
    notify: (kind, text, action) => toast(kind, text, editor.t('ui.close'), action),
  };
}
