/** What becomes of a value before the next job: the same, one more, one less, another one. */

import { setValue } from '../core/edits.js';
import { CONTROLS } from '../core/seeds.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu-later.js';

/** @import {WidgetHost} from '../types/editor.d.ts' */
/** @import {MenuEntry, MenuItem} from '../types/ui.d.ts' */

/** @type {Readonly<Record<string, string>>} */
const ICONS = { fixed: 'lock', increment: 'add', decrement: 'minus', randomize: 'shuffle' };

/**
 * @param {WidgetHost} host
 * @param {() => readonly MenuEntry[]} [further] what its menu has as well
 * @returns {{ button: HTMLButtonElement, show: () => void }}
 */
export function controlButton(host, further = () => []) {
  const { editor } = host;
  const button = h('button', { class: 'widget-button widget-control', type: 'button', 'aria-haspopup': 'menu' });
  button.addEventListener('click', (event) => {
    event.stopPropagation();
    openMenu([...controlEntries(host), ...further()], button, { label: editor.t('widget.seed.menu'), edge: 'end' });
  });
  const show = () => {
    const control = controlOf(host);
    const text = editor.t('widget.seed.after', { control: editor.t(`widget.seed.${control}`) });
    button.replaceChildren(icon(ICONS[control] ?? 'lock'));
    button.dataset['tip'] = text;
    button.setAttribute('aria-label', text);
    button.classList.toggle('active', control !== 'fixed');
  };
  show();
  return { button, show };
}

/** @param {WidgetHost} host */
function controlOf({ editor, input, node }) {
  // An instance of a subgraph does as the node inside does, until it is told otherwise.
  const saved = editor.document.nodes.get(node)?.values[`${input.name}/control`] ?? input.options.control;
  return CONTROLS.find((control) => control === saved) ?? 'fixed';
}

/**
 * @param {WidgetHost} host
 * @returns {MenuItem[]}
 */
export function controlEntries(host) {
  const { editor, input, node } = host;
  const current = controlOf(host);
  return CONTROLS.map((control) => ({
    label: editor.t(`widget.seed.${control}`),
    icon: ICONS[control] ?? 'lock',
    checked: control === current,
    run: () => editor.perform(setValue(node, `${input.name}/control`, control)),
  }));
}
