/** What results are kept, in memory and on disk, and forgetting them: a part of the settings. */

import { bytesIn } from '../app/bytes.js';
import { fill, h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { CacheFigures, CacheTier } from '../types/net.d.ts' */

/**
 * @param {Application} editor
 * @returns {HTMLElement} fills itself when the server has answered
 */
export function cacheSettings(editor) {
  const { attempt, client, freeMemory, t } = editor;
  const rows = h('div', { class: 'cache-tiers', role: 'status' });
  const show = (/** @type {CacheFigures} */ { memory, disk }) =>
    fill(rows, tierRow(editor, 'memory', memory, show), tierRow(editor, 'disk', disk, show));
  void attempt(async () => show(await client.cache()));
  const free = h(
    'button',
    {
      class: 'button',
      type: 'button',
      onclick: () =>
        void attempt(async () => {
          await freeMemory();
          show(await client.cache());
        }),
    },
    t('command.run.free-memory'),
  );
  return h('div', null, h('p', { class: 'settings-note' }, t('cache.note')), rows, free);
}

/**
 * @param {Application} editor
 * @param {'memory' | 'disk'} tier
 * @param {CacheTier | null} figures null where it is off
 * @param {(figures: CacheFigures) => void} show
 */
function tierRow({ attempt, client, locale, t }, tier, figures, show) {
  const clear = figures && {
    label: t('cache.clear'),
    run: () => void attempt(async () => show(await client.clearCache(tier))),
  };
  return h(
    'div',
    { class: 'setting' },
    h('span', null, t(`cache.${tier}`)),
    h('span', { class: 'cache-figures' }, figures ? said(figures, locale.peek(), t) : t('cache.off')),
    clear &&
      h(
        'button',
        {
          class: 'button',
          type: 'button',
          disabled: figures.entries === 0,
          'aria-label': `${clear.label}: ${t(`cache.${tier}`)}`,
          onclick: clear.run,
        },
        clear.label,
      ),
  );
}

/** @param {CacheTier} figures @param {string} locale @param {Application['t']} t */
function said({ entries: count, bytes, budget }, locale, t) {
  const values = { count, size: bytesIn(bytes, locale), budget: bytesIn(budget, locale) };
  return t(count === 1 ? 'cache.figures.one' : 'cache.figures', values);
}
