/** Curves through points: smooth without turns that the points do not have (PCHIP), or straight from point to point. */

/** @import { CurveValue } from '../types/curve.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

/** How near points may come to each other from left to right. */
const GAP = 0.002;

/** @type {Readonly<CurveValue>} */
export const STRAIGHT = { points: [[0, 0], [1, 1]] };

/** Called `widget.curve.preset.<name>` in the locales. @type {Readonly<Record<string, CurveValue>>} */
export const PRESETS = {
  straight: STRAIGHT,
  brighter: { points: [[0, 0], [0.4, 0.55], [1, 1]] },
  darker: { points: [[0, 0], [0.6, 0.45], [1, 1]] },
  contrast: { points: [[0, 0], [0.25, 0.18], [0.75, 0.82], [1, 1]] },
  soft: { points: [[0, 0], [0.25, 0.32], [0.75, 0.68], [1, 1]] },
  faded: { points: [[0, 0.12], [0.5, 0.52], [1, 0.92]] },
  negative: { points: [[0, 1], [1, 0]] },
};

/**
 * @param {Json} value
 * @returns {CurveValue} a straight line in place of what is no curve
 */
export function readCurve(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return STRAIGHT;
  const points = Array.isArray(value['points']) ? value['points'].flatMap(readPoint) : [];
  points.sort(([a], [b]) => a - b);
  const apart = points.filter(([x], index) => index === 0 || x > (points[index - 1]?.[0] ?? -1));
  if (apart.length < 2) return STRAIGHT;
  return value['interpolation'] === 'linear' ? { points: apart, interpolation: 'linear' } : { points: apart };
}

/** @param {Json} point @returns {[number, number][]} */
function readPoint(point) {
  if (!Array.isArray(point)) return [];
  const [x, y] = point;
  return typeof x === 'number' && typeof y === 'number' ? [[bounded(x), bounded(y)]] : [];
}

/** @param {number} value */
const bounded = (value) => Math.min(1, Math.max(0, value));

/**
 * The slope of the smooth curve at each point: between two points the weighted harmonic mean of the slopes beside it
 * (Fritsch and Butland, 1984), at an end that of the parabola through three points, bounded so that it does not turn.
 *
 * @param {CurveValue['points']} points
 * @returns {number[]}
 */
function slopesOf(points) {
  const widths = points.slice(1).map(([x], index) => x - (points[index]?.[0] ?? 0));
  const secants = points.slice(1).map(([, y], index) => (y - (points[index]?.[1] ?? 0)) / (widths[index] ?? 1));
  const last = secants.length - 1;
  const of = (/** @type {number[]} */ list, /** @type {number} */ index) => list[index] ?? 0;
  if (last === 0) return [of(secants, 0), of(secants, 0)];
  return points.map((_, index) => {
    if (index === 0) return endSlope(of(widths, 0), of(widths, 1), of(secants, 0), of(secants, 1));
    if (index > last) return endSlope(of(widths, last), of(widths, last - 1), of(secants, last), of(secants, last - 1));
    const [before, after] = [of(secants, index - 1), of(secants, index)];
    if (before * after <= 0) return 0;
    const [w1, w2] = [2 * of(widths, index) + of(widths, index - 1), of(widths, index) + 2 * of(widths, index - 1)];
    return (w1 + w2) / (w1 / before + w2 / after);
  });
}

/**
 * @param {number} near the width of the stretch at this end
 * @param {number} next that of the one beside it
 * @param {number} nearSecant
 * @param {number} nextSecant
 */
function endSlope(near, next, nearSecant, nextSecant) {
  const slope = ((2 * near + next) * nearSecant - near * nextSecant) / (near + next);
  if (slope * nearSecant <= 0) return 0;
  if (nearSecant * nextSecant < 0 && Math.abs(slope) > 3 * Math.abs(nearSecant)) return 3 * nearSecant;
  return slope;
}

/**
 * @param {CurveValue} curve
 * @returns {(x: number) => number} level beside the first and the last point
 */
export function curveFunction({ points, interpolation }) {
  const slopes = slopesOf(points);
  return (x) => {
    const after = points.findIndex(([place]) => place >= x);
    const [first, last] = [points[0], points.at(-1)];
    if (after <= 0) return (after < 0 ? last?.[1] : first?.[1]) ?? 0;
    const [x0, y0] = points[after - 1] ?? [0, 0];
    const [x1, y1] = points[after] ?? [1, 1];
    const width = x1 - x0;
    const t = (x - x0) / width;
    if (interpolation === 'linear') return y0 + (y1 - y0) * t;
    const [m0, m1] = [(slopes[after - 1] ?? 0) * width, (slopes[after] ?? 0) * width];
    const s = 1 - t;
    return (1 + 2 * t) * s * s * y0 + t * s * s * m0 + t * t * (3 - 2 * t) * y1 - t * t * s * m1;
  };
}

/**
 * @param {CurveValue} curve
 * @param {number} index
 * @param {number} x
 * @param {number} y
 * @returns {CurveValue} the point does not pass its neighbours
 */
export function movePoint(curve, index, x, y) {
  const low = (curve.points[index - 1]?.[0] ?? -GAP) + GAP;
  const high = (curve.points[index + 1]?.[0] ?? 1 + GAP) - GAP;
  const place = /** @type {[number, number]} */ ([rounded(Math.min(high, Math.max(low, x))), rounded(bounded(y))]);
  return { ...curve, points: curve.points.map((point, at) => (at === index ? place : point)) };
}

/**
 * @param {CurveValue} curve
 * @param {number} x
 * @param {number} y
 * @returns {{ curve: CurveValue, index: number }} with the new point's index; where a point is already, that one
 */
export function addPoint(curve, x, y) {
  const near = curve.points.findIndex(([place]) => Math.abs(place - x) < GAP);
  if (near >= 0) return { curve: movePoint(curve, near, x, y), index: near };
  const after = curve.points.findIndex(([place]) => place > x);
  const index = after < 0 ? curve.points.length : after;
  const points = curve.points.toSpliced(index, 0, [rounded(bounded(x)), rounded(bounded(y))]);
  return { curve: { ...curve, points }, index };
}

/** @param {CurveValue} curve @param {number} index @returns {CurveValue} two points stay at least */
export function removePoint(curve, index) {
  return curve.points.length <= 2 ? curve : { ...curve, points: curve.points.toSpliced(index, 1) };
}

/** Files are read by people too. @param {number} value */
const rounded = (value) => Math.round(value * 10_000) / 10_000;
