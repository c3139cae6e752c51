/** Numbers of an input: their range, steps and digits. */

/** @import {InputSpec} from '../types/spec.d.ts' */

const MOST_DIGITS = 8;
/** Larger integers are not exact in a browser. */
const EXACT = Number.MAX_SAFE_INTEGER;

/** @param {InputSpec} input */
export function stepOf(input) {
  return input.options.step ?? (input.type === 'INT' ? 1 : 0.01);
}

/**
 * The nearest value that the input takes.
 *
 * @param {InputSpec} input
 * @param {number} value
 * @returns {number}
 */
export function bounded(input, value) {
  const { min = -EXACT, max = EXACT, round } = input.options;
  const near = input.type === 'INT' ? Math.round(value) : round ? withoutNoise(Math.round(value / round) * round) : value;
  return Math.min(Math.max(near, min, -EXACT), max, EXACT);
}

/**
 * The value some steps further, on the raster that starts at the least value.
 *
 * @param {InputSpec} input
 * @param {number} value
 * @param {number} steps
 * @returns {number}
 */
export function stepped(input, value, steps) {
  return bounded(input, withoutNoise(value + steps * stepOf(input)));
}

/**
 * @param {InputSpec} input
 * @param {number} value
 * @returns {string} with at least the digits of a step
 */
export function format(input, value) {
  if (input.type === 'INT') return String(value);
  const plain = String(withoutNoise(value));
  const shown = plain.includes('.') ? plain.length - plain.indexOf('.') - 1 : 0;
  return plain.includes('e') ? plain : value.toFixed(Math.max(shown, digits(stepOf(input))));
}

/** @param {number} value free of what binary fractions leave behind: 0.1 + 0.2 is 0.3 */
function withoutNoise(value) {
  return Number(value.toPrecision(12));
}

/** @param {number} step */
function digits(step) {
  const text = String(step);
  return text.includes('.') ? Math.min(MOST_DIGITS, text.length - text.indexOf('.') - 1) : 0;
}
