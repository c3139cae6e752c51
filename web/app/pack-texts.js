/** Translations that packs bring, in the shape of ComfyUI's locale files, as texts of the editor. */

/** @import { Json } from '../types/spec.d.ts' */
/** @import { Texts } from './i18n.js' */

/** @typedef {{ [key: string]: Json }} Tree */

/**
 * `main.json` gives texts by their keys with dots between them, and categories; `nodeDefs.json` names of nodes, inputs
 * and outputs.
 * @param {Record<string, Json>} answer of `/api/i18n`: by language
 * @param {readonly string[]} locales the languages of the editor
 * @returns {Map<string, Texts>}
 */
export function packTexts(answer, locales) {
  return new Map(
    locales.map((locale) => {
      // ComfyUI's `zh` is our `zh-CN`; a pack may have both, and then the exact one counts.
      const found = [locale.split('-')[0] ?? locale, locale].map((language) => tree(answer[language]));
      return [locale, Object.assign({}, ...found.map(textsOf))];
    }),
  );
}

/** @param {Tree} language @returns {Texts} */
function textsOf({ nodeDefs, nodeCategories, commands: _commands, settings: _settings, ...main }) {
  /** @type {Texts} */
  const texts = {};
  flatten('', main, texts);
  flatten('category.', tree(nodeCategories), texts);
  for (const [type, about] of Object.entries(tree(nodeDefs))) addNode(`node.${type}`, tree(about), texts);
  return texts;
}

/** @param {string} key @param {Tree} about @param {Texts} texts */
function addNode(key, about, texts) {
  put(texts, `${key}.title`, about['display_name']);
  put(texts, `${key}.description`, about['description']);
  for (const [input, entry] of Object.entries(tree(about['inputs']))) {
    put(texts, `${key}.input.${input}`, tree(entry)['name']);
    put(texts, `${key}.tip.${input}`, tree(entry)['tooltip']);
  }
  for (const [output, entry] of Object.entries(tree(about['outputs']))) {
    put(texts, `${key}.output.${output}`, tree(entry)['name']);
  }
}

/** @param {string} prefix @param {Tree} content @param {Texts} texts */
function flatten(prefix, content, texts) {
  for (const [key, value] of Object.entries(content)) {
    put(texts, prefix + key, value);
    flatten(`${prefix}${key}.`, tree(value), texts);
  }
}

/** @param {Texts} texts @param {string} key @param {Json | undefined} value */
function put(texts, key, value) {
  if (typeof value === 'string' && value !== '') texts[key] = value;
}

/** @param {Json | undefined} value @returns {Tree} */
const tree = (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});
