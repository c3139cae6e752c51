import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch, computed, effect, signal } from '../../web/core/signal.js';

test('a listener hears of changes, not of the present value, and not of equal values', () => {
  const number = signal(1);
  const heard = [];
  const end = number.subscribe((value) => heard.push(value));
  number.set(1);
  number.set(2);
  end();
  number.set(3);
  assert.deepEqual(heard, [2]);
});

test('a computed value is made again only when it is read after a change', () => {
  const number = signal(2);
  let made = 0;
  const double = computed(() => {
    made += 1;
    return number.get() * 2;
  });
  assert.equal(made, 0);
  assert.equal(double.get() + double.get(), 8);
  number.set(3);
  number.set(4);
  assert.equal(double.get(), 8);
  assert.equal(made, 2);
});

test('listeners of a computed value hear only of its changes', () => {
  const number = signal(1);
  const odd = computed(() => number.get() % 2 === 1);
  const heard = [];
  odd.subscribe((value) => heard.push(value));
  number.set(3);
  number.set(4);
  assert.deepEqual(heard, [false]);
});

test('an effect sees all changes of a batch at once', () => {
  const first = signal('a');
  const second = signal('b');
  const seen = [];
  effect(() => seen.push(first.get() + second.get()));
  batch(() => {
    first.set('c');
    second.set('d');
  });
  assert.deepEqual(seen, ['ab', 'cd']);
});

test('an effect follows only what it read the last time', () => {
  const choose = signal(true);
  const left = signal(1);
  let runs = 0;
  effect(() => {
    runs += 1;
    if (choose.get()) left.get();
  });
  choose.set(false);
  left.set(2);
  assert.equal(runs, 2);
});

test('an effect made inside another ends when the outer one runs again', () => {
  const outer = signal(0);
  const number = signal(0);
  let runs = 0;
  const end = effect(() => {
    outer.get();
    effect(() => {
      number.get();
      runs += 1;
    });
  });
  outer.set(1);
  runs = 0;
  number.set(1);
  assert.equal(runs, 1);
  end();
  number.set(2);
  assert.equal(runs, 1);
});

test('peek makes no source', () => {
  const number = signal(1);
  let runs = 0;
  effect(() => {
    number.peek();
    runs += 1;
  });
  number.set(2);
  assert.equal(runs, 1);
});
