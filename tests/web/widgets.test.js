// Numbers as people type them: sums, changes, parts of the range, commas, whole numbers of 64 bits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exact, limitOf, parseExactly, wholeOf } from '../../web/core/exact-integer.js';
import { calculate } from '../../web/widgets/arithmetic.js';
import { bounded, format, numberOf, rangeOf, stepped, typedNumber } from '../../web/widgets/number-format.js';
import { readValue } from '../../web/widgets/widget-menu.js';
import { randomNumbers } from './example-graph.js';

const input = (type, options = {}) => ({ name: 'x', type, required: true, widget: true, choices: null, options });
const SEED = input('INT', { min: 0, max: 2 ** 64, control_after_generate: true });

test('sums, functions and signs of other keyboards are calculated', () => {
  const cases = [
    ['512*2', 1024],
    ['(3+1)/4', 1],
    ['2^10', 1024],
    ['2**3**2', 512],
    ['-2^2', -4],
    ['7%3', 1],
    ['max(8, 3, 12)', 12],
    ['min(1;2)', 1],
    ['round(10.4)', 10],
    ['round(100, 64)', 128],
    ['sqrt(16)+pi*0', 4],
    ['５１２×２', 1024],
    ['（１＋２）÷３', 1],
    ['1e3', 1000],
    ['.5', 0.5],
  ];
  for (const [text, value] of cases) assert.equal(calculate(text), value, text);
});

test('what is no sum has no value', () => {
  for (const text of ['', 'twelve', '1+', '(1', '1)', '2(3)', 'max()', 'max 3', '1/0', 'constructor(1)', '1 2', '..'])
    assert.equal(calculate(text), null, text);
});

test('a comma is decimal, but between arguments and in groups of three digits', () => {
  assert.equal(calculate('0,5'), 0.5);
  assert.equal(calculate('1.024,5'), 1024.5);
  assert.equal(calculate('1,024.5'), 1024.5);
  assert.equal(calculate('1,000,000'), 1_000_000);
  assert.equal(calculate('1,024', { whole: true }), 1024);
  assert.equal(calculate('1,5', { whole: true }), 1.5);
  assert.equal(calculate('1 024'), 1024);
  assert.equal(calculate('max(0,5;0,2)'), 0.5);
});

test('changes and parts of the range refer to the field', () => {
  const field = { value: 20, min: 10, max: 110 };
  assert.equal(calculate('+=5', field), 25);
  assert.equal(calculate('-=5', field), 15);
  assert.equal(calculate('*=1.5', field), 30);
  assert.equal(calculate('/=2', field), 10);
  assert.equal(calculate('x*3', field), 60);
  assert.equal(calculate('50%', field), 60);
  assert.equal(calculate('+=10%', field), 30);
  assert.equal(calculate('50%', { value: 8 }), 4);
  assert.equal(calculate('7%3', field), 1);
});

test('any sum that JavaScript has too comes out the same', () => {
  const random = randomNumbers(7);
  const sum = (depth) => {
    const kind = Math.floor(random() * (depth > 3 ? 1 : 4));
    if (kind === 0) return String(Math.floor(random() * 90) / (random() < 0.5 ? 1 : 8));
    if (kind === 1) return `(${sum(depth + 1)})`;
    return `${sum(depth + 1)} ${'+-*/'[Math.floor(random() * 4)]} ${sum(depth + 1)}`;
  };
  for (let count = 0; count < 500; count += 1) {
    const text = sum(0);
    const wanted = Number(new Function(`return ${text}`)());
    assert.equal(calculate(text), Number.isFinite(wanted) ? wanted : null, text);
  }
});

test('whole numbers of 64 bits are exact', () => {
  const largest = '18446744073709551615';
  assert.equal(typedNumber(SEED, largest, 0), largest);
  assert.equal(bounded(SEED, '18446744073709551616'), largest);
  assert.equal(stepped(SEED, '18446744073709551614', 1), largest);
  assert.equal(stepped(SEED, largest, 1), largest);
  assert.equal(typedNumber(SEED, '-=1', largest), '18446744073709551614');
  assert.equal(stepped(SEED, String(2n ** 53n), -1), Number.MAX_SAFE_INTEGER);
  assert.equal(format(SEED, numberOf(SEED, largest)), largest);
  assert.deepEqual(rangeOf(SEED), { least: '0', most: largest });
  assert.equal(limitOf(2 ** 63), 2n ** 63n - 1n);
});

test('files keep whole numbers that a double cannot hold', () => {
  const text = '{"seed": 18446744073709551615, "x": 12345678901234567890.5, "small": -3, "text": "1844674407370955161"}';
  const read = parseExactly(text);
  assert.equal(read.seed, '18446744073709551615');
  assert.equal(read.small, -3);
  assert.equal(read.text, '1844674407370955161');
  assert.equal(parseExactly('{"a": 9007199254740991}').a, Number.MAX_SAFE_INTEGER);
  const random = randomNumbers(3);
  for (let count = 0; count < 300; count += 1) {
    const whole = BigInt(Math.floor(random() * 2 ** 32)) * BigInt(Math.floor(random() * 2 ** 32));
    assert.equal(wholeOf(parseExactly(`[${whole}]`)[0]), whole);
    assert.equal(wholeOf(exact(whole)), whole);
  }
});

test('values keep to their range, their rounding and the digits of their step', () => {
  const scale = input('FLOAT', { min: -4, max: 4, step: 0.05 });
  assert.equal(stepped(scale, 0.1, 4), 0.3);
  assert.equal(stepped(scale, 3.99, 1), 4);
  assert.equal(stepped(scale, 1, 0.1), 1.005);
  assert.equal(format(scale, 0.5), '0.50');
  assert.equal(format(scale, 1.005), '1.005');
  assert.equal(bounded(input('FLOAT', { round: 0.25 }), 1.3), 1.25);
  const width = input('INT', { min: 16, max: 4096, step: 8 });
  assert.equal(stepped(width, 512, -2), 496);
  assert.equal(stepped(width, 20, 0.1), 21);
  assert.equal(typedNumber(width, '50%', 512), 2056);
  assert.equal(typedNumber(width, 'nothing', 512), null);
});

test('stepping there and back gives the number back', () => {
  const random = randomNumbers(11);
  for (let count = 0; count < 400; count += 1) {
    const step = [0.01, 0.05, 0.1, 1, 8][Math.floor(random() * 5)];
    const field = input(step >= 1 ? 'INT' : 'FLOAT', { step });
    const start = Math.round(random() * 1000) * step;
    const value = numberOf(field, Number(start.toPrecision(12)));
    const steps = Math.floor(random() * 20) + 1;
    assert.equal(stepped(field, stepped(field, value, steps), -steps), value);
  }
});

test('a copied text becomes a value where it can be one', () => {
  assert.equal(readValue(input('INT', { min: 1, max: 100 }), ' 4000 ', 5), 100);
  assert.equal(readValue(input('FLOAT'), '0,25', 5), 0.25);
  assert.equal(readValue(input('FLOAT'), 'red', 5), null);
  assert.equal(readValue(input('BOOLEAN'), 'True', false), true);
  assert.equal(readValue({ ...input('COMBO'), choices: ['euler', 'ddim'] }, 'ddim', 'euler'), 'ddim');
  assert.equal(readValue({ ...input('COMBO'), choices: ['euler'] }, 'heun', 'euler'), null);
  assert.equal(readValue(input('STRING'), 'one\ntwo', ''), 'one two');
});
