/** Names by which open workflows can be told apart. */

/**
 * A workflow in a folder is called without it, unless another one has that name; equal names are numbered.
 * @param {readonly string[]} names with their folders: `cats/portrait`
 * @returns {string[]}
 */
export function distinctNames(names) {
  const short = names.map((name) => name.split('/').at(-1) ?? name);
  const wanted = names.map((name, at) => (isOnly(short, at) || sameOnly(names, name) ? (short[at] ?? name) : name));
  /** @type {Map<string, number>} */
  const counts = new Map();
  return wanted.map((name) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

/** @param {readonly string[]} names @param {number} at */
const isOnly = (names, at) => names.every((name, other) => other === at || name !== names[at]);

/** Whether whoever has the short name has the folder too, so that the folder tells nothing. @param {readonly string[]} names @param {string} name */
function sameOnly(names, name) {
  const short = name.split('/').at(-1);
  return names.every((other) => other === name || other.split('/').at(-1) !== short);
}
