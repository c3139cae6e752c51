/** The menu that offers nodes to put between the ends of a link that does not fit. */

import { insertConverter } from '../app/converting.js';
import { openMenu } from '../ui/menu.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Point, Wanted } from '../types/editor.d.ts' */

/**
 * @param {Application} editor
 * @param {Point} client
 * @param {Wanted} wanted
 */
export function openConverters(editor, client, wanted) {
  const entries = editor.converters(wanted).map((converter) => ({
    label: editor.t('link.insert', { node: editor.typeTitle(converter.spec) }),
    icon: 'add',
    run: () => insertConverter(editor, wanted, converter),
  }));
  openMenu(entries, client, { label: editor.t('link.converters') });
}
