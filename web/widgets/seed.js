/**
 * Seeds: a number, a dice that throws a new one, and what happens to the seed before the next job. The field shows the
 * seed of the picture that is shown; it changes when the next job is queued, not when one ends.
 */

import { LARGEST_SEED, randomInteger } from '../core/seeds.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { controlButton, controlEntries } from './control.js';
import { bounded, format, numberOf } from './number-format.js';
import { mountNumber } from './number.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {Json} from '../types/spec.d.ts' */
/** @import {MenuEntry} from '../types/ui.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function seedWidget(host) {
  const { editor, input } = host;
  const put = (/** @type {Json} */ seed) => {
    widget.set(seed);
    host.onChange(seed, true);
  };
  const throwDice = () => {
    const least = Math.max(input.options.min ?? 0, 0);
    const most = Math.min(input.options.max ?? LARGEST_SEED, LARGEST_SEED);
    put(bounded(input, randomInteger(least, most, Math.random)));
  };
  const label = editor.t('widget.seed.new');
  const dice = h('button', { class: 'widget-button', type: 'button', 'aria-label': label, 'data-tip': label, onclick: throwDice }, icon('dice'));
  const control = controlButton(host, () => seedEntries(host, put));
  const widget = mountNumber(host, 'seed', [dice, control.button]);
  return {
    ...widget,
    set(value) {
      widget.set(value);
      control.show();
    },
    menu: () => [
      { label, icon: 'dice', run: throwDice },
      { label: editor.t('widget.seed.menu'), icon: 'shuffle', items: controlEntries(host) },
      ...seedEntries(host, put),
    ],
  };
}

/**
 * Going back to seeds that jobs had.
 *
 * @param {WidgetHost} host
 * @param {(seed: Json) => void} put
 * @returns {MenuEntry[]}
 */
function seedEntries(host, put) {
  const { editor, input, node } = host;
  const used = editor.widgets.seeds(node, input.name);
  const [last, ...earlier] = used;
  if (last === undefined) return [];
  const present = editor.document.nodes.get(node)?.values[input.name] ?? null;
  const shown = (/** @type {Json} */ seed) => format(input, numberOf(input, seed));
  /** @type {MenuEntry[]} */
  const entries = [
    'separator',
    {
      label: editor.t('widget.seed.last', { seed: shown(last) }),
      icon: 'undo',
      disabled: Object.is(present, last),
      run: () => put(last),
    },
  ];
  if (earlier.length > 0) {
    const items = earlier.map((seed) => ({ label: shown(seed), checked: Object.is(present, seed), run: () => put(seed) }));
    entries.push({ label: editor.t('widget.seed.earlier'), icon: 'clock', items });
  }
  return entries;
}
