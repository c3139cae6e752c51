/** Texts in the user's language. Stored values are never translated. */

import { Sentences } from '../core/sentences.js';
import { signal } from '../core/signal.js';

/** @import { Translator } from '../types/app.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** @typedef {Record<string, string>} Texts by their keys */

const LOCALES = /** @type {const} */ (['en', 'zh-CN']);
const FALLBACK = 'en';
const TAUGHT = 'sentences.';

/** Languages with texts of the nodes, and with the sentences of the server: it says both in English. */
const NODE_LOCALES = new Set(['zh-CN']);

/** @param {string} locale @returns {Promise<Texts>} the interface in one language */
export const loadTexts = (locale) => read(`../locales/${locale}.json`);

/**
 * What the start does not wait for.
 * @param {string} locale
 * @param {boolean} shown whether the interface has its texts in this language already
 * @returns {Promise<Texts>}
 */
export async function loadMoreTexts(locale, shown) {
  const nodes = NODE_LOCALES.has(locale) ? read(`../locales/nodes.${locale}.json`) : {};
  return { ...(shown ? {} : await loadTexts(locale)), ...(await nodes) };
}

/** What nodes and the server say when something fails, by English templates. @param {string} locale @returns {Promise<Texts>} */
export const loadSentences = async (locale) => (NODE_LOCALES.has(locale) ? read(`../locales/sentences.${locale}.json`) : {});

/** @param {string} path @returns {Promise<Texts>} */
async function read(path) {
  const response = await fetch(new URL(path, import.meta.url));
  return response.json();
}

/**
 * The language to start with: the chosen one, else the browser's where we have it.
 * @param {Json} chosen what was kept of the setting
 * @param {readonly string[]} preferred
 */
export function firstLocale(chosen, preferred) {
  const wanted = typeof chosen === 'string' ? [chosen, ...preferred] : preferred;
  for (const language of wanted) {
    const found = LOCALES.find((locale) => locale.split('-')[0] === language.split('-')[0]);
    if (found) return found;
  }
  return FALLBACK;
}

/**
 * @param {ReadonlyMap<string, Texts>} texts by language
 * @param {string} first the language to start with
 * @param {(locale: string) => Promise<Texts>} [more] reads the texts of a language that are not there yet
 * @param {(locale: string) => Promise<Texts>} [sentences] reads what the server's sentences are in a language
 * @returns {Translator}
 */
export function createTranslator(texts, first, more = async () => ({}), sentences = async () => ({})) {
  const locale = signal(first);
  // A signal for each language, so that one that comes later touches nothing that is shown in another.
  const own = new Map(LOCALES.map((each) => [/** @type {string} */ (each), signal(texts.get(each) ?? {})]));
  /** @type {Map<string, Promise<void>>} */
  const loads = new Map();
  /** @type {Map<string, Sentences>} */
  const said = new Map();
  const learned = /** @type {Signal<ReadonlyMap<string, Texts>>} */ (signal(new Map()));
  const among = (/** @type {string} */ language, /** @type {string} */ key) =>
    own.get(language)?.get()[key] ?? learned.get().get(language)?.[key];
  /** @type {ReadonlyMap<string, Sentences>} */
  let taught = new Map();
  /** Ours, or else those of a pack. @param {string} text */
  const sentence = (text) => {
    const ours = said.get(locale.peek())?.translate(text) ?? text;
    return ours === text ? (taught.get(locale.peek())?.translate(text) ?? text) : ours;
  };
  const find = (/** @type {string} */ key) => among(locale.get(), key) ?? among(FALLBACK, key);
  return {
    locale,
    locales: LOCALES,
    load(language) {
      const known = own.get(language);
      const read = async () => {
        const [texts, others] = await Promise.all([more(language), sentences(language)]);
        said.set(language, new Sentences(others));
        known?.set({ ...known.peek(), ...texts });
      };
      const loading = loads.get(language) ?? read();
      loads.set(language, loading);
      // One that failed is tried again when it is wanted again.
      loading.catch(() => loads.delete(language));
      return loading;
    },
    t: (key, values = {}) => fillIn(find(key) ?? key, values),
    sentence,
    words: (text) => text.split('\n').map((line) => among(locale.peek(), `word.${line}`) ?? sentence(line)).join('\n'),
    has: (key) => find(key) !== undefined,
    all: (key) => LOCALES.flatMap((language) => among(language, key) ?? []),
    learn(more) {
      learned.set(more);
      taught = new Map([...more].map(([language, texts]) => [language, new Sentences(sentencesIn(texts))]));
    },
  };
}

/** What a pack's texts have as the object `sentences`: by English templates. @param {Texts} texts @returns {Texts} */
const sentencesIn = (texts) =>
  Object.fromEntries(Object.entries(texts).flatMap(([key, text]) => (key.startsWith(TAUGHT) ? [[key.slice(TAUGHT.length), text]] : [])));

/** @param {string} text with `{name}` places @param {Record<string, string | number>} values */
function fillIn(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
}
