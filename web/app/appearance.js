/** How the page looks: theme, size, motion and language, as the user and the system want them. */

import { computed, effect } from '../core/signal.js';
import { firstLocale } from './i18n.js';

/** @import { Application } from '../types/app.d.ts' */

const QUERIES = ['(prefers-color-scheme: light)', '(prefers-contrast: more)'];

/**
 * The theme of a choice. The start page's own script does the same before anything is painted.
 * @param {string} chosen
 * @param {(query: string) => boolean} matches
 */
export function themeOf(chosen, matches) {
  if (chosen !== 'system') return chosen;
  if (matches('(prefers-contrast: more)')) return 'contrast';
  return matches('(prefers-color-scheme: light)') ? 'light' : 'dark';
}

/** @param {Application} editor */
export function followAppearance({ attempt, locale, preferences, translator }) {
  const root = document.documentElement;
  const of = (/** @type {string} */ name) => preferences.of(`appearance.${name}`);
  const showTheme = () => {
    root.dataset['theme'] = themeOf(String(of('theme').get()), (query) => matchMedia(query).matches);
    const color = getComputedStyle(root).getPropertyValue('--surface-panel').trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', color);
  };
  effect(showTheme);
  for (const query of QUERIES) matchMedia(query).addEventListener('change', showTheme);
  effect(() => root.style.setProperty('--ui-scale', String(Number(of('scale').get()) / 100)));
  effect(() => {
    root.dataset['motion'] = String(of('motion').get());
  });
  const wantedLocale = computed(() => firstLocale(of('language').get(), navigator.languages));
  wantedLocale.subscribe((wanted) => {
    void attempt(async () => {
      await translator.load(wanted);
      if (wantedLocale.peek() === wanted) locale.set(wanted);
    });
  });
  effect(() => {
    root.lang = locale.get();
  });
}
