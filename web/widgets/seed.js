/** Seeds: a number, a dice that throws a new one, and what happens to the seed after each run. */

import { setValue } from '../core/edits.js';
import { CONTROLS, LARGEST_SEED, randomInteger } from '../core/seeds.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openMenu } from '../ui/menu.js';
import { bounded } from './number-format.js';
import { mountNumber } from './number.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/** @type {Readonly<Record<string, string>>} */
const ICONS = { fixed: 'lock', increment: 'add', decrement: 'minus', randomize: 'shuffle' };

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function seedWidget(host) {
  const { editor, input } = host;
  const throwDice = () => {
    const least = Math.max(input.options.min ?? 0, 0);
    const most = Math.min(input.options.max ?? LARGEST_SEED, LARGEST_SEED);
    const seed = bounded(input, randomInteger(least, most, Math.random));
    widget.set(seed);
    host.onChange(seed, true);
  };
  const dice = h(
    'button',
    { class: 'widget-button', type: 'button', 'aria-label': editor.t('widget.seed.new'), onclick: throwDice },
    icon('dice'),
  );
  dice.dataset['tip'] = editor.t('widget.seed.new');
  const mode = h('button', { class: 'widget-button seed-control', type: 'button', onclick: () => chooseControl(host, mode) });
  const widget = mountNumber(host, 'seed', [dice, mode]);
  const showControl = () => {
    const control = controlOf(host);
    const text = editor.t('widget.seed.after', { mode: editor.t(`widget.seed.${control}`) });
    mode.replaceChildren(icon(ICONS[control] ?? 'lock'));
    mode.dataset['tip'] = text;
    mode.setAttribute('aria-label', text);
    mode.classList.toggle('active', control !== 'fixed');
  };
  showControl();
  return {
    ...widget,
    set(value) {
      widget.set(value);
      showControl();
    },
  };
}

/** @param {WidgetHost} host */
function controlOf(host) {
  const values = host.editor.document.nodes.get(host.node)?.values ?? {};
  const saved = values[`${host.input.name}/control`];
  return CONTROLS.find((control) => control === saved) ?? 'fixed';
}

/**
 * @param {WidgetHost} host
 * @param {HTMLElement} button
 */
function chooseControl(host, button) {
  const { editor, input, node } = host;
  const current = controlOf(host);
  const entries = CONTROLS.map((control) => ({
    label: editor.t(`widget.seed.${control}`),
    icon: ICONS[control] ?? 'lock',
    checked: control === current,
    run: () => editor.perform(setValue(node, `${input.name}/control`, control)),
  }));
  openMenu(entries, button, { label: editor.t('widget.seed.menu'), edge: 'end' });
}
