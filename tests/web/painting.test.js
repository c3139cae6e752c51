import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Board } from '../../web/painter/board.js';
import { Coverage } from '../../web/painter/coverage.js';
import { flood, likeness } from '../../web/painter/flood.js';
import { coverPolygon } from '../../web/painter/polygon.js';
import { boxRadii, feather, grow } from '../../web/painter/refine.js';
import { StrokePath } from '../../web/painter/stroke-path.js';

const INK = { erase: false, opacity: 1, color: [0, 0, 0] };
const dab = (x, y, radius = 4, strength = 1) => ({ x, y, radius, strength });

/** A picture drawn in text: `#` is 255, `.` is 0. */
function drawn(...rows) {
  return {
    width: rows[0].length,
    height: rows.length,
    data: Uint8ClampedArray.from(rows.join(''), (letter) => (letter === '#' ? 255 : 0)),
  };
}

const shown = (data, width) =>
  Array.from({ length: data.length / width }, (_, row) =>
    [...data.subarray(row * width, (row + 1) * width)].map((value) => (value > 127 ? '#' : '.')).join(''),
  );

/** A board, and how often each layer was changed where. */
function board(width, height, limit) {
  const dirty = [];
  return { board: new Board(width, height, (layer, rect) => dirty.push({ layer, rect }), limit), dirty };
}

function stroke(on, layer, ink, ...dabs) {
  on.begin(layer, ink, 'stroke');
  const path = new StrokePath((from, to) => on.show(on.coverage.sweep(from, to, 1)));
  for (const each of dabs) path.add(each);
  path.finish();
  return on.commit();
}

test('a hard dab covers the area of its circle', () => {
  const coverage = new Coverage(64, 64);
  coverage.sweep(dab(32, 32, 20), dab(32, 32, 20), 1);
  const area = coverage.data.reduce((sum, value) => sum + value, 0) / 255;
  assert.ok(Math.abs(area - Math.PI * 400) < 4, String(area));
  assert.equal(coverage.data[32 * 64 + 32], 255);
});

test('a swept brush covers a rounded bar, however far it goes at once', () => {
  const coverage = new Coverage(600, 40);
  coverage.sweep(dab(20, 20, 10), dab(580, 20, 10), 1);
  const area = coverage.data.reduce((sum, value) => sum + value, 0) / 255;
  assert.ok(Math.abs(area - (560 * 20 + Math.PI * 100)) < 6, String(area));
});

test('a soft brush fades outwards without a step', () => {
  const coverage = new Coverage(64, 3);
  coverage.sweep(dab(0.5, 1.5, 40), dab(0.5, 1.5, 40), 0);
  const row = [...coverage.data.subarray(64, 64 + 42)];
  for (let x = 1; x < row.length; x += 1) {
    assert.ok(row[x] <= row[x - 1]);
    assert.ok(row[x - 1] - row[x] < 14);
  }
  assert.equal(row[41], 0);
});

test('a stroke passes near its points, and its joints do not show', () => {
  const { board: on } = board(200, 100);
  const points = Array.from({ length: 20 }, (_, index) => dab(10 + index * 9, 50 + 30 * Math.sin(index / 2), 3));
  stroke(on, 'mask', { ...INK, opacity: 0.5 }, ...points);
  const { data } = on.layers.mask;
  for (const { x, y } of points) {
    const around = [-2, -1, 0, 1, 2].map((shift) => data[(Math.floor(y) + shift) * 200 + Math.floor(x)]);
    assert.ok(Math.max(...around) === 128, `${x} ${y}: ${around}`);
  }
  assert.equal(Math.max(...data), 128, 'a stroke that crosses itself stays as opaque as its brush');
});

test('pressure makes the brush wider along the stroke', () => {
  const { board: on } = board(120, 60);
  stroke(on, 'mask', INK, dab(10, 30, 2), dab(60, 30, 10), dab(110, 30, 20));
  const wide = (x) => Array.from({ length: 60 }, (_, y) => on.layers.mask.data[y * 120 + x] > 127).filter(Boolean).length;
  assert.ok(wide(12) <= 8 && wide(100) >= 30, `${wide(12)} ${wide(100)}`);
});

test('undo and redo of strokes give back every pixel', () => {
  const { board: on, dirty } = board(300, 280);
  const states = [Uint8ClampedArray.from(on.layers.paint.data)];
  for (let index = 0; index < 4; index += 1) {
    const ink = { erase: index === 2, opacity: 0.7, color: [index * 60, 200, 10] };
    stroke(on, 'paint', ink, dab(20, 40 + index * 9, 12), dab(270, 240, 12));
    states.push(Uint8ClampedArray.from(on.layers.paint.data));
  }
  for (let index = 3; index >= 0; index -= 1) {
    assert.ok(on.undo());
    assert.deepEqual(on.layers.paint.data, states[index]);
  }
  assert.equal(on.undo(), false);
  for (let index = 1; index <= 4; index += 1) {
    assert.ok(on.redo());
    assert.deepEqual(on.layers.paint.data, states[index]);
  }
  assert.equal(on.redo(), false);
  assert.ok(dirty.every(({ layer, rect }) => layer === 'paint' && rect.x >= 0 && rect.x + rect.width <= 300));
});

test('undo holds the tiles of a stroke, not whole pictures, and forgets the oldest beyond its bound', () => {
  const { board: on } = board(1024, 1024, 100_000);
  stroke(on, 'mask', INK, dab(30, 30));
  assert.equal(on.undoBytes, 128 * 128);
  for (let index = 0; index < 20; index += 1) stroke(on, 'mask', INK, dab(20 + index * 50, 500));
  assert.ok(on.undoBytes <= 100_000);
  let undone = 0;
  while (on.undo()) undone += 1;
  assert.ok(undone >= 3 && undone < 8, String(undone));
  assert.equal(on.layers.mask.data[30 * 1024 + 30], 255, 'what was forgotten stays painted');
});

test('a painting is changed until it is saved, and again when that is undone', () => {
  const { board: on } = board(64, 64);
  assert.equal(on.changed, false);
  stroke(on, 'mask', INK, dab(30, 30));
  assert.equal(on.changed, true);
  on.markSaved();
  assert.equal(on.changed, false);
  on.undo();
  assert.equal(on.changed, true);
  stroke(on, 'mask', INK, dab(9, 9));
  assert.equal(on.changed, true, 'as many steps, but others');
  on.undo();
  assert.equal(on.changed, true);
});

test('a stroke that is cancelled leaves nothing, and one that changes nothing is no step', () => {
  const { board: on } = board(64, 64);
  on.begin('mask', INK, 'stroke');
  on.show(on.coverage.sweep(dab(30, 30), dab(40, 40), 1));
  assert.equal(on.isEmpty('mask'), false);
  on.cancel();
  assert.equal(on.isEmpty('mask'), true);
  assert.equal(stroke(on, 'mask', { ...INK, erase: true }, dab(30, 30)), false);
  assert.equal(on.changed, false);
});

test('a line that is drawn anew takes its former place back', () => {
  const { board: on } = board(64, 64);
  on.begin('mask', INK, 'stroke');
  on.show(on.coverage.sweep(dab(10, 10), dab(50, 10), 1));
  on.restart();
  on.show(on.coverage.sweep(dab(10, 10), dab(10, 50), 1));
  on.commit();
  assert.equal(on.layers.mask.data[10 * 64 + 40], 0);
  assert.equal(on.layers.mask.data[40 * 64 + 10], 255);
});

test('colour over colour is as Porter and Duff have it', () => {
  const { board: on } = board(16, 16);
  stroke(on, 'paint', { ...INK, opacity: 0.5, color: [200, 0, 0] }, dab(8, 8, 6));
  stroke(on, 'paint', { ...INK, opacity: 0.5, color: [0, 100, 0] }, dab(8, 8, 6));
  const [red, green, , alpha] = on.layers.paint.data.subarray((8 * 16 + 8) * 4);
  assert.ok(Math.abs(alpha - 255 * 0.75) <= 1);
  assert.ok(Math.abs(red - (200 * 0.25) / 0.75) <= 1);
  assert.ok(Math.abs(green - (100 * 0.5) / 0.75) <= 1);
});

test('inverting twice changes nothing; clearing is undone', () => {
  const { board: on } = board(150, 140);
  stroke(on, 'mask', INK, dab(30, 30, 9));
  const before = Uint8ClampedArray.from(on.layers.mask.data);
  on.invertMask();
  assert.equal(on.layers.mask.data[30 * 150 + 30], 0);
  on.invertMask();
  assert.deepEqual(on.layers.mask.data, before);
  on.clear('mask');
  assert.equal(on.isEmpty('mask'), true);
  on.undo();
  assert.deepEqual(on.layers.mask.data, before);
});

test('a polygon covers its area, cut at the edges of the picture', () => {
  const coverage = new Coverage(40, 30);
  coverPolygon(coverage, [
    { x: 5.5, y: 4.25 },
    { x: 20.5, y: 4.25 },
    { x: 20.5, y: 14.75 },
    { x: 5.5, y: 14.75 },
  ]);
  const sum = () => coverage.data.reduce((total, value) => total + value, 0) / 255;
  assert.ok(Math.abs(sum() - 15 * 10.5) < 0.5, String(sum()));
  coverage.clear();
  assert.equal(sum(), 0);
  coverPolygon(coverage, [
    { x: -20, y: -10 },
    { x: 60, y: -10 },
    { x: 20, y: 50 },
  ]);
  // The triangle narrows by 4/3 a row from 80 at y = -10; inside, a row is at most 40 wide.
  const rows = Array.from({ length: 3000 }, (_, row) => {
    const y = row / 100;
    const half = (80 - ((y + 10) * 80) / 60) / 2;
    return Math.max(0, Math.min(40, 20 + half) - Math.max(0, 20 - half)) / 100;
  });
  assert.ok(Math.abs(sum() - rows.reduce((total, row) => total + row, 0)) < 3, String(sum()));
});

test('a lasso that crosses itself is filled on both sides', () => {
  const coverage = new Coverage(30, 30);
  coverPolygon(coverage, [
    { x: 2, y: 2 },
    { x: 28, y: 28 },
    { x: 28, y: 2 },
    { x: 2, y: 28 },
  ]);
  assert.ok(coverage.data[15 * 30 + 4] > 200 && coverage.data[15 * 30 + 25] > 200);
  assert.equal(coverage.data[3 * 30 + 15], 0);
});

test('a flood fills what hangs together, round corners, and no further', () => {
  const picture = drawn('..........', '.########.', '.#......#.', '.#.####.#.', '.#.#....#.', '.#.######.', '.#........', '..........');
  const { inside, rect } = flood(10, 8, 4, 4, likeness(picture.data, 1, 44, 10));
  assert.deepEqual(shown(inside, 10), shown(flood(10, 8, 2, 2, likeness(picture.data, 1, 22, 10)).inside, 10));
  assert.equal(inside[0], 255, 'the way out of the spiral');
  assert.deepEqual(rect, { x: 0, y: 0, width: 10, height: 8 });
  const closed = drawn('.....', '.###.', '.#.#.', '.###.', '.....');
  const middle = flood(5, 5, 2, 2, likeness(closed.data, 1, 12, 10));
  assert.deepEqual(shown(middle.inside, 5), ['.....', '.....', '..#..', '.....', '.....']);
  assert.deepEqual(middle.rect, { x: 2, y: 2, width: 1, height: 1 });
});

test('a flood finds the same pixels as a search step by step', () => {
  let state = 7;
  const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  for (let round = 0; round < 30; round += 1) {
    const [width, height] = [1 + Math.floor(random() * 24), 1 + Math.floor(random() * 24)];
    const data = Uint8ClampedArray.from({ length: width * height * 4 }, () => (random() < 0.55 ? 40 : 200));
    const from = Math.floor(random() * width * height);
    const like = likeness(data, 4, from, 90);
    const expected = new Uint8Array(width * height);
    const pending = [from];
    while (pending.length > 0) {
      const at = pending.pop();
      if (expected[at] || !like(at)) continue;
      expected[at] = 255;
      const x = at % width;
      if (x > 0) pending.push(at - 1);
      if (x < width - 1) pending.push(at + 1);
      if (at >= width) pending.push(at - width);
      if (at + width < expected.length) pending.push(at + width);
    }
    assert.deepEqual(flood(width, height, from % width, Math.floor(from / width), like).inside, expected);
  }
});

test('tolerance is how far the most different channel may be', () => {
  const data = Uint8ClampedArray.from([10, 10, 10, 255, 10, 40, 10, 255, 10, 41, 10, 255]);
  const like = likeness(data, 4, 0, 30);
  assert.deepEqual([0, 1, 2].map(like), [true, true, false]);
});

test('a point grows to an octagon close to the circle, and shrinking takes it back', () => {
  const size = 81;
  const point = new Uint8ClampedArray(size * size);
  point[40 * size + 40] = 255;
  for (const radius of [1, 2, 3, 7, 20, 33]) {
    const grown = grow(point, size, size, radius);
    assert.deepEqual([grown[40 * size + 40 + radius], grown[40 * size + 41 + radius]], [255, 0], `radius ${radius}`);
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        const distance = Math.hypot(x - 40, y - 40);
        if (distance < radius * 0.9) assert.equal(grown[y * size + x], 255, `${radius}: ${x} ${y}`);
        if (radius > 2 && distance > radius * 1.1 + 1) assert.equal(grown[y * size + x], 0, `${radius}: ${x} ${y}`);
      }
    }
    assert.deepEqual(grow(grown, size, size, -radius), point);
  }
});

test('growing keeps greys, and shrinking keeps what touches the edge of the picture', () => {
  const grey = new Uint8ClampedArray(25);
  grey[12] = 90;
  assert.deepEqual([...grow(grey, 5, 5, 1)].filter((value) => value === 90).length, 9);
  const full = new Uint8ClampedArray(25).fill(255);
  assert.deepEqual(grow(full, 5, 5, -2), full);
});

test('a soft edge is that of a Gaussian', () => {
  const [width, height, sigma] = [201, 3, 8];
  const half = new Uint8ClampedArray(width * height).map((_, at) => (at % width < 100 ? 255 : 0));
  const soft = feather(half, width, height, sigma);
  // The error function by its series (Abramowitz and Stegun 7.1.26).
  const erf = (x) => {
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const sum = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return Math.sign(x) * (1 - sum * Math.exp(-x * x));
  };
  for (let x = 0; x < width; x += 1) {
    const expected = (255 / 2) * (1 - erf((x - 99.5) / (sigma * Math.SQRT2)));
    assert.ok(Math.abs(soft[width + x] - expected) < 4, `${x}: ${soft[width + x]} ${expected}`);
  }
});

test('the means together have the variance of the Gaussian', () => {
  for (const sigma of [0, 0.5, 1, 2.5, 4, 10, 31.7, 64]) {
    const variance = boxRadii(sigma).reduce((sum, radius) => sum + (radius * (radius + 1)) / 3, 0);
    assert.ok(Math.abs(variance - sigma * sigma) <= (sigma + 1) / 2, `${sigma}: ${variance}`);
  }
});
