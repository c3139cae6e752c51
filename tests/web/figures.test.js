import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobCourse } from '../../web/app/job-course.js';
import { figuresOf, inWords, readFigures } from '../../web/core/figures.js';
import { axisAround, nearestPoint, placeOn, shortNumber, ticksOf, valueAt } from '../../web/core/plot-axes.js';
import { asCsv, isNumeric, sortedRows } from '../../web/core/tables.js';

test('ticks are round numbers inside of the range, and not too many', () => {
  const linear = (low, high, most) => ticksOf({ scale: 'linear', low, high }, most);
  assert.deepEqual(linear(0, 20, 5), [0, 5, 10, 15, 20]);
  assert.deepEqual(linear(-0.31, 0.29, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2]);
  assert.deepEqual(linear(0.1, 0.3, 4), [0.1, 0.15, 0.2, 0.25, 0.3]);
  assert.deepEqual(ticksOf({ scale: 'log', low: 0.03, high: 15 }, 12), [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]);
  assert.deepEqual(ticksOf({ scale: 'log', low: 1e-9, high: 1e9 }, 6), [1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9]);
  for (const [low, high] of [[-7, 1e6], [1e-7, 3e-7], [99.99, 100.01], [-5, -4.2]]) {
    for (const most of [1, 3, 8]) {
      const ticks = linear(low, high, most);
      assert.ok(ticks.length <= most + 1, `${low} ${high} ${most}: ${ticks}`);
      assert.ok(ticks.every((tick) => tick >= low - 1e-9 && tick <= high + 1e-9));
    }
  }
});

test('an axis holds all values that its scale has', () => {
  assert.deepEqual(axisAround([3, null, -1], 'linear', 0), { scale: 'linear', low: -1, high: 3 });
  const log = axisAround([0, 0.5, 50, -3], 'log', 0);
  assert.ok(Math.abs(log.low - 0.5) < 1e-9 && Math.abs(log.high - 50) < 1e-9);
  const room = axisAround([0, 10], 'linear', 0.1);
  assert.deepEqual([room.low, room.high], [-1, 11]);
  for (const [values, scale] of [[[], 'linear'], [[7], 'linear'], [[0], 'log'], [[2], 'log'], [[0], 'linear']]) {
    const { low, high } = axisAround(values, scale, 0.04);
    assert.ok(low < high, `${values} ${scale}`);
  }
});

test('places and values belong to one another', () => {
  for (const axis of [{ scale: 'linear', low: -2, high: 6 }, { scale: 'log', low: 0.01, high: 100 }]) {
    for (const place of [0, 0.25, 1]) assert.ok(Math.abs(placeOn(axis, valueAt(axis, place)) - place) < 1e-12);
  }
  assert.equal(valueAt({ scale: 'log', low: 0.01, high: 100 }, 0.5), 1);
  assert.equal(placeOn({ scale: 'log', low: 1, high: 10 }, 0), null);
});

test('the nearest point has a value and lies in the part that is shown', () => {
  const line = { label: '', x: [0, 1, 2, 3, 4], y: [5, null, 7, 8, 9] };
  const axis = { scale: 'linear', low: 0, high: 3 };
  assert.equal(nearestPoint(line, axis, 0.3), 0);
  assert.equal(nearestPoint(line, axis, 0.4), 2);
  assert.equal(nearestPoint(line, axis, 1), 3);
  assert.equal(nearestPoint({ label: '', x: [9], y: [1] }, axis, 0.5), -1);
});

test('numbers are short', () => {
  const shown = [0, 1, -0.5, 1234.5678, 0.000123456, 1e6, 2.5e-7, 1e21].map(shortNumber);
  assert.deepEqual(shown, ['0', '1', '-0.5', '1234.6', '0.00012346', '1e6', '2.5e-7', '1e21']);
});

test('tables are sorted as numbers and as texts, with what is empty last', () => {
  const rows = [['b10', 2], ['b9', null], ['a', 10], [null, 1]];
  assert.deepEqual(sortedRows(rows, 1, 1).map(([, value]) => value), [1, 2, 10, null]);
  assert.deepEqual(sortedRows(rows, 1, -1).map(([, value]) => value), [10, 2, 1, null]);
  assert.deepEqual(sortedRows(rows, 0, 1).map(([name]) => name), ['a', 'b9', 'b10', null]);
  assert.deepEqual([isNumeric(rows, 0), isNumeric(rows, 1)], [false, true]);
});

test('a table is copied as programs for tables read it', () => {
  const csv = asCsv({ columns: ['name', 'a "b"'], rows: [['x, y', 1.5], [' z', null], ['two\nlines', true]] });
  assert.equal(csv, 'name,"a ""b"""\r\n"x, y",1.5\r\n" z",\r\n"two\nlines",true');
  const pictures = ['b10.png', 'b9.png'].map((filename) => [{ filename, subfolder: '', type: 'temp' }]);
  assert.deepEqual(sortedRows(pictures, 0, 1).map(([picture]) => picture.filename), ['b9.png', 'b10.png']);
  assert.equal(asCsv({ columns: ['picture'], rows: pictures }), 'picture\r\nb10.png\r\nb9.png');
});

test('what a pack sends that is no figure is left out', () => {
  const picture = { filename: 'a.png', subfolder: 'x', type: 'temp' };
  const raw = figuresOf({
    plots: [null, 7, { series: [{ y: [1, 'x', null, 3] }, 'line'], y_scale: 'wavy', x_scale: 'log', title: 4 }],
    tables: [{ columns: ['a', 'b'], rows: [[1], 'row', [{ deep: true }, 2, 3], [picture, { ...picture, type: '../etc' }]] }],
  });
  const [plot, table, ...others] = readFigures(raw);
  assert.deepEqual(others, []);
  assert.deepEqual(plot.plot.series, [{ label: '', x: [0, 1, 2, 3], y: [1, null, null, 3] }]);
  assert.deepEqual([plot.plot.xScale, plot.plot.yScale, plot.plot.title], ['log', 'linear', '4']);
  assert.deepEqual(table.table.rows, [
    [1, null],
    [null, null],
    ['{"deep":true}', 2],
    [picture, '{"filename":"a.png","subfolder":"x","type":"../etc"}'],
  ]);
  assert.equal(figuresOf({ images: [], text: ['x'] }), null);
});

test('what nodes say in their own words is translated, and nothing else', () => {
  const raw = figuresOf({
    plots: [{ title: 'loss', x_label: 'loss', y_label: 'mine', said: ['loss'], series: [{ label: 'loss', y: [1] }, { label: 'mean', y: [1], said: ['mean'] }] }],
    tables: [{ title: 'Mine', columns: ['for', 'loss'], rows: [['all', 'for']], said: ['for', 'not there'], said_cells: ['all'] }],
  });
  const [{ plot }, { table }] = readFigures(raw, (text) => text.toUpperCase());
  assert.deepEqual([plot.title, plot.xLabel, plot.yLabel, ...plot.series.map(({ label }) => label)], ['LOSS', 'LOSS', 'mine', 'loss', 'MEAN']);
  assert.deepEqual([table.title, table.columns, table.rows], ['Mine', ['FOR', 'loss'], [['ALL', 'for']]]);
  assert.deepEqual(['a', 'b'].map(inWords(['b'], (text) => text.toUpperCase())), ['a', 'B']);
});

test('figures of nodes that are shown on one node are shown together', () => {
  const course = new JobCourse(() => true);
  const picture = { filename: 'a.png', subfolder: '', type: 'temp' };
  course.show('1', '1', { a_images: [picture], plots: [{ series: [] }] });
  const [[place, shown]] = course.show('1.2', '1', { b_images: [picture], plots: [{ title: 'second' }] });
  assert.equal(place, '1');
  assert.deepEqual([shown.a_images.length, shown.b_images.length, shown.plots.length], [1, 1, 2]);
  assert.deepEqual(readFigures(figuresOf(shown)).map(({ kind }) => kind), ['compare', 'plot', 'plot']);
});
