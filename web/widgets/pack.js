/** A pack's own widget, kept apart: what it throws is told, and the node goes on. */

import { h } from '../ui/dom.js';
import { labelOf } from './field.js';

/** @import {Widget, WidgetFactory, WidgetHost} from '../types/editor.d.ts' */
/** @import {PackWidget, RegisteredWidget} from '../types/extension.d.ts' */

/**
 * @param {WidgetHost} host
 * @param {RegisteredWidget} registered
 * @param {WidgetFactory} otherwise the editor's own widget, for when this one cannot be mounted
 * @returns {Widget}
 */
export function packWidget(host, registered, otherwise) {
  const { editor, input } = host;
  const { pack } = registered;
  const element = h('div', { class: 'widget-pack', 'aria-label': labelOf(host), role: 'group' });
  const attempt = (/** @type {() => unknown} */ work) => {
    try {
      return work();
    } catch (error) {
      editor.reportPack(pack, error);
      return undefined;
    }
  };
  const mounted = /** @type {PackWidget | undefined} */ (
    attempt(() =>
      registered.mount(element, {
        input: { name: input.name, type: input.type, label: labelOf(host), options: input.options },
        value: host.value,
        onChange: (value, final = true) => host.onChange(value, final),
        t: (key, values) => editor.t(key, values),
      }),
    )
  );
  if (!mounted) return otherwise(host);
  return {
    element,
    height: registered.height,
    grows: registered.grows,
    set: (value) => void attempt(() => mounted.set(value)),
    focus: () => void attempt(() => mounted.focus()),
    destroy: () => void attempt(() => mounted.destroy()),
  };
}
