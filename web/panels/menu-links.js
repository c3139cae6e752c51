/** Entries of the context menus of links and their points. */

import { unlink } from '../core/edits.js';
import { addPoint, pointsOf, readRoutes, removePoints } from '../core/reroutes.js';
import { commandItem } from './file-menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { LinkId } from '../types/document.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */
/** @import { MenuEntry } from '../types/ui.d.ts' */

/** @param {Application} editor @param {LinkId} id @param {Point} client @returns {MenuEntry[]} */
export function linkEntries(editor, id, client) {
  const { document, t, view } = editor;
  const points = pointsOf(readRoutes(document.rest), id).map((point) => point.id);
  const bend = () => {
    const place = view?.toDocument(client);
    if (view && place) editor.perform(addPoint(id, view.stretchAt(id, place), place));
  };
  return [
    { label: t('menu.insert'), icon: 'add', run: () => editor.openSearch(client, { link: id }) },
    'separator',
    { label: t('menu.bend'), icon: 'edit', run: bend },
    {
      label: t('menu.straighten'),
      disabled: points.length === 0,
      run: () => editor.perform(removePoints(points)),
    },
    'separator',
    commandItem(editor, 'select.sources'),
    commandItem(editor, 'select.targets'),
    'separator',
    { ...commandItem(editor, 'edit.delete', { icon: 'trash', danger: true }), label: t('menu.unlink'), run: () => editor.perform(unlink(id)) },
  ];
}

/** @param {Application} editor @returns {MenuEntry[]} */
export const pointEntries = (editor) => [
  commandItem(editor, 'edit.straighten', { icon: 'trash', danger: true }),
];
