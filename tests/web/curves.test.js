import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addPoint,
  curveFunction,
  movePoint,
  PRESETS,
  readCurve,
  removePoint,
  STRAIGHT,
} from '../../web/core/monotone-curve.js';
import { defaultValue, readSpec } from '../../web/core/spec.js';

const PLACES = [0.06, 0.1, 0.13, 0.3, 0.45, 0.62, 0.77, 0.93];

// Computed with scipy.interpolate.PchipInterpolator, places outside of the points taken as their ends.
const SCIPY = [
  [[[0, 0], [1, 1]], PLACES],
  [
    [[0, 0], [0.25, 0.6], [1, 1]],
    [0.175754088, 0.290969492, 0.372174753, 0.64761833, 0.775166353, 0.888729512, 0.957961602, 0.995980093],
  ],
  [
    [[0.05, 0.2], [0.2, 0.2], [0.5, 0.9], [0.8, 0.3], [1, 0.35]],
    [0.2, 0.2, 0.2, 0.381481481, 0.848148148, 0.6888, 0.3168, 0.31373125],
  ],
  [
    [[0, 0.9], [0.1, 0.1], [0.15, 0.95], [1, 0]],
    [0.1512, 0.1, 0.6508, 0.944779157, 0.908233259, 0.789394504, 0.581326521, 0.215907755],
  ],
];

test('a smooth curve is that of scipy', () => {
  for (const [points, expected] of SCIPY) {
    const value = curveFunction({ points });
    PLACES.forEach((x, index) => assert.ok(Math.abs(value(x) - expected[index]) < 1e-8, `${JSON.stringify(points)} ${x}`));
  }
});

test('a curve goes through its points and is level beside them', () => {
  const points = [[0.2, 0.7], [0.5, 0.1], [0.9, 0.4]];
  for (const interpolation of ['monotone_cubic', 'linear']) {
    const value = curveFunction({ points, interpolation });
    for (const [x, y] of points) assert.ok(Math.abs(value(x) - y) < 1e-12);
    assert.deepEqual([value(0), value(1)], [0.7, 0.4]);
  }
  assert.ok(Math.abs(curveFunction({ points, interpolation: 'linear' })(0.35) - 0.4) < 1e-12);
});

test('between two points a smooth curve does not leave their range', () => {
  const points = [[0, 0], [0.1, 0.9], [0.12, 0.91], [0.7, 0.2], [1, 0.2]];
  const value = curveFunction({ points });
  for (let step = 0; step <= 1000; step += 1) {
    const x = step / 1000;
    const after = Math.max(1, points.findIndex(([place]) => place >= x));
    const [low, high] = [points[after - 1][1], points[after][1]].sort((a, b) => a - b);
    assert.ok(value(x) >= low - 1e-12 && value(x) <= high + 1e-12, String(x));
  }
});

test('points are moved between their neighbours, added in order, and two of them stay', () => {
  const { curve, index } = addPoint(STRAIGHT, 0.25, 0.6);
  assert.deepEqual([curve.points, index], [[[0, 0], [0.25, 0.6], [1, 1]], 1]);
  assert.deepEqual(movePoint(curve, 1, 5, -3).points[1], [0.998, 0]);
  assert.deepEqual(movePoint(curve, 0, 0.9, 0.5).points[0], [0.248, 0.5]);
  assert.deepEqual(addPoint(curve, 0.2505, 0.9).index, 1, 'there is one already');
  assert.equal(removePoint(curve, 1).points.length, 2);
  assert.equal(removePoint(removePoint(curve, 1), 0).points.length, 2);
  assert.deepEqual(STRAIGHT.points, [[0, 0], [1, 1]], 'the curve that was there is not changed');
});

test('whatever a file holds becomes a curve', () => {
  for (const value of [null, 3, 'x', [], [[0, 0]], {}, { points: [[0, 0]] }, { points: [[0.5, 0], [0.5, 1]] }]) {
    assert.deepEqual(readCurve(value), STRAIGHT, JSON.stringify(value));
  }
  const given = { points: [[1, 2], [0, 0.5], ['a', 1], [0.5, 0.5]], interpolation: 'linear' };
  assert.deepEqual(readCurve(given), { points: [[0, 0.5], [0.5, 0.5], [1, 1]], interpolation: 'linear' });
  for (const preset of Object.values(PRESETS)) assert.deepEqual(readCurve(preset), preset);
});

test('an input of the type CURVE is a widget with a straight line', () => {
  const info = { input: { required: { curve: ['CURVE', {}], given: ['CURVE', { default: PRESETS.soft }] } }, output: [] };
  const { inputs } = readSpec('Bend', info);
  assert.deepEqual(inputs.map(({ widget }) => widget), [true, true]);
  assert.deepEqual(inputs.map(defaultValue), [STRAIGHT, PRESETS.soft]);
});
