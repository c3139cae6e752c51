/** The further inputs of a node whose type takes any number of them under any name. */

/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */

const NUMBERED = /^(.*\D|)(\d+)$/;

/** How the editor calls the inputs of a type, but for the number: `image_`. @param {string} type */
const stemOf = (type) => (/^\w+$/.test(type) ? `${type.toLowerCase()}_` : 'input_');

/**
 * The names of a node's further inputs in the order in which they are drawn: those that are linked, and one that is
 * free. The free one has the lowest number that none has; names of another kind, which only its file can have given
 * it, stay first.
 * @param {string} type what the further inputs take
 * @param {readonly string[]} names those that its links and its file have, in their order
 * @param {(name: string) => boolean} isLinked
 * @param {(name: string) => boolean} isDeclared whether the node's type has an input of this name
 * @returns {string[]}
 */
export function furtherNames(type, names, isLinked, isDeclared) {
  const stem = names.map((name) => NUMBERED.exec(name)?.[1]).find((found) => found !== undefined) ?? stemOf(type);
  /** @type {Map<number, string>} */
  const numbered = new Map();
  const others = [];
  for (const name of names) {
    const [, start, digits] = NUMBERED.exec(name) ?? [];
    const number = Number(digits);
    if (start !== stem || numbered.has(number)) others.push(name);
    else if (isLinked(name)) numbered.set(number, name);
  }
  let free = 1;
  while (numbered.has(free) || isDeclared(`${stem}${free}`)) free += 1;
  numbered.set(free, `${stem}${free}`);
  return [...others, ...[...numbered].sort(([a], [b]) => a - b).map(([, name]) => name)];
}

/**
 * The free input of a new node, if its type takes further ones.
 * @param {NodeSpec} spec
 * @returns {InputSpec[]}
 */
export function firstFurther({ inputs, variadic }) {
  if (!variadic) return [];
  const isDeclared = (/** @type {string} */ name) => inputs.some((input) => input.name === name);
  return furtherNames(variadic.type, [], () => false, isDeclared).map((name) => ({ ...variadic, name }));
}
