/** Names of node types and inputs in the user's language. What has no translation keeps the server's name. */

import { FREE, isBorder } from '../core/subgraph-border.js';

/** @import { Application, Translator } from '../types/app.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

/** One of any number of inputs: `image_2`. */
const NUMBERED = /^(.+)_(\d+)$/;

/**
 * @param {Translator} translator
 * @param {SpecOf} findSpec
 * @returns {Pick<Application, 'nodeTitle' | 'inputLabel' | 'outputLabel' | 'typeTitle' | 'typeDescription' | 'typeCategory' | 'typeNames'>}
 */
export function createNames({ t, has, all, locale }, findSpec) {
  const key = (/** @type {NodeSpec} */ spec) => `node.${spec.aliasOf ?? spec.type}`;
  const titleOf = (/** @type {NodeSpec} */ spec) => (has(`${key(spec)}.title`) ? t(`${key(spec)}.title`) : spec.title);
  /** @param {string} type @param {string} given */
  function inputLabel(type, given) {
    // A widget of a subgraph's inner node is called after this node and itself.
    const input = given.split(':').at(-1) ?? given;
    for (const name of [`node.${type}.input.${input}`, `input.${input}`]) if (has(name)) return t(name);
    const [, stem, number] = NUMBERED.exec(input) ?? [];
    if (stem !== undefined && has(`input.${stem}`)) return `${t(`input.${stem}`)} ${number}`;
    return locale.get() === 'en' ? input.replaceAll('_', ' ') : input;
  }
  return {
    nodeTitle(node) {
      if (node.title !== null) return node.title;
      const spec = findSpec(node);
      return spec ? titleOf(spec) : node.type;
    },
    inputLabel,
    outputLabel(node, output, name) {
      if (isBorder(node)) return name === FREE ? t('subgraph.new-input') : inputLabel(node.type, name);
      const spec = findSpec(node);
      return outputName({ t, has }, spec?.aliasOf ?? spec?.type ?? '', output, name);
    },
    typeTitle: titleOf,
    typeDescription(spec) {
      const description = `${key(spec)}.description`;
      return has(description) ? t(description) : spec.description;
    },
    typeCategory: ({ category }) =>
      category
        .split('/')
        .map((part) => (has(`category.${part}`) ? t(`category.${part}`) : part))
        .join(' / '),
    typeNames: (spec) => all(`${key(spec)}.title`),
  };
}

/**
 * An output's name in the user's language; many are called what their type is.
 * @param {Pick<Translator, 't' | 'has'>} translator
 * @param {string} type
 * @param {number} output
 * @param {string} name
 */
export function outputName({ t, has }, type, output, name) {
  const found = [`node.${type}.output.${output}`, `output.${name}`].find(has);
  return found === undefined ? name : t(found);
}

/**
 * The types with the explanations of their inputs in the user's language.
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {Translator} translator
 * @returns {Map<string, NodeSpec>}
 */
export function explainInputs(specs, { t, has }) {
  const explain = (/** @type {NodeSpec} */ spec, /** @type {InputSpec} */ input) => {
    const own = `node.${spec.aliasOf ?? spec.type}.tip.${input.name}`;
    const general = input.options.tooltip === undefined ? [] : [`tip.${input.name}`];
    const key = [own, ...general].find(has);
    return key === undefined ? input : { ...input, options: { ...input.options, tooltip: t(key) } };
  };
  return new Map(
    [...specs].map(([type, spec]) => [type, { ...spec, inputs: spec.inputs.map((input) => explain(spec, input)) }]),
  );
}
