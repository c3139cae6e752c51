/** A widget whose code is loaded when the first of its kind is shown. */

import { h } from '../ui/dom.js';

/** @import { Widget, WidgetFactory } from '../types/editor.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {() => Promise<WidgetFactory>} load
 * @param {{ height: number, grows: boolean }} room
 * @returns {WidgetFactory}
 */
export const lateWidget = (load, room) => (host) => {
  const element = h('div', { class: 'widget-late' });
  /** @type {Widget | null} */
  let widget = null;
  let value = host.value;
  let [wanted, gone] = [false, false];
  const mount = async () => {
    const factory = await load();
    if (gone) return;
    widget = factory({ ...host, get node() { return host.node; }, value });
    element.append(widget.element);
    if (wanted) widget.focus();
  };
  mount().catch((error) => host.editor.notify('error', error instanceof Error ? error.message : String(error)));
  return {
    element,
    ...room,
    set(/** @type {Json} */ next) {
      value = next;
      widget?.set(next);
    },
    focus() {
      wanted = true;
      widget?.focus();
    },
    destroy() {
      gone = true;
      widget?.destroy();
    },
    menu: () => widget?.menu?.() ?? [],
  };
};
