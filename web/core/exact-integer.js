/** Whole numbers of up to 64 bits: numbers as long as those are exact, beyond that their decimal digits as text. */

/** @import { Json } from '../types/spec.d.ts' */

/** @typedef {number | string} Exact */

const DIGITS = /^[-+]?\d+$/;
/** Ten digits more than a double holds exactly; shorter ones are left to JSON. */
const LONG = /\d{16}/;

/**
 * @param {unknown} value
 * @returns {bigint | null} null when it is no whole number
 */
export function wholeOf(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : null;
  if (typeof value !== 'string') return null;
  const digits = value.trim();
  return DIGITS.test(digits) ? BigInt(digits.replace('+', '')) : null;
}

/** @param {bigint} whole @returns {Exact} */
export function exact(whole) {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : String(whole);
}

/**
 * A limit as it was meant: JSON gives 2^64 for the limit 2^64 - 1 of an input of 64 bits.
 * @param {number} limit
 * @returns {bigint}
 */
export function limitOf(limit) {
  const whole = BigInt(Math.trunc(limit));
  return limit === 2 ** 64 || limit === 2 ** 63 ? whole - 1n : whole;
}

/**
 * Read JSON without rounding whole numbers that a double cannot hold: they become text.
 * @param {string} text
 * @returns {Json}
 * @throws SyntaxError
 */
export function parseExactly(text) {
  if (!LONG.test(text)) return JSON.parse(text);
  const keep = (/** @type {string} */ _, /** @type {Json} */ value, /** @type {{ source?: string }} */ context) => {
    const { source } = context;
    if (typeof value !== 'number' || source === undefined || !DIGITS.test(source)) return value;
    return exact(BigInt(source));
  };
  return JSON.parse(text, /** @type {(this: object, key: string, value: Json) => Json} */ (/** @type {unknown} */ (keep)));
}
