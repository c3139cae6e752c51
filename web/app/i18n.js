/** Texts in the user's language. Stored values are never translated. */

import { signal } from '../core/signal.js';

/** @import { Translator } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/** @typedef {Record<string, string>} Texts by their keys */

export const LOCALES = /** @type {const} */ (['en', 'zh-CN']);
const FALLBACK = 'en';

/** @returns {Promise<Map<string, Texts>>} the texts of every language: search finds nodes in all of them */
export async function loadTexts() {
  const loaded = LOCALES.map(async (locale) => {
    const response = await fetch(new URL(`../locales/${locale}.json`, import.meta.url));
    return /** @type {[string, Texts]} */ ([locale, await response.json()]);
  });
  return new Map(await Promise.all(loaded));
}

/**
 * The language to start with: the one chosen before, else the browser's where we have it.
 * @param {string | null} chosen
 * @param {readonly string[]} preferred
 */
export function firstLocale(chosen, preferred) {
  const wanted = chosen === null ? preferred : [chosen, ...preferred];
  for (const language of wanted) {
    const found = LOCALES.find((locale) => locale.split('-')[0] === language.split('-')[0]);
    if (found) return found;
  }
  return FALLBACK;
}

/**
 * @param {ReadonlyMap<string, Texts>} texts by language
 * @param {string} first the language to start with
 * @returns {Translator}
 */
export function createTranslator(texts, first) {
  const locale = signal(first);
  const learned = /** @type {Signal<ReadonlyMap<string, Texts>>} */ (signal(new Map()));
  const among = (/** @type {string} */ language, /** @type {string} */ key) =>
    texts.get(language)?.[key] ?? learned.get().get(language)?.[key];
  const find = (/** @type {string} */ key) => among(locale.get(), key) ?? among(FALLBACK, key);
  return {
    locale,
    locales: [...texts.keys()],
    t: (key, values = {}) => fillIn(find(key) ?? key, values),
    has: (key) => find(key) !== undefined,
    all: (key) => [...texts.keys()].flatMap((language) => among(language, key) ?? []),
    learn: (more) => learned.set(more),
  };
}

/** @param {string} text with `{name}` places @param {Record<string, string | number>} values */
function fillIn(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}
