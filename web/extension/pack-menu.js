/** Entries of packs in the context menus. */

/** @import { Application, MenuPart } from '../types/app.d.ts' */
/** @import { MenuTarget } from '../types/editor.d.ts' */
/** @import { PackMenuItem, PackMenuTarget } from '../types/extension.d.ts' */
/** @import { MenuItem } from '../types/ui.d.ts' */
/** @import { Guard } from './pack-api.js' */

/**
 * @param {Application} editor
 * @param {(target: PackMenuTarget) => readonly PackMenuItem[]} entries
 * @param {Guard} guard
 * @returns {MenuPart}
 */
export function packMenu({ document }, entries, guard) {
  return (_editor, target) => {
    const seen = targetOf(document, target);
    return seen ? guard(() => [...entries(seen)], []).map((item) => guarded(item, guard)) : [];
  };
}

/** @param {PackMenuItem} item @param {Guard} guard @returns {MenuItem} */
function guarded({ items, run, ...item }, guard) {
  return {
    ...item,
    ...(run ? { run: () => guard(() => run(), undefined) } : {}),
    ...(items ? { items: items.map((inner) => guarded(inner, guard)) } : {}),
  };
}

/**
 * @param {Application['document']} document
 * @param {MenuTarget} target
 * @returns {PackMenuTarget | null} null for what packs do not see
 */
function targetOf({ groups, links }, target) {
  if (target.kind === 'canvas' || target.kind === 'node') return target;
  if (target.kind === 'group') return { kind: 'group', title: groups.get(target.id)?.title ?? '' };
  if (target.kind !== 'link') return null;
  const link = links.get(target.id);
  return link ? { kind: 'link', from: link.from, to: link.to, input: link.input } : null;
}
