/** Texts that a file has itself, in one language or several. */

import { recordOf } from './json.js';

/** @import { Json } from '../types/spec.d.ts' */

/**
 * @param {Json | undefined} text a text, or a record of texts by language
 * @param {string} locale
 * @returns {string} empty where there is none
 */
export function textIn(text, locale) {
  if (typeof text === 'string') return text;
  const texts = recordOf(text);
  const found = texts[locale] ?? texts['en'] ?? Object.values(texts)[0];
  return typeof found === 'string' ? found : '';
}
