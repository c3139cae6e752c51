/** Axes of plots: ranges, ticks and places, on even and on logarithmic scales. */

/** @import { Axis, Scale, Series } from '../types/figures.d.ts' */

/**
 * @param {readonly (number | null)[]} values
 * @param {Scale} scale
 * @param {number} margin room beside the outermost values, as a part of the range
 * @returns {Axis} around all values that the scale has
 */
export function axisAround(values, scale, margin) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || (scale === 'log' && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return scale === 'log' ? { scale, low: 1, high: 10 } : { scale, low: 0, high: 1 };
  if (low === high) {
    if (scale === 'log') return { scale, low: low / 2, high: high * 2 };
    // What begins at 0, such as steps, seldom lies below it.
    if (low === 0) return { scale, low: 0, high: 1 };
    const half = Math.abs(low) / 2;
    return { scale, low: low - half, high: high + half };
  }
  const [from, to] = [forward(scale, low), forward(scale, high)];
  const room = (to - from) * margin;
  return { scale, low: backward(scale, from - room), high: backward(scale, to + room) };
}

/** @param {Scale} scale @param {number} value */
const forward = (scale, value) => (scale === 'log' ? Math.log10(value) : value);

/** @param {Scale} scale @param {number} value */
const backward = (scale, value) => (scale === 'log' ? 10 ** value : value);

/**
 * @param {Axis} axis
 * @param {number} value
 * @returns {number | null} 0 to 1 inside of the range; null for what a logarithmic axis does not have
 */
export function placeOn({ scale, low, high }, value) {
  if (scale === 'log' && value <= 0) return null;
  const [from, to] = [forward(scale, low), forward(scale, high)];
  return (forward(scale, value) - from) / (to - from);
}

/** @param {Axis} axis @param {number} place @returns {number} the value there */
export function valueAt({ scale, low, high }, place) {
  const [from, to] = [forward(scale, low), forward(scale, high)];
  return backward(scale, from + place * (to - from));
}

/**
 * Round values inside of the range.
 *
 * @param {Axis} axis
 * @param {number} most
 * @returns {number[]}
 */
export function ticksOf(axis, most) {
  return axis.scale === 'log' && axis.high / axis.low >= 10 ? logTicks(axis, most) : evenTicks(axis, most);
}

/** Multiples of 1, 2 or 5 times a power of ten. @param {Axis} axis @param {number} most */
function evenTicks({ low, high }, most) {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * (1 - 1e-9)) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // From whole numbers, so that errors do not add up; 0 is not minus 0.
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)) + 0);
}

/** Powers of ten, with 2 and 5 between them where there is room. @param {Axis} axis @param {number} most */
function logTicks({ low, high }, most) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const stride = Math.max(1, Math.ceil((last - first) / Math.max(1, most)));
  const factors = (last - first) * 3 <= most ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = first; power <= last; power += stride) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

/**
 * A number as an axis or a label has it: short, and as exact as its neighbours need.
 *
 * @param {number} value
 * @returns {string}
 */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
  return String(Number(value.toPrecision(5)));
}

/**
 * The point of a line that is nearest to a place from left to right.
 *
 * @param {Series} series
 * @param {Axis} axis
 * @param {number} place 0 to 1
 * @returns {number} its index, -1 where there is none inside of the range
 */
export function nearestPoint({ x, y }, axis, place) {
  let [best, distance] = [-1, Infinity];
  for (let index = 0; index < x.length; index += 1) {
    const [across, value] = [x[index] ?? null, y[index] ?? null];
    const at = across === null || value === null ? null : placeOn(axis, across);
    if (at === null || at < -1e-9 || at > 1 + 1e-9 || Math.abs(at - place) >= distance) continue;
    [best, distance] = [index, Math.abs(at - place)];
  }
  return best;
}
