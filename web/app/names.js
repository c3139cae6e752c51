/** Names of node types and inputs in the user's language. What has no translation keeps the server's name. */

/** @import { Application, Translator } from '../types/app.d.ts' */
/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

/**
 * @param {Translator} translator
 * @param {SpecOf} findSpec
 * @returns {Pick<Application, 'nodeTitle' | 'inputLabel' | 'typeTitle' | 'typeDescription' | 'typeCategory' | 'typeNames'>}
 */
export function createNames({ t, has, all, locale }, findSpec) {
  const key = (/** @type {NodeSpec} */ spec) => `node.${spec.aliasOf ?? spec.type}`;
  const titleOf = (/** @type {NodeSpec} */ spec) => (has(`${key(spec)}.title`) ? t(`${key(spec)}.title`) : spec.title);
  return {
    nodeTitle(node) {
      if (node.title !== null) return node.title;
      const spec = findSpec(node);
      return spec ? titleOf(spec) : node.type;
    },
    inputLabel(type, input) {
      for (const name of [`node.${type}.input.${input}`, `input.${input}`]) if (has(name)) return t(name);
      return locale.get() === 'en' ? input.replaceAll('_', ' ') : input;
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
 * The types with the explanations of their inputs in the user's language.
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {Translator} translator
 * @returns {Map<string, NodeSpec>}
 */
export function explainInputs(specs, { t, has }) {
  const explain = (/** @type {NodeSpec} */ spec, /** @type {InputSpec} */ input) => {
    const keys = [`node.${spec.aliasOf ?? spec.type}.tip.${input.name}`, `tip.${input.name}`];
    const key = input.options.tooltip === undefined ? undefined : keys.find(has);
    return key === undefined ? input : { ...input, options: { ...input.options, tooltip: t(key) } };
  };
  return new Map(
    [...specs].map(([type, spec]) => [type, { ...spec, inputs: spec.inputs.map((input) => explain(spec, input)) }]),
  );
}
