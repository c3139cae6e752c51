/** Numbers of an input: their range, steps and digits. Whole numbers are exact up to 64 bits. */

import { exact, limitOf, wholeOf } from '../core/exact-integer.js';
import { calculate } from './arithmetic.js';

/** @import {InputSpec, Json} from '../types/spec.d.ts' */
/** @import {Exact} from '../core/exact-integer.js' */

const MOST_DIGITS = 8;
const LEAST = -(2n ** 63n);
const MOST = 2n ** 64n - 1n;
const WHOLE_CHANGE = /^([-+])=\s*(\d+)$/;

/** @param {InputSpec} input */
export function stepOf(input) {
  return input.options.step ?? (input.type === 'INT' ? 1 : 0.01);
}

/**
 * The number that a saved value is.
 *
 * @param {InputSpec} input
 * @param {Json} value
 * @returns {Exact}
 */
export function numberOf(input, value) {
  const whole = input.type === 'INT' ? wholeOf(value) : null;
  if (whole !== null) return exact(whole);
  const number = Number(value ?? 0);
  return Number.isFinite(number) ? number : 0;
}

/**
 * The nearest value that the input takes.
 *
 * @param {InputSpec} input
 * @param {Exact} value
 * @returns {Exact}
 */
export function bounded(input, value) {
  const { min = -Infinity, max = Infinity, round } = input.options;
  if (input.type === 'INT') return boundedWhole(wholeOf(value) ?? BigInt(Math.round(Number(value))), min, max);
  const number = Number(value);
  const near = round ? withoutNoise(Math.round(number / round) * round) : number;
  return Math.min(Math.max(near, min), max);
}

/** @param {bigint} whole @param {number} min @param {number} max */
function boundedWhole(whole, min, max) {
  const least = Number.isFinite(min) ? limitOf(min) : LEAST;
  const most = Number.isFinite(max) ? limitOf(max) : MOST;
  return exact(whole < least ? least : whole > most ? most : whole);
}

/**
 * The value some steps further.
 *
 * @param {InputSpec} input
 * @param {Exact} value
 * @param {number} steps parts of steps for numbers with decimals
 * @returns {Exact}
 */
export function stepped(input, value, steps) {
  const by = steps * stepOf(input);
  if (input.type !== 'INT') return bounded(input, withoutNoise(Number(value) + by));
  const far = by < 0 ? Math.min(-1, Math.round(by)) : Math.max(1, Math.round(by));
  return bounded(input, String((wholeOf(value) ?? 0n) + BigInt(steps === 0 ? 0 : far)));
}

/**
 * The number that a text means for an input: a number, a sum, a change.
 *
 * @param {InputSpec} input
 * @param {string} text
 * @param {Exact} value the present one
 * @returns {Exact | null} not bounded yet; null when it means none
 */
export function typedNumber(input, text, value) {
  const { min, max } = input.options;
  if (input.type === 'INT') {
    const plain = wholeOf(text);
    if (plain !== null) return exact(plain);
    const [, sign, by] = WHOLE_CHANGE.exec(text.trim()) ?? [];
    const present = wholeOf(value);
    if (by !== undefined && present !== null) return exact(sign === '-' ? present - BigInt(by) : present + BigInt(by));
  }
  const found = calculate(text, { value: Number(value), min, max, whole: input.type === 'INT' });
  return found === null || input.type !== 'INT' ? found : exact(BigInt(Math.round(found)));
}

/**
 * @param {InputSpec} input
 * @param {Exact} value
 * @returns {string} with at least the digits of a step
 */
export function format(input, value) {
  if (typeof value === 'string' || input.type === 'INT') return String(value);
  const plain = String(withoutNoise(value));
  const shown = plain.includes('.') ? plain.length - plain.indexOf('.') - 1 : 0;
  return plain.includes('e') ? plain : value.toFixed(Math.max(shown, digits(stepOf(input))));
}

/**
 * The range as people read it.
 *
 * @param {InputSpec} input
 * @returns {{ least: string | null, most: string | null }} null where there is no limit
 */
export function rangeOf({ type, options: { min, max } }) {
  const told = (/** @type {number | undefined} */ limit) => {
    if (limit === undefined || !Number.isFinite(limit)) return null;
    return type === 'INT' ? String(limitOf(limit)) : String(withoutNoise(limit));
  };
  return { least: told(min), most: told(max) };
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
