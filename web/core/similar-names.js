/** Names that are much like another one: what somebody may have meant. */

/**
 * The names most like one, the likest first; files are compared without folder and ending.
 * @param {string} name
 * @param {readonly string[]} names
 * @param {number} [most]
 * @returns {string[]}
 */
export function similarNames(name, names, most = 5) {
  const wanted = plain(name);
  return names
    .map((each) => ({ name: each, score: likeness(wanted, plain(each)) }))
    .filter(({ score }) => score >= LEAST)
    .sort((a, b) => b.score - a.score || a.name.length - b.name.length)
    .slice(0, most)
    .map((each) => each.name);
}

/** Names that have less in common are not meant. */
const LEAST = 0.4;

/** @param {string} name */
const plain = (name) =>
  (name.split(/[/\\]/).at(-1) ?? name)
    .replace(/\.(safetensors|sft|ckpt|pth?|bin|gguf|onnx|png|jpe?g|webp|ya?ml)$/i, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();

/**
 * How much two names have in common, 0 to 1: pairs of letters, and whole words whatever their order.
 * @param {string} a
 * @param {string} b
 */
function likeness(a, b) {
  if (a === b) return 1;
  const letters = shared(pairs(a), pairs(b));
  const words = shared(a.split(/[^\p{L}\p{N}]+/u).filter(Boolean), b.split(/[^\p{L}\p{N}]+/u).filter(Boolean));
  return 0.99 * Math.max(letters, 0.5 * letters + 0.5 * words);
}

/** @param {string} text */
function pairs(text) {
  const letters = [...text.replace(/[^\p{L}\p{N}]+/gu, '')];
  return letters.length < 2 ? letters : letters.slice(1).map((letter, at) => `${letters[at]}${letter}`);
}

/** What two lists share, as a part of both (Dice's coefficient). @param {string[]} a @param {string[]} b */
function shared(a, b) {
  if (a.length + b.length === 0) return 0;
  /** @type {Map<string, number>} */
  const left = new Map();
  for (const each of a) left.set(each, (left.get(each) ?? 0) + 1);
  let both = 0;
  for (const each of b) {
    const count = left.get(each) ?? 0;
    if (count > 0) both += 1;
    left.set(each, count - 1);
  }
  return (2 * both) / (a.length + b.length);
}
