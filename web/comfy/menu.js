/** Entries that extensions of ComfyUI's editor add to the context menus. */

/** @import { MenuPart } from '../types/app.d.ts' */
/** @import { ComfyMenuItem } from '../types/comfy.d.ts' */
/** @import { MenuItem } from '../types/ui.d.ts' */
/** @import { ComfyGraph } from './comfy-graph.js' */

/**
 * @param {ComfyGraph} graph
 * @param {(hook: 'getCanvasMenuItems' | 'getNodeMenuItems', ...values: unknown[]) => unknown[]} call
 * @returns {MenuPart}
 */
export function menuPart(graph, call) {
  return (_editor, target) => {
    if (target.kind === 'canvas') return itemsOf(call('getCanvasMenuItems'));
    const node = target.kind === 'node' ? graph.getNodeById(target.id) : null;
    if (!node) return [];
    /** @type {ComfyMenuItem[]} */
    const options = [];
    graph.tell(String(node.id), 'getExtraMenuOptions', null, options);
    return itemsOf([...call('getNodeMenuItems', node), options]);
  };
}

/** @param {readonly unknown[]} lists @returns {MenuItem[]} */
const itemsOf = (lists) => lists.flatMap((list) => (Array.isArray(list) ? list.flatMap((item) => itemOf(item) ?? []) : []));

/** @param {ComfyMenuItem | null} item null is a line in their menus @returns {MenuItem | null} */
function itemOf(item) {
  if (!item) return null;
  const { callback, content, disabled = false, submenu, title } = item;
  const label = plain(content ?? title ?? '');
  if (submenu) return { label, disabled, items: itemsOf([submenu.options]) };
  return { label, disabled, run: () => void callback?.(item) };
}

/** Their labels may hold markup. @param {string} text */
const plain = (text) => new DOMParser().parseFromString(text, 'text/html').body.textContent ?? '';
